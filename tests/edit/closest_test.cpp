#include "server/edit/closest.h"

#include <algorithm>

#include <catch2/catch.hpp>

namespace quarry::edit {
namespace {

using Catch::Contains;

TEST_CASE("closest: the first difference is named, and the region shown as it is") {
  struct Row {
    const char* name;
    const char* text;
    const char* old_text;
    const char* want;
  };
  const Row rows[] = {
      {"tab", "int main() {\n\treturn 0;\n}\n", "int main() {\n    return 0;\n}",
       "line 2, column 1 has a TAB where old_string has a space"},
      {"trailing", "first line \nsecond line\n", "first line\nsecond line",
       "line 1, column 11 has a space where old_string has the end of the line"},
      {"nbsp", "a\u00A0= value;\n", "a = value;", "a Unicode blank (U+00A0) where"},
      {"quotes", "say(\u201Chello\u201D)\n", "say(\"hello\")",
       "a typographic quote (U+201C) where"},
      {"dash", "one \u2013 two three\n", "one - two three", "an en dash (U+2013) where"},
      {"case", "const Value = 1;\n", "const value = 1;", "has 'V' where old_string has 'v'"},
      {"escape", "print(\"a\")\n", "print(\\\"a\\\")", "has '\"' where old_string has '\\'"},
      {"word", "the quick brown fox\njumps over\n", "the quick browm fox\njumps over",
       "has 'n' where"},
      {"numbers", "alpha beta\ngamma delta\n", "     1\talpha beta\n     2\tgamma delta",
       "leave out the line numbers"},
      {"too long", "alpha\nbeta\n", "alpha\nbeta\ngamma", "the file ends before line 3"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const std::string said = explain_miss(row.text, row.old_text);
    INFO(said);
    CHECK_THAT(said, Contains(row.want));
    CHECK_THAT(said, Contains("     1\t"));
  }
  CHECK_THAT(explain_miss("\tx = 1;  \n", "x = 1;;"), Contains("\u2192\t") && Contains("\u00B7"));
}

TEST_CASE("closest: an old text that begins within a line is compared from there") {
  struct Row {
    const char* name;
    const char* text;
    const char* old_text;
    const char* want;
  };
  const Row rows[] = {
      {"case", "{\n    int y = 2;\n}\n", "INT Y = 2;",
       "line 2, column 5 has 'i' where old_string has 'I'"},
      {"several lines", "{\n\tint x = 2;\n\tint y;\n}\n", "int x = 1;\n\tint y;",
       "line 2, column 10 has '2' where old_string has '1'"},
      {"blanks", "\treturn foo(1, 2);\n", "foo(1,2)",
       "line 1, column 15 has a space where old_string has '2'"},
      {"NBSP", "he says: hello\u00A0world!\n", "hello world",
       "column 15 has a Unicode blank (U+00A0) where old_string has a space"},
      {"a word", "\tconst auto found = find_region(lines, 3);\n", "find_region(lines, 4)",
       "column 40 has '3' where old_string has '4'"},
      {"its start", "\tconst auto found = find_region(lines, 3);\n", "locate_region(lines, 3)",
       "line 1, column "},
      {"characters are counted", "\u00E9t\u00E9 = \"x\";\n", "\u00E9t\u00E9 = 'x';",
       "column 7 has '\"' where"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK_THAT(explain_miss(row.text, row.old_text), Contains(row.want));
  }
}

TEST_CASE(
    "closest: a want of a final line break is named, and blank lines show what follows them") {
  CHECK_THAT(explain_miss("alpha\nbeta", "beta\n"),
             Contains("the file ends without the line break that old_string ends with"));
  CHECK_THAT(explain_miss("alpha\nbeta", "alpha\nbeta\n"), Contains("without the line break"));
  const std::string text = "def f():\n    return 1\n\n\ndef g():\n    return 2\n";
  CHECK_THAT(explain_miss(text, "    return 1\n\ndef g():"),
             Contains("line 4, column 1 has the end of the line where old_string has 'd'") &&
                 Contains("     5\tdef g():\n"));
  CHECK_THAT(explain_miss(text, "    return 1\n\n\n\ndef g():"),
             Contains("the closest is at line 2: line 5, column 1 has 'd' where old_string has the "
                      "end of the line"));
}

TEST_CASE("closest: the difference is among what is shown, and only marks that occur are told") {
  std::string text;
  for (int i = 1; i <= 100; ++i) text += "line number " + std::to_string(i) + "\n";
  std::string old_text = text;
  old_text.replace(old_text.find("90"), 2, "ninety");
  const std::string far = explain_miss(text, old_text);
  CHECK_THAT(far, Contains("line 90, column 13 has '9' where") &&
                      Contains("    90\tline number 90\n") && !Contains("     1\t"));
  CHECK(std::count(far.begin(), far.end(), '\n') == 13);
  CHECK_THAT(far, Catch::EndsWith("\n(copy the text of the file exactly)"));
  const std::string line = std::string(1000, 'a') + " == 1 && " + std::string(1000, 'b');
  std::string other = line;
  other[1004] = '2';
  const std::string wide = explain_miss(line, other);
  CHECK_THAT(wide,
             Contains("column 1005 has '1'") && Contains("...aaa") && Contains("a == 1 && b"));
  CHECK(wide.size() < 400);
  CHECK_THAT(explain_miss("\tx = 1;\n", "  x = 1;"),
             Contains("(\u2192 is a TAB; copy") && !Contains("\u00B7"));
}

TEST_CASE("closest: says when there is nothing like it") {
  CHECK_THAT(explain_miss("alpha\nbeta\n", "quite another text"), Contains("nor anything like it"));
  CHECK_THAT(explain_miss("", "x"), Contains("empty"));
  CHECK_THAT(explain_miss("x\n", "\n\n"), Contains("nor anything like it"));
}

TEST_CASE("closest: finds the region among many lines that are partly the same") {
  std::string text;
  for (int i = 0; i < 5000; ++i) {
    text += "begin\n  value = " + std::to_string(i) + ";\n\n}\n";
  }
  const std::string old_text = "begin\n    value = 4321;\n\n}\nbegin\n  value = 4322;";
  CHECK_THAT(explain_miss(text, old_text), Contains("the closest is at line 17285: line 17286"));
}

TEST_CASE("closest: of several places with the same line the one that is most alike is shown") {
  const std::string text =
      "void one() {\n  int off;\n  struct timeval tv;\n}\n"
      "int main(int argc, char **argv) {\n  struct timeval tv;\n}\n";
  CHECK_THAT(explain_miss(text, "int main(int argc, char* argv) {\n  struct timeval tv;"),
             Contains("the closest is at line 5: line 5, column 24 has a space where"));
}

TEST_CASE("closest: however often the same lines occur, few regions are compared") {
  // Each line of the old text occurs a hundred times, so that everything gets as many votes.
  std::string text;
  std::string old_text;
  for (int i = 0; i < 200; ++i) {
    old_text += "line number " + std::to_string(i) + "\n";
    for (int copy = 0; copy < 100; ++copy) {
      text += "line number " + std::to_string(i) + "\n" + std::string(200, '-') + "\n";
    }
  }
  std::size_t compared = 0;
  CHECK_THAT(explain_miss(text, old_text, "it", &compared), Contains("the closest is at line"));
  CHECK(compared <= 64 * 200);
  CHECK(compared > 0);
}

TEST_CASE("closest: any bytes are taken") {
  std::string bytes;
  for (int i = 0; i < 512; ++i) bytes.push_back(static_cast<char>(i * 37));
  CHECK_FALSE(explain_miss(bytes, bytes.substr(3, 100) + "\xF0\x9F").empty());
  CHECK_FALSE(explain_miss("\xE2\x80", "\xE2").empty());
}

}  // namespace
}  // namespace quarry::edit
