#include "server/json/document.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace quarry::json {
namespace {

using namespace std::string_literals;

struct Row {
  const char* name;
  std::string text;
};

// The tree, written out again by nlohmann from ours.
nlohmann::json rebuilt(Value value) {
  switch (value.type()) {
    case Type::kNull:
      return nullptr;
    case Type::kBool:
      return value.boolean();
    case Type::kNumber:
      return nlohmann::json::parse(value.number_token());
    case Type::kString:
      return std::string(value.string());
    case Type::kArray: {
      auto array = nlohmann::json::array();
      for (Value item = value.first(); item; item = value.after(item))
        array.push_back(rebuilt(item));
      return array;
    }
    case Type::kObject: {
      auto object = nlohmann::json::object();
      for (Value member = value.first(); member; member = value.after(member))
        object[std::string(member.key())] = rebuilt(member);
      return object;
    }
  }
  return {};
}

// Parses `text` with padding that tries to be mistaken for content. Empty: accepted.
std::string check(const std::string& text, Document& document) {
  static const char* const kPaddings[] = {"\"", "]", "}", "1", " ", "\\", "e1"};
  std::string first;
  for (const char* padding : kPaddings) {
    static Parser parser;
    std::string line = text;
    while (line.size() < text.size() + kPadding) line += padding;
    static std::string kept;  // the Document points into it
    kept = line;
    const auto parsed = document.parse(parser, std::string_view(kept).substr(0, text.size()));
    const std::string outcome = parsed ? "" : parsed.error().message;
    if (padding == kPaddings[0]) first = outcome;
    CHECK(outcome == first);
  }
  return first;
}

TEST_CASE("document accepts what RFC 8259 allows, as the other parser understands it") {
  const Row rows[] = {
      {"number", "7"},
      {"zero", "0"},
      {"minus zero", "-0"},
      {"minus zero point zero", "-0.0e-0"},
      {"exponents", "[1e5,1E+5,1.5e-3,0e0]"},
      {"words", "[true,false,null]"},
      {"word alone", "null"},
      {"empty string", "\"\""},
      {"empty containers", "[{},[],{\"a\":[]}]"},
      {"blanks everywhere", " \t\r\n{ \"a\" :\t1 ,\r\"b\":[ 1 , 2 ] } \n"},
      {"all short escapes", R"(["\"\\\/\b\f\n\r\t"])"},
      {"unicode escapes", R"(["\u0041\u00e9\u20AC\ud83d\ude00\uDBFF\uDFFF"])"},
      {"escaped NUL", R"(["a\u0000b"])"},
      {"escaped key", R"({"a\u0062":1})"},
      {"empty key", R"({"":1})"},
      {"raw utf8", "[\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\"]"},
      {"noncharacters", "[\"\xEF\xBF\xBF\",\"\\uFFFF\",\"\\uFDD0\"]"},
      {"separators as they are", "[\"\xE2\x80\xA8\xE2\x80\xA9\x7F\"]"},
      {"backslashes before a quote", R"(["\\","\\\\","\\\"",1])"},
      {"structural characters in strings", R"(["{}[],:","\"{",{"]":"}"}])"},
      {"escape at a block's edge", "[\"0123456789012\\n\",\"01234567890123\\u00e9\"]"},
      {"long string", "[\"" + std::string(5000, 'x') + "\\n" + std::string(5000, 'y') + "\"]"},
      {"nested 64 deep", std::string(64, '[') + std::string(64, ']')},
      {"same key in different objects", R"({"a":{"a":{"a":1}},"b":{"a":1}})"},
      {"keys that differ in case", R"({"id":1,"ID":2,"Id":3})"},
      {"keys that differ behind NUL", R"({"a":1,"a\u0000":2})"},
  };
  for (const Row& row : rows) {
    INFO(row.name << ": " << row.text.substr(0, 100));
    Document document;
    CHECK(check(row.text, document) == "");
    if (!document.root()) continue;
    CHECK(rebuilt(document.root()) == nlohmann::json::parse(row.text));
  }
}

