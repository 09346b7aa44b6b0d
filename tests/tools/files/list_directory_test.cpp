#include "tests/tools/search/tree_call.h"

namespace quarry::tools {

extern const Tool list_directory;

namespace {

using Catch::Contains;
using test::TreeCall;
using Files = std::map<std::string, std::string>;

TEST_CASE("list_directory answers a tree") {
  TreeCall call(Files{{"a.c", "12"}, {"src/b.c", ""}, {"src/b.h", ""}});
  CHECK(call(list_directory, "{}") == "a.c\nsrc/ (2 entries)\n\n2 entries in .\n");
  CHECK(call(list_directory, R"({"dir_path":".","maxDepth":2,"sizes":"true"})") ==
        "a.c (2 bytes)\nsrc/\n  b.c (0 bytes)\n  b.h (0 bytes)\n\n4 entries in . to depth 2\n");
  CHECK_THAT(call(list_directory, R"({"path":"a.c"})"),
             Contains("a.c\nfile, 2 bytes, 1 line, mode"));
}

TEST_CASE("list_directory says what is wrong with its arguments") {
  TreeCall call(Files{{"a", "x"}});
  struct Row {
    const char* arguments;
    const char* want;
  };
  const Row rows[] = {
      {R"({"path":"none"})", "none"}, {R"({"path":".."})", "path"}, {R"({"depth":0})", "depth"},
      {R"({"depth":21})", "depth"},   {R"({"limit":0})", "limit"},  {R"({"dept":2})", "depth"},
  };
  for (const Row& row : rows) {
    INFO(row.arguments);
    CHECK_THAT(call(list_directory, row.arguments), Contains("error: ") && Contains(row.want));
  }
}

}  // namespace
}  // namespace quarry::tools
