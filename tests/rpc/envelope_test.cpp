#include "server/rpc/envelope.h"

#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace quarry::rpc {
namespace {

struct Read {
  json::Document document;
  std::string line;
  Envelope envelope;
};

Read check(std::string text) {
  static json::Parser parser;
  Read read;
  const std::size_t size = text.size();
  read.line = std::move(text);
  read.line.resize(size + json::kPadding);
  read.envelope = read_envelope(read.document, parser, std::string_view(read.line).substr(0, size));
  return read;
}

TEST_CASE("P10 ids are echoed as their exact source text, RP-06") {
  const std::string long_id = "\"" + std::string(256, 'i') + "\"";
  for (const std::string& id :
       {std::string("1"), std::string("0"), std::string("-1"), std::string("-0"),
        std::string("9007199254740993"), std::string("-9223372036854775808"),
        std::string("18446744073709551615"), std::string("\"1\""), std::string("\"\""),
        std::string(R"("a\"b\u00e9\n")"), std::string("\"\xC3\xA9\""), long_id}) {
    INFO(id);
    const Read read = check(R"({"jsonrpc":"2.0", "id" : )" + id + R"( ,"method":"m"})");
    CHECK(read.envelope.kind == Kind::kRequest);
    CHECK(read.envelope.id == id);
    CHECK(read.envelope.method == "m");
    std::string out;
    append_result_head(out, read.envelope.id);
    out += "{}}";
    CHECK(out == R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{}})");
    CHECK(nlohmann::json::accept(out));
  }
}

TEST_CASE("P11 ids of other kinds are refused without an echo, RP-06") {
  for (const std::string& id :
       {std::string("null"), std::string("true"), std::string("1.5"), std::string("1.0"),
        std::string("1e3"), std::string("1e400"), std::string("18446744073709551616"),
        std::string("-9223372036854775809"), std::string(30, '7'), std::string("[1]"),
        std::string("{}"), "\"" + std::string(257, 'i') + "\"",
        "\"" + std::string(1'000'000, 'i') + "\""}) {
    INFO(id.substr(0, 40));
    const Read read = check(R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"m"})");
    CHECK(read.envelope.kind == Kind::kMalformed);
    CHECK(read.envelope.code == kInvalidRequest);
    CHECK(read.envelope.id.empty());
  }
}

TEST_CASE("messages are told apart by their members alone") {
  struct Row {
    const char* line;
    Kind kind;
    int code;
    const char* id;
  };
  const Row rows[] = {
      {R"({"jsonrpc":"2.0","id":1,"method":"m","params":{}})", Kind::kRequest, 0, "1"},
      {R"({"method":"m","params":{},"id":1,"jsonrpc":"2.0"})", Kind::kRequest, 0, "1"},
      {R"({"jsonrpc":"2.0","id":1,"method":"m","extra":[1]})", Kind::kRequest, 0, "1"},
      {R"({"jsonrpc":"2.0","id":1,"method":""})", Kind::kRequest, 0, "1"},
      {R"({"jsonrpc":"2.0","id":1,"method":"m","result":1})", Kind::kRequest, 0, "1"},
      {R"({"\u006asonrpc":"2.\u0030","id":1,"method":"m"})", Kind::kRequest, 0, "1"},
      {R"({"jsonrpc":"2.0","method":"m"})", Kind::kNotification, 0, ""},
      {R"({"jsonrpc":"2.0","method":"m","params":null})", Kind::kNotification, 0, ""},
      {R"({"jsonrpc":"2.0","id":1,"result":{}})", Kind::kResponse, 0, "1"},
      {R"({"jsonrpc":"2.0","id":1,"error":{}})", Kind::kResponse, 0, "1"},
      {R"({"id":"x","result":null})", Kind::kResponse, 0, "\"x\""},
      {R"({"jsonrpc":"2.0","id":null,"error":{}})", Kind::kResponse, 0, ""},
      {R"([{"jsonrpc":"2.0","id":1,"method":"m"}])", Kind::kBatch, 0, ""},
      {"[]", Kind::kBatch, 0, ""},
      {"{}", Kind::kMalformed, kInvalidRequest, ""},
      {"1", Kind::kMalformed, kInvalidRequest, ""},
      {"\"x\"", Kind::kMalformed, kInvalidRequest, ""},
      {"null", Kind::kMalformed, kInvalidRequest, ""},
      {R"({"id":1,"method":"m"})", Kind::kMalformed, kInvalidRequest, "1"},
      {R"({"jsonrpc":"1.0","id":"a","method":"m"})", Kind::kMalformed, kInvalidRequest, "\"a\""},
      {R"({"jsonrpc":2.0,"id":1,"method":"m"})", Kind::kMalformed, kInvalidRequest, "1"},
      {R"({"jsonrpc":"2.0","id":1})", Kind::kMalformed, kInvalidRequest, "1"},
      {R"({"jsonrpc":"2.0","id":1,"method":7})", Kind::kMalformed, kInvalidRequest, "1"},
      {R"({"jsonrpc":"2.0","id":1.5,"method":7})", Kind::kMalformed, kInvalidRequest, ""},
      {R"({"jsonrpc":"2.0","method":["m"]})", Kind::kMalformed, kInvalidRequest, ""},
      // Keys are compared byte for byte, RP-05.
      {R"({"jsonrpc":"2.0","id":1,"Method":"m"})", Kind::kMalformed, kInvalidRequest, "1"},
      {R"({"JSONRPC":"2.0","id":1,"method":"m"})", Kind::kMalformed, kInvalidRequest, "1"},
      {R"({"jsonrpc":"2.0","ID":1,"method":"m"})", Kind::kNotification, 0, ""},
      {R"({"jsonrpc":"2.0","id\u0000":1,"method":"m"})", Kind::kNotification, 0, ""},
      {"{\"jsonrpc\":\"2.0\",\"id\":1,\"\xEF\xBD\x8D\x65thod\":\"m\"}", Kind::kMalformed,
       kInvalidRequest, "1"},
      // What the document room refuses.
      {R"({"jsonrpc":"2.0","id":1,"method":"m","method":"n"})", Kind::kMalformed, kInvalidRequest,
       "1"},
      {R"({"jsonrpc":"2.0","id":"a","method":"m","params":{"set":{"k":1,"k":2}}})",
       Kind::kMalformed, kInvalidRequest, "\"a\""},
      {R"({"jsonrpc":"2.0","id":1,"result":{"k":1,"k":2}})", Kind::kMalformed, kInvalidRequest, ""},
      {R"({"jsonrpc":"2.0","id":1,"\u0069d":2,"method":"m"})", Kind::kMalformed, kInvalidRequest,
       ""},
      {R"({"jsonrpc":"2.0","id":1,"method":"m",})", Kind::kMalformed, kParseError, ""},
      {R"({"jsonrpc":"2.0","id":1,"method":"m"}{})", Kind::kMalformed, kParseError, ""},
      {"tru", Kind::kMalformed, kParseError, ""},
      {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xFF\"}", Kind::kMalformed, kParseError, ""},
      {R"({"jsonrpc":"2.0","id":"\ud800","method":"m"})", Kind::kMalformed, kInvalidRequest, ""},
      {R"({"jsonrpc":"2.0","id":7,"method":"m","params":["x\ud83d"]})", Kind::kMalformed,
       kInvalidRequest, "7"},
      {R"({"jsonrpc":"2.0","id":7,"method":"m","params":["\ude00\ud83d\ude00\\\\ud800\ud83d\ud83d"]})",
       Kind::kMalformed, kInvalidRequest, "7"},
      {R"({"jsonrpc":"2.0","id":7,"method":"m","params":["\ud800"})", Kind::kMalformed, kParseError,
       ""},
      {R"({"jsonrpc":"2.0","id":7,"method":"m","params":["\ud8"]})", Kind::kMalformed, kParseError,
       ""},
      {"not json at all", Kind::kMalformed, kParseError, ""},
  };
  for (const Row& row : rows) {
    INFO(row.line);
    const Read read = check(row.line);
    CHECK(read.envelope.kind == row.kind);
    CHECK(read.envelope.code == row.code);
    CHECK(read.envelope.id == row.id);
    CHECK((row.kind == Kind::kMalformed) == !read.envelope.problem.empty());
  }
}

