#include "server/edit/hunks.h"

#include <chrono>
#include <filesystem>
#include <random>

#include <catch2/catch.hpp>

#include "server/base/clock.h"
#include "tests/support/temp_workspace.h"

namespace quarry::edit {
namespace {

using Catch::Contains;

struct Outcome {
  std::string text;    // or the error
  std::string places;  // "line offset fuzz", of each hunk
};

Outcome applied(std::string_view text, const FilePatch& file) {
  const SystemClock clock;
  const auto patched = apply_hunks(text, file.hunks, CancelToken(clock));
  if (!patched) return {"error: " + patched.error().message, ""};
  Outcome outcome{spliced(text, patched->splices), ""};
  for (const HunkPlace& place : patched->places) {
    outcome.places += fmt::format("{}{} {} {}", outcome.places.empty() ? "" : ", ", place.line,
                                  place.offset, place.fuzz);
  }
  return outcome;
}

// `hunks`: the patch without the names.
Outcome applied(std::string_view text, const std::string& hunks) {
  const std::string patch = "--- f\n+++ f\n" + hunks;
  const auto files = parse_patch(patch);
  if (!files) return {"error: " + files.error().message, ""};
  return applied(text, files->front());
}

std::string numbered(int from, int to) {
  std::string text;
  for (int i = from; i <= to; ++i) text += fmt::format("line {}\n", i);
  return text;
}

TEST_CASE("hunks: at their place, moved by offset, and with fuzz, as is said") {
  const std::string text = numbered(1, 20);
  const std::string hunk =
      "@@ -9,5 +9,6 @@\n line 9\n line 10\n-line 11\n+eleven\n+more\n line 12\n line 13\n";
  const std::string want = numbered(1, 10) + "eleven\nmore\n" + numbered(12, 20);
  CHECK(applied(text, hunk).text == want);
  CHECK(applied(text, hunk).places == "9 0 0");
  CHECK(applied("new\nnew\n" + text, hunk).text == "new\nnew\n" + want);
  CHECK(applied("new\nnew\n" + text, hunk).places == "11 2 0");
  CHECK(applied(numbered(4, 20), hunk).places == "6 -3 0");
  std::string outer = text;
  outer.replace(outer.find("line 9\n"), 7, "other 9\n");
  CHECK(applied(outer, hunk).places == "9 0 1");
  CHECK(applied(outer, hunk).text.find("other 9\nline 10\neleven\nmore\nline 12\n") !=
        std::string::npos);
  std::string inner = text;
  inner.replace(inner.find("line 10\n"), 8, "other 10\n");
  CHECK(applied(inner, hunk).places == "9 0 2");
  // What is removed is never fuzzy.
  inner.replace(inner.find("line 11\n"), 8, "other 11\n");
  CHECK_THAT(applied(inner, hunk).text, Contains("hunk 1 of 1 (line 3 of the patch) does not fit"));
}

TEST_CASE("hunks: fuzz finds no place that nothing but blank lines speak for") {
  const std::string text = "import os\n\n\ndef a():\n    return 1\n\ndef main():\n    a()\n";
  CHECK_THAT(applied(text, "@@ -5,4 +5,3 @@\n     return 0\n     # end\n \n-\n").text,
             Catch::StartsWith("error: "));
  // Nor one above the hunk before, or away from the end that its context names.
  CHECK_THAT(applied("c\nd\nX\n", "@@ -3,4 +3,5 @@\n a\n b\n c\n+N\n d\n").text,
             Catch::StartsWith("error: "));
  const std::string twice = "a\nb\nc\nd\ne\nf\ng\n";
  CHECK_THAT(applied(twice, "@@ -5 +5 @@\n-e\n+E\n@@ -6,3 +6,3 @@\n-b\n+B\n c\n x\n").text,
             Catch::StartsWith("error: "));
  CHECK_THAT(applied(twice, "@@ -1,4 +1,4 @@\n x\n b\n c\n-d\n+D\n").text,
             Catch::StartsWith("error: "));
  CHECK(applied("a\nb\nc\nd\n", "@@ -1,4 +1,4 @@\n x\n b\n c\n-d\n+D\n").text == "a\nb\nc\nD\n");
}

TEST_CASE("hunks: what stands above is said to, and an anchor may be said twice") {
  const auto v4a = [](std::string_view text, const std::string& hunks) {
    const std::string patch = "*** Begin Patch\n*** Update File: f\n" + hunks + "*** End Patch\n";
    const auto files = parse_patch(patch);
    return files ? applied(text, files->front()).text : "error: " + files.error().message;
  };
  const std::string text = "one\ntwo\nthree\nfour\n";
  CHECK_THAT(v4a(text, "@@\n-three\n+3\n@@\n-one\n+1\n"),
             Contains("its old text is at line 1, before what the hunk before changes"));
  CHECK_THAT(v4a(text, "@@ three\n-one\n+1\n"), Contains("at line 1, before its anchor"));
  CHECK_THAT(v4a(text, "@@\n-three\n+3\n@@ one\n-two\n+2\n"),
             Contains("its anchor '@@ one' at line 1, above") && Contains("order of the file"));
  CHECK(v4a("class A:\n  x\n", "@@ class A:\n class A:\n-  x\n+  y\n") == "class A:\n  y\n");
  CHECK(v4a("x\nx\ny\n", "@@ x\n x\n-y\n+z\n") == "x\nx\nz\n");
  CHECK(v4a(text, "--- a/f\n+++ b/f\n@@\n-two\n+2\n") == "one\n2\nthree\nfour\n");
}

TEST_CASE("hunks: later ones are looked for where those before have moved them") {
  const std::string hunks =
      "@@ -2 +2,3 @@\n-line 2\n+two\n+2b\n+2c\n@@ -5,1 +7,0 @@\n-line 5\n@@ -9 +10 @@\n-line "
      "9\n+nine\n";
  const Outcome outcome = applied(numbered(1, 10), hunks);
  CHECK(outcome.text ==
        "line 1\ntwo\n2b\n2c\nline 3\nline 4\nline 6\nline 7\nline 8\nnine\nline 10\n");
  CHECK(outcome.places == "2 0 0, 7 0 0, 10 0 0");
  // From bottom to top too.
  const Outcome reversed = applied(numbered(1, 10),
                                   "@@ -9 +9 @@\n-line 9\n+nine\n@@ -2 +2,2 @@\n"
                                   "-line 2\n+two\n+2b\n");
  CHECK(reversed.text == "line 1\ntwo\n2b\n" + numbered(3, 8) + "nine\nline 10\n");
  CHECK(reversed.places == "9 0 0, 2 0 0");
}

TEST_CASE("hunks: a place is never guessed") {
  std::string text;
  for (int i = 0; i < 5; ++i) text += "{\nsame\n}\n";
  CHECK_THAT(applied(text, "@@ ... @@\n-same\n+other\n").text,
             Contains("fits on lines 2, 5, 8, 11, 14"));
  CHECK_THAT(applied("x\n}\ny\n}\n", "@@ -3,1 +3,1 @@\n-}\n+]\n").text,
             Contains("fits at line 2 and at line 4"));
  CHECK_THAT(applied(text, "@@ -50,3 +50,3 @@\n gone\n-same\n+other\n gone\n").text,
             Contains("fits on lines 2, 5, 8, 11, 14") && Contains("without some of its context"));
  CHECK_THAT(applied(text, "@@ ... @@\n+added\n").text, Contains("does not say where"));
  CHECK_THAT(applied(text, "@@ -90,0 +90,1 @@\n+added\n").text, Contains("the file has 15 lines"));
  CHECK_THAT(applied(text, "@@ nowhere @@\n-same\n+x\n").text,
             Contains(" has an anchor '@@ nowhere' that is no line of the file; take one"));
  const std::string code = "class A:\n  def f():\n    pass\nclass B:\n  def f():\n    pass\n";
  CHECK_THAT(applied(code, "@@ def f():\n-    pass\n+    x\n").text,
             Contains("fits on lines 3, 6"));
  CHECK(applied(code, "@@ class B:\n-    pass\n+    x\n").text ==
        "class A:\n  def f():\n    pass\nclass B:\n  def f():\n    x\n");
}

TEST_CASE("hunks: one that does not fit shows the closest region, or that it is applied already") {
  const std::string text = "int f() {\n\treturn 0;\n}\n";
  CHECK_THAT(
      applied(text, "@@ -1,3 +1,3 @@\n int f() {\n-    return 0;\n+    return 1;\n }\n").text,
      Contains("does not fit: its old text is not in the file; the closest is at line 1: "
               "line 2, column 1 has a TAB where its old text has a space"));
  CHECK_THAT(applied(text, "@@ -1,3 +1,3 @@\n int f() {\n-\treturn 1;\n+\treturn 0;\n }\n").text,
             Contains("what it makes is there already, at line 1"));
  // What the hunk before has changed is not missing.
  CHECK_THAT(
      applied("a\nb\nc\n", "@@ -1,2 +1,2 @@\n a\n-b\n+x\n@@ -2,2 +2,2 @@\n-b\n+y\n c\n").text,
      Contains("hunk 2 of 2 (line 7 of the patch) does not fit: a hunk before it changes its "
               "old text, which is at line 2; make one hunk of both"));
}

struct EndsRow {
  const char* name;
  const char* text;
  const char* hunks;
  const char* want;
};

TEST_CASE("hunks: line ends are the patch's where it has the file's, else the file's") {
  const EndsRow rows[] = {
      {"an LF patch on CRLF", "a\r\nb\r\nc\r\n", "@@ -1,3 +1,4 @@\n a\n-b\n+x\n+y\n c\n",
       "a\r\nx\r\ny\r\nc\r\n"},
      {"a CRLF patch on LF", "a\nb\nc\n", "@@ -1,3 +1,4 @@\r\n a\r\n-b\r\n+x\r\n+y\r\n c\r\n",
       "a\nx\ny\nc\n"},
      {"CRLF lines on LF", "a\nb\n", "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+x\r\n", "a\nx\n"},
      {"a mixed file, line by line", "a\r\nb\nc\r\n", "@@ -1,3 +1,3 @@\n-a\n-b\n-c\n+1\n+2\n+3\n",
       "1\r\n2\n3\r\n"},
      {"a patch that changes them", "a\r\nb\r\n", "@@ -1,2 +1,2 @@\n-a\r\n+a\n b\r\n", "a\nb\r\n"},
      {"carriage returns alone", "a\rb\rc\r", "@@ -1,3 +1,4 @@\n a\n-b\n+x\n+y\n c\n",
       "a\rx\ry\rc\r"},
      {"no final newline stays so", "a\nb", "@@ -1,2 +1,2 @@\n a\n-b\n+x\n", "a\nx"},
      {"more behind a last line without one", "a\nb", "@@ -1,2 +1,3 @@\n a\n b\n+x\n", "a\nb\nx"},
      {"the same without context", "a\nb", "@@ -2,0 +3,1 @@\n+x\n", "a\nb\nx"},
      {"the newline is taken", "a\nb\n", "@@ -2 +2 @@\n-b\n+b\n\\ No newline at end of file\n",
       "a\nb"},
      {"the newline is given", "a\nb", "@@ -2 +2 @@\n-b\n\\ No newline at end of file\n+b\n",
       "a\nb\n"},
      {"taken in another's line ends", "a\r\nb\r\n",
       "@@ -1,2 +1,2 @@\n a\n-b\n+x\n\\ No newline at end of file\n", "a\r\nx"},
      {"an empty file", "", "@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n", "a\nb"},
      {"all of it", "a\nb\n", "@@ -1,2 +0,0 @@\n-a\n-b\n", ""},
      {"bytes that are no text stay", "\xFF\na\n\xFE", "@@ -2 +2 @@\n-a\n+b\n", "\xFF\nb\n\xFE"},
  };
  for (const EndsRow& row : rows) {
    INFO(row.name);
    CHECK(applied(row.text, row.hunks).text == row.want);
  }
}

TEST_CASE("hunks: untouched lines are in no splice") {
  const SystemClock clock;
  const auto files = parse_patch("--- f\n+++ f\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
  const auto patched = apply_hunks("a\r\nb\r\nc\r\n", files->front().hunks, CancelToken(clock));
  REQUIRE(patched);
  REQUIRE(patched->splices.size() == 1);
  CHECK((patched->splices[0] == Splice{.begin = 3, .end = 6, .with = "x\r\n"}));
}

TEST_CASE("hunks: a huge file of one line, and a patch of very many hunks, end soon") {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "a\n";
  std::string hunk = "@@ -50000,201 +50000,200 @@\n";
  for (int i = 0; i < 200; ++i) hunk += " a\n";
  CHECK_THAT(applied(text, hunk + "-b\n").text, Contains("does not fit"));
  std::string many;
  for (int i = 1; i < 20'000; ++i) many += fmt::format("@@ -{0} +{0} @@\n-line {0}\n+{0}\n", i);
  CHECK(applied("new\n" + numbered(1, 20'000), many).places.starts_with("2 1 0, 3 1 0, "));
}

// Random files and what became of them.
class Files {
 public:
  explicit Files(std::uint32_t seed) : random_(seed) {}
  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }

  std::string text(bool distinct) {
    const char* ends[] = {"\n", "\r\n", "\n\n", "\r"};
    const int kind = below(8);  // mostly "\n"
    std::string text;
    for (int i = 0, lines = below(60); i < lines; ++i) {
      text += distinct ? fmt::format("line {}", i) : std::string(words_[below(8)]);
      text += distinct || kind > 2 ? "\n" : kind == 2 ? ends[below(4)] : ends[kind];
    }
    if (!text.empty() && below(4) == 0) text.pop_back();
    return text;
  }
  std::string changed(std::string text, bool distinct) {
    for (int i = 0, changes = below(4) + 1; i < changes; ++i) {
      const auto at = static_cast<std::size_t>(below(static_cast<int>(text.size()) + 1));
      const std::size_t line = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
      const std::string fresh = distinct ? fmt::format("new {}\n", below(1000)) : "-- x\n\t++\n";
      if (below(3) == 0) {
        text.erase(line, text.find('\n', line) - line + 1);
      } else {
        text.insert(line, fresh);
      }
    }
    return text;
  }

 private:
  std::mt19937 random_;
  const char* words_[8] = {"a", "b", "", "{", "}", "-- x", "++ y", "\tz "};
};

TEST_CASE("hunks: an anchor that stands on every line costs one look at the file") {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "def f\n";
  const auto begin = std::chrono::steady_clock::now();
  const auto files =
      parse_patch("*** Begin Patch\n*** Update File: f\n@@ def f\n-nowhere\n+x\n*** End Patch\n");
  REQUIRE(files);
  const SystemClock clock;
  CHECK_FALSE(apply_hunks(text, files->front().hunks, CancelToken(clock)));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
}

TEST_CASE("hunks: what git diff writes gives the same bytes") {
  Files files(20261128);
  for (const char* option : {"-U3", "-U1", "-U0"}) {
    test::TempWorkspace work;
    std::map<std::string, std::pair<std::string, std::string>> wanted;
    for (int i = 0; i < 150; ++i) {
      const std::string name = fmt::format("{:03}", i);
      const std::string before = files.text(false);
      const std::string after = files.changed(before, false);
      work.write("a/" + name, before);
      work.write("b/" + name, after);
      if (before != after) wanted[name] = {before, after};
    }
    const std::string diff =
        work.run({"sh", "-c", std::string("git diff --no-index ") + option + " a b || true"});
    const auto parsed = parse_patch(diff);
    REQUIRE(parsed);
    CHECK(parsed->size() == wanted.size());
    for (const FilePatch& file : *parsed) {
      const auto& [before, after] = wanted.at(file.new_path.substr(2));
      INFO(option << " " << file.new_path);
      CHECK(applied(before, file).text == after);
    }
  }
}

bool only_adds(const FilePatch& file) {
  for (const Hunk& hunk : file.hunks) {
    const bool removes = std::any_of(hunk.lines.begin(), hunk.lines.end(), [](const auto& line) {
      return line.kind == PatchLine::Kind::kRemove;
    });
    if (!removes) return true;
  }
  return false;
}

TEST_CASE("hunks: offset and fuzz end where patch(1) ends, or are refused as ambiguous") {
  if (std::system("command -v patch >/dev/null 2>&1") != 0) {
    WARN("patch is not installed: the comparison with it is left out");
    return;
  }
  Files files(4);
  int same = 0;
  for (int i = 0; i < 60; ++i) {
    const std::string before = files.text(true);
    test::TempWorkspace work({{"a/f", before}, {"b/f", files.changed(before, true)}});
    const std::string diff = work.run({"sh", "-c", "git diff --no-index a b || true"});
    if (diff.empty()) continue;
    const std::string drifted = files.changed(before, true);
    work.write("f", drifted);
    work.write("diff", diff);
    const std::string code =
        work.run({"sh", "-c", "patch -s -f -r - -o out f diff >/dev/null 2>&1; echo $?"});
    const auto parsed = parse_patch(diff);
    REQUIRE(parsed);
    const std::string ours = applied(drifted, parsed->front()).text;
    INFO(diff << "\non\n" << drifted);
    if (code == "0\n" && !ours.starts_with("error: ")) {
      CHECK(ours == work.read("out"));
      ++same;
    } else if (code == "0\n") {
      // Nor do we add lines where none of those around them is left.
      if (!only_adds(parsed->front())) {
        CHECK_THAT(ours, Contains("fits on line") || Contains("fits at line"));
      }
    } else {
      CHECK(ours.starts_with("error: "));
    }
  }
  CHECK(same > 20);
}

}  // namespace
}  // namespace quarry::edit
