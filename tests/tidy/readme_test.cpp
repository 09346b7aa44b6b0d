// What the README names is there: tests, options, limits, targets, presets, rooms.

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/tidy/source_tree.h"

namespace quarry::tidy {
namespace {

std::string text_of(std::string_view path) {
  const SourceFile* const file = find_file(path);
  REQUIRE(file != nullptr);
  return file->text;
}

// The words of the README that follow `before`, as long as their characters are letters, digits or
// of `more`.
std::vector<std::string> words_behind(const std::string& before, std::string_view more) {
  const std::string text = text_of("README.md");
  std::vector<std::string> words;
  for (std::size_t at = 0; (at = text.find(before, at)) != std::string::npos;) {
    at += before.size();
    std::size_t end = at;
    while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 ||
                                 more.find(text[end]) != std::string_view::npos)) {
      ++end;
    }
    if (end > at) words.push_back(text.substr(at, end - at));
  }
  return words;
}

// What stands between back quotes in a line.
std::vector<std::string_view> quoted_in(std::string_view line) {
  std::vector<std::string_view> quoted;
  for (std::size_t at = 0; (at = line.find('`', at)) != std::string_view::npos;) {
    const std::size_t end = line.find('`', at + 1);
    if (end == std::string_view::npos) break;
    quoted.push_back(line.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return quoted;
}

bool is_name_of_a_test(std::string_view start) {
  const std::string wanted = "\"" + std::string(start);
  return std::ranges::any_of(source_tree(), [&](const SourceFile& file) {
    return file.in("tests/") && file.text.find(wanted) != std::string::npos;
  });
}

TEST_CASE("the tests that the README calls on are there") {
  const std::string text = text_of("README.md");
  std::size_t named = 0;
  for (const std::string_view line : lines_of(text)) {
    if (!line.starts_with("* **")) continue;
    for (std::string_view name : quoted_in(line.substr(line.rfind("** - ") + 1))) {
      const std::size_t colon = name.find(": ");
      if (colon == std::string_view::npos) continue;
      const std::string whole(name);
      INFO(whole);
      const std::string room(name.substr(0, colon));
      const std::string folder =
          "tests/" + (room.starts_with("tools_") ? "tools/" + room.substr(6) : room) + "/";
      CHECK(std::ranges::any_of(source_tree(),
                                [&](const SourceFile& file) { return file.in(folder); }));
      // A case's name may begin with its room's, as ctest shows it once more.
      while (name.ends_with(".") || name.ends_with(" ")) name.remove_suffix(1);
      const std::string_view start = name.substr(std::min(colon + 2, name.size()));
      CHECK((start.empty() || is_name_of_a_test(start) || is_name_of_a_test(name)));
      ++named;
    }
  }
  CHECK(named > 20);
}

TEST_CASE("the options and limits that the README names are the server's") {
  const std::string options = text_of("server/cli/options.cpp");
  const std::string text = text_of("README.md");
  const std::size_t begin = text.find("\nOptions (") + 1;
  REQUIRE(begin != 0);
  const std::string_view paragraph =
      std::string_view(text).substr(begin, text.find('\n', begin) - begin);
  std::size_t named = 0;
  for (const std::string_view quoted : quoted_in(paragraph)) {
    const std::string name(quoted.substr(0, quoted.find(' ')));
    if (!name.starts_with("--") || name == "--help") continue;
    INFO(name);
    CHECK(options.find("\"" + name + "\"") != std::string::npos);
    ++named;
  }
  CHECK(named > 15);
  const std::string limits = text_of("server/base/limits.h") + text_of("server/base/limits.cpp");
  for (const std::string& name : words_behind("--limit ", "_")) {
    INFO(name);
    CHECK((name == "NAME" || limits.find("\"" + name + "\"") != std::string::npos));
  }
}

TEST_CASE("the targets and presets that the README names are there") {
  const std::string makefile = "\n" + text_of("Makefile");
  for (const std::string& target : words_behind("`make ", "-")) {
    INFO(target);
    CHECK(makefile.find("\n" + target + ":") != std::string::npos);
  }
  const std::string presets = text_of("CMakePresets.json");
  for (const std::string& preset : words_behind("--preset ", "")) {
    INFO(preset);
    CHECK(presets.find("\"name\": \"" + preset + "\"") != std::string::npos);
  }
}

}  // namespace
}  // namespace quarry::tidy
