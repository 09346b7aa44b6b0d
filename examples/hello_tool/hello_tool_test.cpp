#include <catch2/catch.hpp>

#include "tests/support/tool_call.h"

namespace quarry::tools {
extern const Tool hello_tool;
namespace {

TEST_CASE("hello_tool greets as often as asked and refuses what it cannot greet") {
  struct Row {
    const char* arguments;
    std::string want;
  };
  const Row rows[] = {
      {R"({"name":"Ann"})", "hello, Ann\n"},
      {R"({"name":"Ann","times":2})", "hello, Ann\nhello, Ann\n"},
      {R"({"name":"Ann","times":"2"})", "hello, Ann\nhello, Ann\n"},
      {R"({"name":""})", "error: argument 'name' is empty; pass whom to greet"},
  };
  for (const Row& row : rows) {
    INFO(row.arguments);
    CHECK(test::call_tool(hello_tool, row.arguments).text() == row.want);
  }
  for (const char* wrong : {R"({})", R"({"name":7})", R"({"name":"Ann","times":11})"}) {
    INFO(wrong);
    CHECK(!test::call_tool(hello_tool, wrong).error.empty());
  }
}

}  // namespace
}  // namespace quarry::tools
