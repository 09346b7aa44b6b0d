// Pages of grep: what offset and max_tokens leave out of one is on the next.

#include <algorithm>
#include <set>
#include <sstream>

#include "tests/search/searched_tree.h"

namespace quarry::search {
namespace {

using Files = std::map<std::string, std::string>;
using Catch::Contains;

TEST_CASE("grep pages add up to the whole") {
  Files files;
  for (int i = 0; i < 9; ++i) {
    std::string content;
    for (int j = 0; j <= i; ++j)
      content += "hit " + std::to_string(i) + " " + std::to_string(j) + "\n";
    files["f" + std::to_string(i)] = content;
  }
  SearchedTree tree(files);
  GrepQuery query;
  query.pattern = "hit";
  const auto lines_of = [](const std::string& text) {
    std::string lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
      if (line.find(":hit") != std::string::npos) lines += line + "\n";
    }
    return lines;
  };
  const std::string whole = lines_of(tree.grep(query));
  CHECK(std::count(whole.begin(), whole.end(), '\n') == 45);
  for (const std::uint64_t step : std::initializer_list<std::uint64_t>{1, 4, 7, 44, 45}) {
    std::string pages;
    query.head_limit = step;
    for (query.offset = 0; query.offset < 45; query.offset += step) {
      const std::string page = tree.grep(query);
      pages += lines_of(page);
      if (query.offset + step < 45) {
        CHECK_THAT(
            page, Contains(std::to_string(45 - query.offset - step) +
                           " more; call again with offset=" + std::to_string(query.offset + step)));
      } else {
        CHECK_THAT(page, !Contains("more;"));
      }
    }
    CHECK(pages == whole);
  }
  query.offset = 45;
  CHECK_THAT(tree.grep(query), Contains("offset=45 is behind the last of 45 matches"));
}

TEST_CASE("grep pages that tokens end leave out no line behind a match") {
  Files files;
  for (int i = 0; i < 6; ++i) {
    std::string& content = files["f" + std::to_string(i)];
    for (int j = 0; j < 40; ++j) {
      content += (j % 9 == 4 ? "hit " : "other ") + std::string(static_cast<std::size_t>(j), 'x') +
                 std::to_string(j) + "\n";
    }
  }
  SearchedTree tree(files);
  GrepQuery query;
  query.pattern = "hit";
  query.before = 1;
  query.after = 3;
  const auto add_lines = [](std::set<std::string>& lines, const std::string& text) {
    std::string file;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
      if (line.size() == 2 && line[0] == 'f') file = line;
      if (line.find(":hit") != line.npos || line.find("-other") != line.npos) {
        lines.insert(file + " " + line);
      }
    }
  };
  std::set<std::string> whole;
  add_lines(whole, tree.grep(query));
  CHECK(whole.size() == 6 * 4 * 5);
  for (const std::size_t bytes : {2300U, 2500U, 2800U, 3300U}) {
    query.max_bytes = bytes;
    query.offset = 0;
    std::set<std::string> pages;
    for (std::string page = tree.grep(query);; page = tree.grep(query)) {
      add_lines(pages, page);
      constexpr std::string_view kNext = "call again with offset=";
      const std::size_t at = page.find(kNext);
      if (at == page.npos) break;
      const std::uint64_t next = std::stoull(page.substr(at + kNext.size()));
      REQUIRE(next > query.offset);
      query.offset = next;
    }
    CHECK(pages == whole);
  }
}

}  // namespace
}  // namespace quarry::search