TEST_CASE("depth is bounded for a whole message, RP-03") {
  const auto nested = [](std::size_t depth) {
    return R"({"jsonrpc":"2.0","id":1,"method":"m","params":)" + std::string(depth, '[') +
           std::string(depth, ']') + "}";
  };
  CHECK(check(nested(63)).envelope.kind == Kind::kRequest);
  for (const std::size_t depth : {64U, 1025U, 100'000U, 5'000'000U}) {
    const Read read = check(nested(depth));
    CHECK(read.envelope.kind == Kind::kMalformed);
    CHECK(read.envelope.code == kInvalidRequest);
  }
}

TEST_CASE("params that are null are absent, others are kept as they are") {
  CHECK_FALSE(check(R"({"jsonrpc":"2.0","id":1,"method":"m","params":null})").envelope.params);
  CHECK_FALSE(check(R"({"jsonrpc":"2.0","id":1,"method":"m"})").envelope.params);
  const Read read = check(R"({"jsonrpc":"2.0","id":1,"method":"m","params":[1]})");
  CHECK(read.envelope.params.is(json::Type::kArray));
  CHECK(read.envelope.params.raw() == "[1]");
}

TEST_CASE("members of a batch are classified one by one, P5") {
  const Read read =
      check(R"([{"jsonrpc":"2.0","id":1,"method":"a"},7,{"jsonrpc":"2.0","method":"b"},)"
            R"({"jsonrpc":"2.0","id":null,"method":"c"}])");
  REQUIRE(read.envelope.kind == Kind::kBatch);
  std::vector<Kind> kinds;
  const json::Value batch = read.envelope.message;
  for (json::Value member = batch.first(); member; member = batch.after(member))
    kinds.push_back(classify(member).kind);
  CHECK(kinds ==
        std::vector<Kind>{Kind::kRequest, Kind::kMalformed, Kind::kNotification, Kind::kMalformed});
}

TEST_CASE("equal ids have one key, unequal ids two") {
  const auto key = [](const std::string& id) {
    const Read read = check(R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"m"})");
    REQUIRE(read.envelope.id_value);
    std::string out;
    append_id_key(out, read.envelope.id_value);
    return out;
  };
  CHECK(key("1") != key("\"1\""));
  CHECK(key("\"a\"") == key("\"\\u0061\""));
  CHECK(key("0") == key("-0"));
  CHECK(key("1") != key("-1"));
  CHECK(key("\"\"") != key("0"));
}

TEST_CASE("error responses have an id only when there is one") {
  const auto error = [](std::string_view id, std::string_view data) {
    std::string out;
    append_error(out, id, kParseError, "Parse \"error\"", data);
    return out;
  };
  CHECK(error("", "") ==
        R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse \"error\""}})");
  CHECK(error("null", "") ==
        R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse \"error\""}})");
  CHECK(error("\"x\"", R"({"a":1})") ==
        R"({"jsonrpc":"2.0","id":"x","error":{"code":-32700,"message":"Parse \"error\"",)"
        R"("data":{"a":1}}})");
}

}  // namespace
}  // namespace quarry::rpc
