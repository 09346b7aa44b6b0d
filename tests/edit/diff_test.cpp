#include "server/edit/diff.h"

#include <random>
#include <tuple>

#include <catch2/catch.hpp>

#include "server/edit/differing_part.h"
#include "server/edit/lines.h"
#include "tests/support/temp_workspace.h"

namespace quarry::edit {
namespace {

using Catch::Contains;

constexpr std::size_t kMuch = 1 << 20;

TEST_CASE("diff: hunks with context, counts, and a file without a last line end") {
  const DiffText diff =
      unified_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9", kMuch);
  CHECK(
      diff.text ==
      "@@ -2,8 +2,8 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n-9\n+9\n\\ No newline at end of file\n");
  CHECK(diff.added == 2);
  CHECK(diff.removed == 2);
  CHECK(unified_diff("same\n", "same\n", kMuch).text.empty());
  CHECK(unified_diff("", "a\n", kMuch).text == "@@ -0,0 +1,1 @@\n+a\n");
  CHECK(unified_diff("a\n", "", kMuch).text == "@@ -1,1 +0,0 @@\n-a\n");
  CHECK_THAT(unified_diff("a\r\n", "a\n", kMuch).text, Contains("-a\\r\n+a\n"));
}

TEST_CASE("diff: lines are those that a reader numbers") {
  CHECK(unified_diff("a\rb\nc\n", "a\rb\nd\n", 1000, 0).text == "@@ -2,1 +2,1 @@\n-c\n+d\n");
  CHECK(unified_diff("a\rb\rc", "a\rx\rc", 1000, 0).text == "@@ -2,1 +2,1 @@\n-b\\r\n+x\\r\n");
  CHECK(unified_diff("a\nb\r", "a\nb", 1000, 0).text ==
        "@@ -2,1 +2,1 @@\n-b\r\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n");
}

TEST_CASE("diff: of a long line the part around what is different is shown") {
  const std::string front(200'000, 'a');
  const std::string back(100'000, 'z');
  const DiffText diff = unified_diff(front + "\nx" + front + "OLD" + back + "\n",
                                     front + "\nx" + front + "NEW" + back + "\n", 2000);
  CHECK(diff.text.size() < 2000);
  CHECK_THAT(diff.text, Catch::Contains("aOLDz") && Catch::Contains("aNEWz") &&
                            Catch::Contains("[a line of 300004 bytes]") &&
                            Catch::Contains("[a line of 200000 bytes]"));
  std::string umlauts;
  for (int i = 0; i < 2000; ++i) umlauts += "\u00FC";
  const std::string shown = unified_diff(umlauts + "a\n", umlauts + "b\n", 9000).text;
  CHECK(shown.find("\uFFFD") == std::string::npos);
}

TEST_CASE("diff: is cut at its budget and says what is left out") {
  std::string before;
  std::string after;
  for (int i = 0; i < 500; ++i) {
    before += "old " + std::to_string(i) + "\n";
    after += "new " + std::to_string(i) + "\n";
  }
  const DiffText diff = unified_diff(before, after, 1000);
  CHECK(diff.text.size() < 1200);
  CHECK_THAT(diff.text, Contains("left out (+500 -500 lines in all)"));
}

TEST_CASE("diff: texts that differ everywhere are one hunk, in bounded work") {
  std::string before;
  std::string after;
  for (int i = 0; i < 20'000; ++i) {
    before += "a" + std::to_string(i) + "\n";
    after += "b" + std::to_string(i) + "\n";
  }
  CHECK(unified_diff("x\n" + before + "y\n", "x\n" + after + "y\n", kMuch).removed == 20'000);
}

TEST_CASE("diff: the part that differs begins and ends at lines, with those around it") {
  const auto part = [](std::string_view before, std::string_view after, std::size_t context = 0) {
    const DifferingPart found = differing_part(before, after, '\n', context);
    return std::tuple(found.before, found.after, found.lines_in_front);
  };
  using Part = std::tuple<std::string_view, std::string_view, std::size_t>;
  CHECK(part("a\nb\nc\nd\n", "a\nx\nc\nd\n") == Part("b\n", "x\n", 1));
  CHECK(part("a\nb\nc\nd\n", "a\nx\nc\nd\n", 1) == Part("a\nb\nc\n", "a\nx\nc\n", 0));
  CHECK(part("a\nb\nc\nd\n", "a\nx\nc\nd\n", 9) == Part("a\nb\nc\nd\n", "a\nx\nc\nd\n", 0));
  CHECK(part("a\nab\n", "a\nb\n") == Part("ab\n", "b\n", 1));  // an end in common, no line
  CHECK(part("a\nb", "a\nb\n") == Part("b", "b\n", 1));        // the end of the last line
  CHECK(part("a\na\n", "a\na\na\n") == Part("", "a\n", 2));    // one more of the same
  CHECK(part("x\na\nb\n", "a\nb\n") == Part("x\n", "", 0));
  CHECK(part("", "a\n") == Part("", "a\n", 0));
  CHECK(part("same\n", "same\n") == Part("", "", 0));
}

TEST_CASE("diff: a difference in a large text is found as in a small one") {
  std::mt19937 random(20261130);
  const auto below = [&](std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
  };
  const auto lines = [&](std::size_t count, char separator) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      text += std::string(below(4), static_cast<char>('a' + below(2))) + separator;
    }
    return text;
  };
  // What was removed and added, without what is around it.
  const auto changes = [](const std::string& diff) {
    std::string found;
    bool kept = false;  // that a line has no end is said behind it
    for (const std::string_view line : split_lines(diff, '\n')) {
      kept = line.starts_with('\\') ? kept : line.starts_with('-') || line.starts_with('+');
      if (kept) found += line;
    }
    return found;
  };
  for (int round = 0; round < 3000; ++round) {
    const char separator = round % 3 == 0 ? '\r' : '\n';
    // Sizes on both sides of a block that is compared at once.
    const std::string front = lines(below(2) == 0 ? below(8) : 1500 + below(700), separator);
    const std::string back = lines(below(2) == 0 ? below(8) : 1500 + below(700), separator);
    std::string before = front + lines(below(4), separator) + back;
    std::string after = front + lines(below(4), separator) + back;
    if (below(4) == 0 && !before.empty()) before.pop_back();
    if (below(4) == 0 && !after.empty()) after.pop_back();
    // With all lines around it the whole of both texts is looked at.
    const DiffText whole = unified_diff(before, after, kMuch, before.size() + 1);
    const DiffText part = unified_diff(before, after, kMuch, 0);
    REQUIRE(changes(part.text) == changes(whole.text));
    REQUIRE(part.added == whole.added);
    REQUIRE(part.removed == whole.removed);
  }
  const std::string much(2'000'000, '\n');
  CHECK(unified_diff(much + "a\n" + much, much + "b\n" + much, kMuch, 1).text ==
        "@@ -2000000,3 +2000000,3 @@\n \n-a\n+b\n \n");
}

TEST_CASE("diff: git makes the second text of the first with it") {
  std::mt19937 random(20261124);
  const auto below = [&](int bound) {
    return std::uniform_int_distribution<int>(0, bound - 1)(random);
  };
  test::TempWorkspace tree;
  std::string patch;
  std::vector<std::pair<std::string, std::string>> want;
  for (int file = 0; file < 150; ++file) {
    std::vector<std::string> lines;
    const int count = 1 + below(60);
    for (int i = 0; i < count; ++i)
      lines.push_back(std::string(1, static_cast<char>('a' + below(6))));
    const auto joined = [&](bool open) {
      std::string text;
      for (const std::string& line : lines) text += line + "\n";
      if (open && !text.empty()) text.pop_back();
      return text;
    };
    const std::string before = joined(below(3) == 0);
    for (int i = 0; i < 1 + below(12) && !lines.empty(); ++i) {
      const int at = below(static_cast<int>(lines.size()));
      if (below(2) == 0) lines.erase(lines.begin() + at);
      if (below(2) == 0)
        lines.insert(lines.begin() + std::min<int>(at, static_cast<int>(lines.size())), "new");
    }
    if (lines.empty()) lines.emplace_back("last");
    const std::string after = joined(below(3) == 0);
    const std::string name = "f" + std::to_string(file);
    tree.write(name, before);
    want.emplace_back(name, after);
    const DiffText diff = unified_diff(before, after, kMuch);
    if (diff.text.empty()) CHECK(before == after);
    if (!diff.text.empty()) patch += "--- a/" + name + "\n+++ b/" + name + "\n" + diff.text;
  }
  tree.write("all.patch", patch);
  tree.run({"git", "init", "-q"});
  tree.run({"git", "apply", "--whitespace=nowarn", "all.patch"});
  for (const auto& [name, text] : want) {
    INFO(name);
    CHECK(tree.read(name) == text);
  }
}

}  // namespace
}  // namespace quarry::edit
