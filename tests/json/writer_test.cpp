#include "server/json/writer.h"

#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "server/base/utf8.h"

namespace quarry::json {
namespace {

using namespace std::string_literals;

std::string check(std::string_view text) {
  std::string out = "before";
  append_string(out, text);
  CHECK(out.starts_with("before"));
  return out.substr(6);
}

TEST_CASE("strings are escaped as little as JSON allows, P7") {
  struct Row {
    const char* name;
    std::string input, want;
  };
  const Row rows[] = {
      {"empty", "", R"("")"},
      {"plain", "abc", R"("abc")"},
      {"short escapes", "\"\\\b\f\n\r\t", R"("\"\\\b\f\n\r\t")"},
      {"other controls", "\x01\x1f", R"("\u0001\u001f")"},
      {"NUL", "a\0b"s, R"("a\u0000b")"},
      {"slash and DEL", "/\x7F", "\"/\x7F\""},
      {"C1 and separators", "\xC2\x85\xE2\x80\xA8\xE2\x80\xA9",
       "\"\xC2\x85\xE2\x80\xA8\xE2\x80\xA9\""},
      {"utf8", "\xC3\xA9\xF0\x9F\x98\x80", "\"\xC3\xA9\xF0\x9F\x98\x80\""},
      {"bad byte", "a\xFFz", "\"a\xEF\xBF\xBDz\""},
      {"surrogate", "\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"bad byte among escapes", "\n\xC0\"", "\"\\n\xEF\xBF\xBD\\\"\""},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(check(row.input) == row.want);
  }
}

TEST_CASE("every byte at every place of the blocks is escaped as the other library does") {
  for (std::size_t length = 0; length <= 70; ++length) {
    for (std::size_t place = 0; place < length; ++place) {
      std::string text(length, 'x');
      for (const char special : {'"', '\\', '\n', '\x01', '\x1f', '\x20', '\x7f'}) {
        text[place] = special;
        REQUIRE(check(text) == nlohmann::json(text).dump());
      }
    }
  }
  for (int byte = 0; byte < 128; ++byte) {
    const std::string text(40, static_cast<char>(byte));
    REQUIRE(check(text) == nlohmann::json(text).dump());
  }
}

TEST_CASE("names and strings of a writer are escaped as those that stand alone") {
  for (std::size_t size = 0; size < 300; size += size < 40 ? 1 : 37) {
    for (int byte = 0; byte < 256; ++byte) {
      // Where the text ends, and where its blocks do.
      for (const std::size_t place : {std::size_t{0}, size / 2, size - 1}) {
        if (place >= size) continue;
        std::string text(size, 'x');
        text[place] = static_cast<char>(byte);
        std::string alone;
        append_string(alone, text);
        std::string out;
        Writer(out).begin_object().field("first", 1).field(text, text).end_object();
        const std::string want = "{\"first\":1," + alone + ":" + alone + "}";
        if (out != want) FAIL(want << " is " << out);
      }
    }
  }
  std::string out;
  Writer(out).begin_array().string({}).string("").end_array();
  CHECK(out == R"(["",""])");
}

TEST_CASE("random text of any density of escapes agrees with the other library") {
  std::mt19937 random(20240607);
  const std::string pieces[] = {"\"",
                                "\\",
                                "\n",
                                "\t",
                                "\x02",
                                "a",
                                "bc",
                                "\xC3\xA9",
                                "0123456789",
                                "\xE2\x82\xAC",
                                "\xF0\x9F\x98\x80"};
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    const std::size_t pick = 1 + random() % std::size(pieces);
    const std::size_t length = random() % (round % 100 == 0 ? 20'000 : 300);
    while (text.size() < length) text += pieces[random() % pick];
    REQUIRE(check(text) == nlohmann::json(text).dump());
  }
}

TEST_CASE("random bytes become valid text that reads back as the repaired one, P7") {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 200, ' ');
    for (char& c : text) c = static_cast<char>(random());
    std::string repaired;
    utf8::append_repaired(repaired, text);
    const std::string out = check(text);
    REQUIRE(utf8::valid(out));
    REQUIRE(nlohmann::json::parse(out).get<std::string>() == repaired);
  }
}

TEST_CASE("the writer places commas and stays on one line, P1") {
  std::string out;
  Writer writer(out);
  writer.begin_object()
      .field("text", "a\nb")
      .field("int", 7)
      .field("least", std::numeric_limits<std::int64_t>::min())
      .field("most", std::numeric_limits<std::uint64_t>::max())
      .field("half", 0.5)
      .field("yes", true);
  writer.key("list").begin_array().number(1).string("x").null().begin_array().end_array();
  writer.begin_object().end_object().boolean(false).end_array();
  writer.key("raw")
      .raw("{\"a\":1}")
      .key(std::string("q\""))
      .begin_object()
      .field("z", 1)
      .end_object();
  writer.key("nan").number(std::numeric_limits<double>::quiet_NaN());
  writer.key("inf").number(-std::numeric_limits<double>::infinity()).end_object();
  CHECK(out ==
        R"({"text":"a\nb","int":7,"least":-9223372036854775808,"most":18446744073709551615,)"
        R"("half":0.5,"yes":true,"list":[1,"x",null,[],{},false],"raw":{"a":1},"q\"":{"z":1},)"
        R"("nan":null,"inf":null})");
}

TEST_CASE("doubles read back as themselves") {
  for (const double value :
       {0.0, -0.0, 0.1, 1e300, -2.5e-300, 123456789.0, std::numeric_limits<double>::max(),
        std::numeric_limits<double>::denorm_min()}) {
    std::string out;
    Writer(out).number(value);
    INFO(out);
    CHECK(nlohmann::json::parse(out).get<double>() == value);
  }
}

TEST_CASE("base64 as RFC 4648 section 10 gives it") {
  struct Row {
    std::string input, want;
  };
  const Row rows[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {"\xFF\xFE\xFD\0"s, "//79AA=="},
      {"\xFB\xEF\xBE", "++++"},
  };
  for (const Row& row : rows) {
    INFO(row.want);
    std::string out = "x";
    append_base64(out, row.input);
    CHECK(out == "x" + row.want);
  }
}

}  // namespace
}  // namespace quarry::json
