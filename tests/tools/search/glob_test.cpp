#include "tests/tools/search/tree_call.h"

namespace quarry::tools {

extern const Tool glob;

namespace {

using Catch::Contains;
using test::TreeCall;
using Files = std::map<std::string, std::string>;

TEST_CASE("glob answers paths") {
  TreeCall call(Files{{"a.c", ""}, {"src/b.c", ""}, {"src/b.h", ""}});
  CHECK(call(glob, R"({"pattern":"*.c","sort":"path"})") == "a.c\nsrc/b.c\n\n2 of 3 files match\n");
  CHECK_THAT(call(glob, R"({"glob_pattern":"*","dir_path":"src","max_results":1})"),
             Contains("1 more; call again with offset=1"));
  CHECK_THAT(call(glob, R"({"pattern":"*","offset":"2"})"), Contains("3 of 3 files match"));
}

TEST_CASE("glob says what is wrong with its arguments") {
  TreeCall call(Files{{"a", "x"}});
  struct Row {
    const char* arguments;
    const char* want;
  };
  const Row rows[] = {
      {R"({})", "pattern"},
      {R"({"pattern":"../*"})", "pattern"},
      {R"({"pattern":"/etc/*"})", "pattern"},
      {R"({"pattern":"*","sort":"size"})", "sort"},
      {R"({"pattern":"*","limit":10001})", "limit"},
      {R"({"pattern":"*","path":"a"})", "a"},
  };
  for (const Row& row : rows) {
    INFO(row.arguments);
    CHECK_THAT(call(glob, row.arguments), Contains("error: ") && Contains(row.want));
  }
}

}  // namespace
}  // namespace quarry::tools