TEST_CASE("document refuses what is not JSON, RP-01 RP-08 RP-10") {
  const Row rows[] = {
      {"nothing", ""},
      {"blank", "  "},
      {"cut word", "tru"},
      {"long word", "nullx"},
      {"word in capitals", "[True]"},
      {"word and digit", "[true1]"},
      {"cut word in array", "[nul]"},
      {"NaN", "[NaN]"},
      {"Infinity", "[-Infinity]"},
      {"leading zero", "01"},
      {"minus leading zero", "[-01]"},
      {"only minus", "[-]"},
      {"plus", "[+1]"},
      {"point without digits", "[1.]"},
      {"point first", "[.5]"},
      {"two points", "[01.2.3]"},
      {"exponent without digits", "[1e]"},
      {"exponent sign only", "[1e+]"},
      {"hex", "[0x10]"},
      {"letter behind a number", "[1x]"},
      {"number and string", "[1\"a\"]"},
      {"number and bracket", "[1[2]]"},
      {"colon in array", "[1:2]"},
      {"unknown escape", R"(["\q"])"},
      {"escape of a space", R"(["\ "])"},
      {"short unicode escape", R"(["\u00"])"},
      {"bad unicode escape", R"(["\u00g0"])"},
      {"unicode escape cut by the end", R"(["\u)"},
      {"eight digit escape", R"(["\U00000041"])"},
      {"lone high surrogate", R"(["\ud83d"])"},
      {"high surrogate and text", R"(["\ud83dabcdef"])"},
      {"two high surrogates", R"(["\ud83d\ud83d"])"},
      {"lone low surrogate", R"(["\ude00"])"},
      {"lone surrogate in a key", R"({"\ud800":1})"},
      {"single quotes", "['a']"},
      {"unquoted key", "{a:1}"},
      {"number as key", "{1:1}"},
      {"no colon", R"({"a" 1})"},
      {"two colons", R"({"a"::1})"},
      {"comma for colon", R"({"a",1})"},
      {"no value", R"({"a":})"},
      {"key alone", R"({"a"})"},
      {"trailing comma in object", R"({"a":1,})"},
      {"trailing comma in array", "[1,]"},
      {"leading comma", "[,1]"},
      {"only a comma", "[,]"},
      {"two commas", "[1,,2]"},
      {"no comma", "[1 2]"},
      {"no comma between strings", R"(["a" "b"])"},
      {"strings that touch", R"(["a""b"])"},
      {"text behind a string", R"(["a"b])"},
      {"backslash outside", R"([\"a"])"},
      {"backslash behind a string", R"(["a"\])"},
      {"wrong closer", "[1,2}"},
      {"wrong closer of an object", R"({"a":1])"},
      {"closer only", "]"},
      {"open array", "[1"},
      {"open array after a comma", "[1,"},
      {"open object", R"({"a":1)"},
      {"open object after a key", R"({"a")"},
      {"open object after a colon", R"({"a":)"},
      {"open string", "[\"a"},
      {"open string with an escaped quote", R"(["a\")"},
      {"only a quote", "\""},
      {"two values", "{}{}"},
      {"two values apart", "1 2"},
      {"closer too many", "[]]"},
      {"comment", "[1]//x"},
      {"comment inside", "[/**/]"},
      {"comma behind", "{},"},
      {"NUL outside", "[1\0]"s},
      {"NUL at the end", "[1]\0"s},
      {"two objects and NUL", "{}\0{}"s},
      {"NUL in a string", "[\"a\0b\"]"s},
      {"tab in a string", "[\"a\tb\"]"},
      {"newline in a string", "[\"a\nb\"]"},
      {"control character in a key", "{\"a\x01\":1}"},
      {"form feed outside", "[1,\f2]"},
      {"substitute outside", "[1\x1A]"},
      {"vertical tab", "[\v1]"},
      {"no-break space", "[\xC2\xA0 1]"},
      {"byte order mark", "\xEF\xBB\xBF{}"},
      {"utf16", "\xFF\xFE{\0}\0"s},
      {"bytes FF FE", "[\"\xFF\xFE\"]"},
      {"overlong slash", "[\"\xC0\xAF\"]"},
      {"overlong in three bytes", "[\"\xE0\x80\xAF\"]"},
      {"encoded surrogate", "[\"\xED\xA0\x80\"]"},
      {"above the last character", "[\"\xF4\x90\x80\x80\"]"},
      {"cut character", "[\"\xE2\x82\"]"},
      {"continuation alone", "[\"\x80\"]"},
      {"bad utf8 outside", "[1]\xFF"},
  };
  for (const Row& row : rows) {
    INFO(row.name << ": " << row.text.substr(0, 100));
    Document document;
    CHECK(check(row.text, document) != "");
    CHECK_FALSE(document.root());
    // nlohmann drops a byte order mark and stops at a NUL behind the value.
    const bool known = row.name == "byte order mark"s || row.name == "NUL at the end"s ||
                       row.name == "two objects and NUL"s;
    CHECK((known || !nlohmann::json::accept(row.text)));
  }
}

