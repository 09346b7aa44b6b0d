#include "server/files/text.h"

#include <catch2/catch.hpp>

#include "server/base/figures.h"
#include "server/base/utf8.h"

namespace quarry::files {
namespace {

using namespace std::literals;

TEST_CASE("text shape counts lines and names their ends") {
  struct Row {
    const char* name;
    std::string text;
    std::int64_t lines;
    LineEnds ends;
    bool final_newline, ascii;
  };
  const Row rows[] = {
      {"empty", "", 0, LineEnds::kNone, false, true},
      {"one line without end", "abc", 1, LineEnds::kNone, false, true},
      {"lf", "a\nb\n", 2, LineEnds::kLf, true, true},
      {"lf, open end", "a\nb", 2, LineEnds::kLf, false, true},
      {"crlf", "a\r\nb\r\n", 2, LineEnds::kCrlf, true, true},
      {"cr only", "a\rb\r", 2, LineEnds::kCr, true, true},
      {"cr only, open end", "a\rb", 2, LineEnds::kCr, false, true},
      {"lf and crlf", "a\r\nb\n", 2, LineEnds::kMixed, true, true},
      {"a lone cr in lf", "a\rb\nc\n", 2, LineEnds::kMixed, true, true},
      {"crlf and a lone cr", "a\r\nb\r", 2, LineEnds::kMixed, false, true},
      {"as many returns as newlines, not paired", "a\n\rb", 2, LineEnds::kMixed, false, true},
      {"not ascii", "\xC3\xA9\n", 1, LineEnds::kLf, true, false},
      {"longer than a block", std::string(200, '\n'), 200, LineEnds::kLf, true, true},
      {"not ascii in the last bytes", std::string(130, 'x') + "\xFF", 1, LineEnds::kNone, false,
       false},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const TextShape shape = find_shape(row.text);
    CHECK(shape.lines == row.lines);
    CHECK(shape.ends == row.ends);
    CHECK(shape.final_newline == row.final_newline);
    CHECK(shape.ascii == row.ascii);
  }
}

TEST_CASE("is_utf8 agrees with the plain check wherever the bad byte lies") {
  const std::string parts[] = {"",     "a",    "\xC3\xA9",    "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                               "\xC3", "\xA9", "\xED\xA0\x80"};
  for (std::size_t pad = 0; pad < 20; ++pad) {
    for (const std::string& first : parts) {
      for (const std::string& second : parts) {
        const std::string text = std::string(pad, 'x') + first + second + std::string(9, 'y');
        INFO(pad << " " << first << " " << second);
        CHECK(is_utf8(text) == utf8::valid(text));
      }
    }
  }
}

TEST_CASE("lines are numbered as cat -n does, within their bounds") {
  struct Row {
    const char* name;
    std::string text;
    LineRun run;
    std::string want;
    std::int64_t lines, clipped;
  };
  LineRun plain;
  const auto with = [&](auto change) {
    LineRun run = plain;
    change(run);
    return run;
  };
  const Row rows[] = {
      {"plain", "a\nb\n", plain, "     1\ta\n     2\tb\n", 2, 0},
      {"open end", "a\nb", plain, "     1\ta\n     2\tb\n", 2, 0},
      {"empty lines", "\n\n", plain, "     1\t\n     2\t\n", 2, 0},
      {"carriage returns go", "a\r\nb\r\n", plain, "     1\ta\n     2\tb\n", 2, 0},
      {"counts over nines", "a\nb\nc\n", with([](LineRun& r) { r.first = 99; }),
       "    99\ta\n   100\tb\n   101\tc\n", 3, 0},
      {"wider than six", "a\nb\n", with([](LineRun& r) { r.first = 999'999; }),
       "999999\ta\n1000000\tb\n", 2, 0},
      {"wide from the start", "a\n", with([](LineRun& r) { r.first = 12'345'678; }),
       "12345678\ta\n", 1, 0},
      {"blank column", "a\nb\n", with([](LineRun& r) { r.first = 0; }), "      \ta\n      \tb\n", 2,
       0},
      {"most lines", "a\nb\nc\n", with([](LineRun& r) { r.max_lines = 2; }),
       "     1\ta\n     2\tb\n", 2, 0},
      {"most bytes, exactly", "a\nb\nc\n", with([](LineRun& r) { r.max_bytes = 18; }),
       "     1\ta\n     2\tb\n", 2, 0},
      {"most bytes, one short", "a\nb\nc\n", with([](LineRun& r) { r.max_bytes = 17; }),
       "     1\ta\n", 1, 0},
      {"always one line", "a\nb\n", with([](LineRun& r) { r.max_bytes = 0; }), "     1\ta\n", 1, 0},
      {"clipped by characters, not bytes", "\xC3\xA9\xC3\xA9\xC3\xA9\nb\n",
       with([](LineRun& r) { r.max_line_chars = 2; }),
       "     1\t\xC3\xA9\xC3\xA9... [clipped: 6 bytes in this line]\n     2\tb\n", 2, 1},
      {"as many characters as allowed", "\xC3\xA9\xC3\xA9\n",
       with([](LineRun& r) { r.max_line_chars = 2; }), "     1\t\xC3\xA9\xC3\xA9\n", 1, 0},
      {"cr as separator", "a\rb\r", with([](LineRun& r) { r.separator = '\r'; }),
       "     1\ta\n     2\tb\n", 2, 0},
      {"goes on", "ab", with([](LineRun& r) { r.goes_on = true; }),
       "     1\tab... [clipped: more than 2 bytes in this line]\n", 1, 1},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    std::string out = "kept ";
    const LinesShown shown = append_lines(out, row.text, row.run);
    CHECK(out == "kept " + row.want);
    CHECK(shown.lines == row.lines);
    CHECK(shown.clipped == row.clipped);
  }
}

TEST_CASE("a first line beyond the budget is clipped to it at a character") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "\xE2\x82\xAC";
  LineRun run;
  run.max_bytes = 500;
  run.max_line_chars = text.size();
  std::string out;
  const LinesShown shown = append_lines(out, text, run);
  CHECK(shown.clipped == 1);
  CHECK(out.size() <= 500);
  CHECK(out.size() > 400);
  CHECK(utf8::valid(out));
}

TEST_CASE("lines are found from the start and from the end") {
  const std::string text = "a\nb\nc\n";
  CHECK(from_line(text, 1, '\n') == text);
  CHECK(from_line(text, 3, '\n') == "c\n");
  CHECK(from_line(text, 4, '\n').empty());
  CHECK(from_line("a\nb", 3, '\n').empty());
  CHECK(last_lines(text, 1, '\n') == "c\n");
  CHECK(last_lines(text, 2, '\n') == "b\nc\n");
  CHECK(last_lines(text, 9, '\n') == text);
  CHECK(last_lines("a\nb", 1, '\n') == "b");
  CHECK(last_lines("\n", 1, '\n') == "\n");
  CHECK(last_lines("", 1, '\n').empty());
}

TEST_CASE("figures read as people write them") {
  const auto count = [](std::uint64_t value) {
    std::string out;
    append_count(out, value);
    return out;
  };
  const auto size = [](std::uint64_t value) {
    std::string out;
    append_size(out, value);
    return out;
  };
  CHECK(count(0) == "0");
  CHECK(count(999) == "999");
  CHECK(count(4200) == "4,200");
  CHECK(count(18'446'744'073'709'551'615U) == "18,446,744,073,709,551,615");
  CHECK(size(0) == "0 B");
  CHECK(size(1023) == "1,023 B");
  CHECK(size(1024) == "1.0 KiB");
  CHECK(size(3482) == "3.4 KiB");
  CHECK(size(1'048'570) == "1.0 MiB");
  CHECK(size(16 << 20) == "16.0 MiB");
  CHECK(size(5ULL << 40) == "5.0 TiB");
}

}  // namespace
}  // namespace quarry::files
