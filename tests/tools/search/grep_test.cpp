#include "tests/tools/search/tree_call.h"

namespace quarry::tools {

extern const Tool grep;

namespace {

using Catch::Contains;
using test::TreeCall;
using Files = std::map<std::string, std::string>;

TEST_CASE("grep answers text") {
  TreeCall call(Files{{"a.c", "one\nTwo\nthree\n"}, {"b.py", "two\n"}});
  CHECK(call(grep, R"({"pattern":"two"})") == "b.py\n1:two\n\n1 match in 1 of 2 files\n");
}

TEST_CASE("grep accepts the names that models know") {
  TreeCall call(Files{{"src/a.c", "one\ntwo\nthree\n"}, {"b.py", "two\n"}});
  struct Row {
    const char* arguments;
    const char* want;
  };
  const Row rows[] = {
      {R"({"query":"two","-A":1,"type":"c"})", "2:two\n3-three\n"},
      {R"({"pattern":"two","-B":"1","glob":"*.c"})", "1-one\n2:two\n"},
      {R"({"pattern":"two","-C":1,"-n":true,"includePattern":"*.c"})", "1-one\n2:two\n3-three\n"},
      {R"({"pattern":"TWO","-i":true})", "2 matches in 2 of 2 files"},
      {R"({"pattern":"TWO","case_sensitive":false})", "2 matches in 2 of 2 files"},
      {R"({"pattern":"t.o","isRegexp":false})", "0 matches in 0 of 2 files"},
      {R"({"pattern":"two","output_mode":"count","head_limit":1})", "b.py:1\n\n1 more; call again"},
      {R"({"pattern":"two","output_mode":"files_with_matches","path":"src"})", "src/a.c\n\n1 of 1"},
      {R"({"pattern":"two","file_path":"b.py","max_tokens":2000})", "b.py\n1:two\n"},
      {R"({"pattern":"two","target_file":"b.py","sort":"mtime"})", "b.py\n1:two\n"},
      {R"({"pattern":"two","relative_path":"b.py","context":51})",
       "note: 50 lines of context at most"},
      {R"({"pattern":"two","enclosing":true})", "note: enclosing is not known here"},
  };
  for (const Row& row : rows) {
    INFO(row.arguments);
    CHECK_THAT(call(grep, row.arguments), Contains(row.want));
  }
}

TEST_CASE("grep says what is wrong with its arguments") {
  TreeCall call(Files{{"a", "x"}});
  struct Row {
    const char* arguments;
    const char* want;
  };
  const Row rows[] = {
      {R"({})", "pattern"},
      {R"({"pattern":7})", "pattern"},
      {R"({"pattern":"x","output_mode":"lines"})", "output_mode"},
      {R"({"pattern":"x","head_limit":-1})", "head_limit"},
      {R"({"pattern":"x","context":-1})", "context"},
      {R"({"pattern":"x","sort":"size"})", "sort"},
      {R"({"pattern":"x","contxt":1})", "context"},
      {R"({"pattern":"x","path":"../y"})", "path"},
      {R"({"pattern":"x","path":"none"})", "none"},
      {R"({"pattern":"x","type":"nope"})", "type"},
      {R"-({"pattern":"x{1001}"})-", "repetition"},
  };
  for (const Row& row : rows) {
    INFO(row.arguments);
    CHECK_THAT(call(grep, row.arguments), Contains("error: ") && Contains(row.want));
  }
}

TEST_CASE("grep is a reading search on the heavy lane") {
  CHECK(grep.traits.name == "grep");
  CHECK(grep.traits.group == Group::kSearch);
  CHECK(grep.traits.lane == Lane::kHeavy);
  CHECK(grep.traits.effect == Effect::kReads);
}

}  // namespace
}  // namespace quarry::tools