TEST_CASE("document bounds the depth, RP-03") {
  struct Deep {
    const char* open;
    const char* close;
    int depth;
  };
  Parser parser;
  Document document;
  for (const Deep& deep :
       {Deep{"[", "]", 65}, Deep{"[", "]", 1025}, Deep{"[", "]", 100'000}, Deep{"[", "", 5'000'000},
        Deep{"{\"a\":", "}", 65}, Deep{"{\"a\":", "}", 100'000}, Deep{"[{\"a\":", "}]", 33}}) {
    std::string text;
    for (int i = 0; i < deep.depth; ++i) text += deep.open;
    text += "1";
    for (int i = 0; i < deep.depth; ++i) text += deep.close;
    INFO(deep.open << " " << deep.depth);
    const auto parsed = document.parse_copy(parser, text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == Code::kTooLarge);
    CHECK(parsed.error().message.find("nested deeper than 64") == 0);
  }
  CHECK(document.parse_copy(parser, "{}"));
}

TEST_CASE("document bounds the number of values") {
  Parser parser;
  Document document;
  const auto array_of = [](std::size_t values) {
    std::string text = "[0";
    for (std::size_t i = 1; i < values; ++i) text += ",0";
    return text + "]";
  };
  CHECK(document.parse_copy(parser, array_of(kMaxValues - 1)));
  CHECK(document.root().size() == kMaxValues - 1);
  const auto parsed = document.parse_copy(parser, array_of(kMaxValues));
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == Code::kTooLarge);
}

TEST_CASE("document refuses a key that occurs twice, also when spelt with escapes, RP-04") {
  std::string many = "{\"k0\":0";
  for (int i = 1; i < 200; ++i) many += ",\"k" + std::to_string(i) + "\":0";
  const Row rows[] = {
      {"plain", R"({"method":1,"method":2})"},
      {"escaped", R"({"id":1,"\u0069d":2})"},
      {"both escaped", R"({"\u0069d":1,"i\u0064":2})"},
      {"surrogate pair and raw", "{\"\xF0\x9F\x98\x80\":1,\"\\ud83d\\ude00\":2}"},
      {"empty", R"({"":1,"":2})"},
      {"nested", R"({"a":{"b":[{"path":1,"x":2,"path":3}]}})"},
      {"many", many + ",\"k7\":1}"},
      {"many, escaped", many + ",\"\\u006b199\":1}"},
      {"seventeen", R"({"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,)"
                    R"("m":0,"n":0,"o":0,"p":0,"a":0})"},
      {"sixteen", R"({"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,)"
                  R"("m":0,"n":0,"o":0,"a":0})"},
  };
  Parser parser;
  for (const Row& row : rows) {
    INFO(row.name);
    Document document;
    const auto parsed = document.parse_copy(parser, row.text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == Code::kConflict);
    CHECK_FALSE(document.root());
  }
  Document document;
  CHECK(document.parse_copy(parser, many + "}"));
  CHECK(document.root().size() == 200);
  CHECK(document.root().find("k123"));
}

