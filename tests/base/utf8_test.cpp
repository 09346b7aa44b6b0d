#include "server/base/utf8.h"

#include <catch2/catch.hpp>

namespace quarry {
namespace {

TEST_CASE("utf8 repairs each maximal ill-formed part once") {
  struct Row {
    const char* name;
    std::string input, want;
  };
  const Row rows[] = {
      {"plain", "abc", "abc"},
      {"two stray bytes",
       "a\xFF\xFE"
       "b",
       "a\xEF\xBF\xBD\xEF\xBF\xBD"
       "b"},
      {"overlong", "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"surrogate", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"cut short", "\xE2\x82", "\xEF\xBF\xBD"},
      {"four bytes", "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
      {"above the last", "\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    std::string out;
    utf8::append_repaired(out, row.input);
    CHECK(out == row.want);
    CHECK(utf8::valid(out));
    CHECK(utf8::valid(row.input) == (row.input == row.want));
  }
}

TEST_CASE("utf8 escaped names stay on one line and come back") {
  const std::string names[] = {"plain",   "with space",  "new\nline",        "esc\x1b[31m",
                               "bad\xFF", "back\\slash", "bidi\xE2\x80\xAE", "\\x41",
                               ""};
  for (const std::string& name : names) {
    std::string shown;
    utf8::append_escaped_name(shown, name);
    INFO(shown);
    CHECK(utf8::valid(shown));
    CHECK(shown.find('\n') == std::string::npos);
    CHECK(utf8::unescape_name(shown) == name);
  }
}

TEST_CASE("utf8 finds where a character begins") {
  const std::string_view text = "a\xC3\xA9\xF0\x9F\x98\x80\x80z\xE2\x82";
  const std::size_t want[] = {0, 1, 1, 3, 3, 3, 3, 7, 8, 9, 9, 11};
  for (std::size_t at = 0; at <= text.size(); ++at) {
    INFO(at);
    CHECK(utf8::character_begin(text, at) == want[at]);
  }
}

TEST_CASE("utf8 clip does not cut a character") {
  CHECK(utf8::clip("a\xC3\xA9z", 2) == "a");
  CHECK(utf8::clip("a\xC3\xA9z", 3) == "a\xC3\xA9");
  CHECK(utf8::clip("abc", 9) == "abc");
}

}  // namespace
}  // namespace quarry
