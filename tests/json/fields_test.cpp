#include "server/json/fields.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "server/json/document.h"

namespace quarry::json {
namespace {

enum class Mode { kAuto, kText, kBinary };

struct Args {
  std::string_view path;
  std::int64_t limit = 2000;
  std::optional<bool> deep;
  std::optional<std::int64_t> first_line;
  Mode mode = Mode::kAuto;
  std::vector<std::string_view> globs;
  Value edits;
  std::int64_t offset = 0;
  std::string_view secret;
};

}  // namespace

template <>
inline constexpr std::array enum_names<Mode> = {std::string_view("auto"), std::string_view("text"),
                                                std::string_view("binary")};

namespace {

constexpr auto kFields = fields(
    field<&Args::path>("path").synonyms("file_path", "filePath"),
    field<&Args::limit>("limit").range(1, 100'000).optional(), field<&Args::deep>("deep"),
    field<&Args::first_line>("first_line").range(1, std::numeric_limits<std::int64_t>::max()),
    field<&Args::mode>("mode").optional(), field<&Args::globs>("globs").optional(),
    field<&Args::edits>("edits").optional(), field<&Args::offset>("offset").optional(),
    field<&Args::secret>("secret").hidden());

struct Outcome {
  Document document;
  Args args{};
  std::string error;  // empty: bound
};

Outcome check(std::string_view json) {
  static Parser parser;
  Outcome outcome;
  REQUIRE(outcome.document.parse_copy(parser, json));
  const auto bound = bind(kFields, outcome.document.root(), outcome.args);
  if (bound) return outcome;
  CHECK(bound.error().code == Code::kInvalidArgs);
  outcome.error = bound.error().message;
  return outcome;
}

struct Files {
  std::optional<std::string_view> path;
  std::vector<std::string_view> paths;
};

constexpr auto kFiles = fields(field<&Files::path>("path").synonyms("file_path"),
                               field<&Files::paths>("paths").optional().synonyms("files"));

TEST_CASE("fields take a list for the plural of what it was given as") {
  const auto bound = [](std::string_view json, Files& files) {
    Parser parser;
    Document document;
    REQUIRE(document.parse_copy(parser, json));
    const auto done = bind(kFiles, document.root(), files);
    if (!done) return done.error().message;
    std::string said;
    for (const std::string_view path : files.paths) said.append(path).append(";");
    return said;
  };
  for (const auto& [json, want] : std::vector<std::pair<std::string, std::string>>{
           {R"({"path":["a","b"]})", "a;b;"},
           {R"({"file_path":["a"]})", "a;"},
           {R"({"path":["a"],"files":["b"]})",
            "argument 'paths' is given more than once, as 'path' and 'files'; give it once"},
           {R"({"path":["a",1]})",
            "argument 'paths' must be an array of strings; its item 2 is a number"}}) {
    INFO(json);
    Files files;
    CHECK(bound(json, files) == want);
    CHECK_FALSE(files.path);
  }
}

TEST_CASE("fields bind each type") {
  const Outcome all =
      check(R"({"path":"a\tb","limit":7,"deep":true,"first_line":3.0,"mode":"binary",)"
            R"("globs":["x","y"],"edits":[{"old":"a"}],"offset":-5})");
  REQUIRE(all.error == "");
  CHECK(all.args.path == "a\tb");
  CHECK(all.args.limit == 7);
  CHECK(all.args.deep == true);
  CHECK(all.args.first_line == 3);
  CHECK(all.args.mode == Mode::kBinary);
  CHECK(all.args.globs == std::vector<std::string_view>{"x", "y"});
  CHECK(all.args.edits.first().find("old").string() == "a");
  CHECK(all.args.offset == -5);
}

TEST_CASE("fields that are left out keep their defaults") {
  for (const char* json :
       {R"({"path":""})", R"({"path":"","deep":null,"limit":null,"mode":null})"}) {
    const Outcome few = check(json);
    REQUIRE(few.error == "");
    CHECK(few.args.path.empty());
    CHECK(few.args.limit == 2000);
    CHECK_FALSE(few.args.deep.has_value());
    CHECK_FALSE(few.args.first_line.has_value());
    CHECK(few.args.mode == Mode::kAuto);
    CHECK(few.args.globs.empty());
    CHECK_FALSE(few.args.edits);
  }
}

TEST_CASE("fields accept what models write instead") {
  CHECK(check(R"({"file_path":"x"})").args.path == "x");
  CHECK(check(R"({"filePath":"x"})").args.path == "x");
  CHECK(check(R"({"path":"x","limit":"7"})").args.limit == 7);
  CHECK(check(R"({"path":"x","limit":"1e3"})").args.limit == 1000);
  CHECK(check(R"({"path":"x","deep":"true"})").args.deep == true);
  CHECK(check(R"({"path":"x","deep":"false"})").args.deep == false);
  CHECK(check(R"({"path":"x","globs":"*.c"})").args.globs == std::vector<std::string_view>{"*.c"});
  CHECK(check(R"({"path":"x","secret":"s"})").args.secret == "s");
  CHECK(check(R"({"path":"x","session":7,"max_tokens":[]})").error == "");
  CHECK(check(R"({"path":"x","edits":null})").args.edits.is(Type::kNull));
}

TEST_CASE("fields name what is wrong and what would be right, RP-22 RP-23") {
  struct Row {
    const char* json;
    const char* want;
  };
  const Row rows[] = {
      {"{}", "missing required argument 'path'"},
      {"null", "missing required argument 'path'"},
      {"[]", "the arguments must be an object, got an array"},
      {"\"x\"", "the arguments must be an object, got a string"},
      {R"({"path":7})", "argument 'path' must be a string, got a number"},
      {R"({"path":null})", "argument 'path' must be a string, got null"},
      {R"({"path":["a"]})", "argument 'path' must be a string, got an array"},
      {R"({"file_path":{}})", "argument 'path' must be a string, got an object"},
      {R"({"path":"a\u0000b"})", "argument 'path' must not contain a NUL character"},
      {R"({"path":"a","file_path":"b"})",
       "argument 'path' is given more than once, as 'path' and 'file_path'; give it once"},
      {R"({"path":"a","limit":0})",
       "argument 'limit' must be a whole number between 1 and 100000; got 0"},
      {R"({"path":"a","limit":100001})",
       "argument 'limit' must be a whole number between 1 and 100000; got 100001"},
      {R"({"path":"a","limit":1.5})",
       "argument 'limit' must be a whole number between 1 and 100000; got 1.5"},
      {R"({"path":"a","limit":1e400})",
       "argument 'limit' must be a whole number between 1 and 100000; got 1e400"},
      {R"({"path":"a","limit":"many"})",
       "argument 'limit' must be a whole number between 1 and 100000; got \"many\""},
      {R"({"path":"a","limit":""})",
       "argument 'limit' must be a whole number between 1 and 100000; got \"\""},
      {R"({"path":"a","limit":true})", "argument 'limit' must be a whole number, got a boolean"},
      {R"({"path":"a","first_line":0})",
       "argument 'first_line' must be a whole number, at least 1; got 0"},
      {R"({"path":"a","offset":9223372036854775808})",
       "argument 'offset' must be a whole number of at most 64 bits; got 9223372036854775808"},
      {R"({"path":"a","deep":1})", "argument 'deep' must be true or false, got a number"},
      {R"({"path":"a","deep":"yes"})", "argument 'deep' must be true or false; got 'yes'"},
      {R"({"path":"a","mode":"Text"})",
       "argument 'mode' must be one of 'auto', 'text', 'binary'; got 'Text'"},
      {R"({"path":"a","mode":1})", "argument 'mode' must be a string, got a number"},
      {R"({"path":"a","globs":{}})", "argument 'globs' must be an array of strings, got an object"},
      {R"({"path":"a","globs":["x",7]})",
       "argument 'globs' must be an array of strings; its item 2 is a number"},
      {R"({"path":"a","globs":["\u0000"]})", "argument 'globs' must not contain a NUL character"},
      {R"({"pth":"a"})", "unknown argument 'pth'; did you mean 'path'?"},
      {R"({"path":"a","firstLine":1})", "unknown argument 'firstLine'; did you mean 'first_line'?"},
      {R"({"path":"a","max-token":1})", "unknown argument 'max-token'; did you mean 'max_tokens'?"},
      {R"({"path":"a","recursive":1})",
       "unknown argument 'recursive'; the arguments are 'path', 'limit', 'deep', 'first_line', "
       "'mode', 'globs', 'edits', 'offset'"},
      {R"({"path":"a","":1})",
       "unknown argument ''; the arguments are 'path', 'limit', 'deep', 'first_line', 'mode', "
       "'globs', 'edits', 'offset'"},
      {R"({"path":"a","Path":"b"})", "unknown argument 'Path'; did you mean 'path'?"},
      {R"({"path\u0000":"a"})", "unknown argument 'path\\x00'; did you mean 'path'?"},
  };
  for (const Row& row : rows) {
    INFO(row.json);
    CHECK(check(row.json).error == row.want);
  }
}

TEST_CASE("a message shows no more of what was sent than a line needs") {
  const std::string huge(1'000'000, 'k');
  const std::string name_error = check("{\"" + huge + "\":1}").error;
  CHECK(name_error.size() < 300);
  CHECK(name_error.find("kkk...'") != std::string::npos);
  CHECK(check("{\"path\":\"a\",\"limit\":\"" + huge + "\"}").error.size() < 300);
  CHECK(check(R"({"path":"a","limit":"a\nb"})").error.find('\n') == std::string::npos);
}

TEST_CASE("a tool without arguments says so") {
  struct None {};
  static Parser parser;
  Document document;
  REQUIRE(document.parse_copy(parser, R"({"x":1})"));
  None none;
  const std::array<FieldInfo, 0> table = fields();
  const auto bound = bind(table, document.root(), none);
  REQUIRE_FALSE(bound);
  CHECK(bound.error().message == "unknown argument 'x'; none is needed here");
  CHECK(bind(table, Value(), none));
}

}  // namespace
}  // namespace quarry::json