TEST_CASE("document carries numbers of any size") {
  Parser parser;
  Document document;
  const std::string digits(30, '7');
  REQUIRE(document.parse_copy(parser, "[" + digits + ",1e400,-1e-999999,1.50, 9007199254740993 ]"));
  std::vector<std::string> tokens;
  const Value root = document.root();
  for (Value item = root.first(); item; item = root.after(item))
    tokens.emplace_back(item.number_token());
  CHECK(tokens ==
        std::vector<std::string>{digits, "1e400", "-1e-999999", "1.50", "9007199254740993"});
  CHECK_FALSE(root.first().integer());
}

TEST_CASE("document says where the text breaks") {
  Parser parser;
  Document document;
  const auto parsed = document.parse_copy(parser, R"({"a":1,"b" 2})");
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == Code::kInvalidArgs);
  CHECK(parsed.error().message == "expected ':' after a key at byte 12");
}

TEST_CASE("document keeps source text and structure") {
  Parser parser;
  Document document;
  const std::string line = R"( {"a" : [1, {"x":"y\n"} ] , "b\u0063":"z" } )";
  REQUIRE(document.parse_copy(parser, line));
  const Value root = document.root();
  CHECK(root.raw() == line.substr(1, line.size() - 2));
  CHECK(root.size() == 2);
  const Value a = root.find("a");
  CHECK(a.raw() == R"([1, {"x":"y\n"} ])");
  CHECK(a.first().raw() == "1");
  CHECK(a.after(a.first()).raw() == R"({"x":"y\n"})");
  CHECK_FALSE(a.after(a.after(a.first())));
  CHECK(a.after(a.first()).find("x").string() == "y\n");
  CHECK(a.after(a.first()).find("x").raw() == R"("y\n")");
  CHECK(root.after(a).key() == "bc");
  CHECK(root.find("bc").string() == "z");
  CHECK_FALSE(root.find("B"));
  CHECK_FALSE(root.find("a").find("x"));
  CHECK(root.find_any({"bc", "a"}).key() == "a");
  CHECK(root.find_any({"b", "bc"}).string() == "z");
  CHECK_FALSE(root.find_any({"b", "c"}));
  CHECK_FALSE(a.find_any({"x"}));
  CHECK_FALSE(Value().find("a"));
  CHECK_FALSE(Value().find_any({"a"}));
  CHECK_FALSE(Value().first());
}

TEST_CASE("document strings without escapes are views into the line") {
  Parser parser;
  Document document;
  std::string line = R"(["plain","esc\taped"])";
  const std::size_t size = line.size();
  line.resize(size + kPadding);
  REQUIRE(document.parse(parser, std::string_view(line).substr(0, size)));
  const Value plain = document.root().first();
  CHECK(plain.string().data() == line.data() + 2);
  const Value escaped = document.root().after(plain);
  CHECK((escaped.string().data() < line.data() ||
         escaped.string().data() >= line.data() + line.size()));
  CHECK(escaped.string() == "esc\taped");
}

TEST_CASE("document can be moved and used again") {
  Parser parser;
  Document document;
  REQUIRE(document.parse_copy(parser, R"({"a":"b","c":"\n"})"));
  const Document moved = std::move(document);
  CHECK(moved.root().find("a").string() == "b");
  CHECK(moved.root().find("c").string() == "\n");
  Document again;
  REQUIRE(again.parse_copy(parser, "[" + std::string(3'000'000, ' ') + "1]"));
  REQUIRE(again.parse_copy(parser, "[\"\\n\"]"));
  CHECK(again.root().first().string() == "\n");
}

}  // namespace
}  // namespace quarry::json
