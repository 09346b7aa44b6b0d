#include "tests/tools/files/change_call.h"

namespace quarry::tools {

extern const Tool undo;
extern const Tool delete_path;
extern const Tool edit_file;
extern const Tool replace_in_files;
extern const Tool write_file;
extern const Tool move_path;

namespace {

using Catch::Contains;
using test::ChangeCall;
using Files = std::map<std::string, std::string>;

std::string id_in(const std::string& text) {
  const std::size_t at = text.find("change ") + 7;
  return text.substr(at, text.find(';', at) - at);
}

TEST_CASE("undo takes back the newest changes and says how to take that back") {
  ChangeCall call({{"a", "a"}, {"d/e", "e"}});
  call(delete_path, R"({"path":"a"})");
  const std::string moved = id_in(call(move_path, R"({"source":"d/e","destination":"x/y"})"));
  CHECK_THAT(call(undo, R"({"count":2,"dry_run":true})"), Contains("would be undone"));
  CHECK(call.names() == std::vector<std::string>{"d/", "x/", "x/y"});
  const std::string first = call(undo, "{}");
  CHECK_THAT(first, Catch::StartsWith("change " + moved +
                                      " (move_path) undone\n"
                                      "  x/y moved back to d/e\n  x/ removed\n"
                                      "  to take this back: undo with change_id="));
  const std::string again = first.substr(first.rfind('=') + 1);
  CHECK_THAT(call(undo, R"({"count":5})"),
             Contains("  a made again\n") && Contains("no more changes of this session"));
  CHECK(call.names() == std::vector<std::string>{"a", "d/", "d/e"});
  CHECK_THAT(call(undo, R"({"change_id":")" + again.substr(0, again.size() - 1) + "\"}"),
             Contains("(undo) undone"));
  CHECK(call.files.read("x/y") == "e");
}

TEST_CASE("undo shows what it puts back, not what is hidden, and keeps to its budget") {
  Files files{{"a.c", "one\ntwo\nthree\nfour\n"}, {".env", "KEY=old\n"}};
  for (int i = 0; i < 50; ++i) files[fmt::format("many/{}", i)] = "word\n";
  ChangeCall call(files);
  call(write_file, R"({"path":"a.c","content":"one\n2\nthree\nfour\n"})");
  for (const char* arguments : {R"({"dry_run":true})", "{}"}) {
    CHECK_THAT(call(undo, arguments),
               Contains("  a.c put back as it was\n@@ -1,3 +1,3 @@\n one\n-2\n+two\n three\n"));
  }
  call(write_file, R"({"path":".env","content":"KEY=new\n"})");
  const std::string hidden = call(undo, "{}");
  CHECK_THAT(hidden, Contains(".env put back as it was") && !Contains("KEY"));
  const std::string key = "-----BEGIN OPENSSH PRIVATE KEY-----\n" + std::string(70, 'k') + "\n";
  call(write_file, R"({"path":"notes","content":"none yet"})");
  call.files.write("notes", key);
  call(write_file, R"({"path":"notes","content":"overwritten"})");
  for (const char* arguments : {R"({"dry_run":true})", "{}"}) {
    CHECK_THAT(call(undo, arguments), Contains("notes put back as it was") && !Contains("kkk") &&
                                          !Contains("overwritten"));
  }
  CHECK(call.files.read("notes") == key);
  call(replace_in_files,
       R"({"pattern":"word","replacement":"WORD","path":"many","dry_run":false})");
  CHECK_THAT(call(undo, "{}"), Contains("-WORD\n+word\n") && Contains("  and 30 more\n"));
  CHECK(call.files.read("many/49") == "word\n");
}

TEST_CASE("undo says what to undo first, or instead of what it refuses") {
  ChangeCall call(Files{{"a", "1\n2\n3\n"}, {"b", "b"}});
  const auto edit = [&](const char* from, const char* to) {
    return id_in(call(
        edit_file, fmt::format(R"({{"path":"a","old_string":"{}","new_string":"{}"}})", from, to)));
  };
  const std::string one = edit("1", "one");
  const std::string three = edit("3", "three");
  const std::string gone = id_in(call(delete_path, R"({"path":"b"})"));
  const auto undo_of = [&](const std::string& id) {
    return call(undo, R"({"change_id":")" + id + "\"}");
  };
  CHECK_THAT(undo_of(one),
             Contains("'a' was changed since; undo first change_id=" + three + " (edit_file)"));
  call.files.write("b", "by hand");
  CHECK_THAT(
      call(undo, "{}"),
      Contains("'b' was made since; the one before it is change_id=" + three + " (edit_file)"));
  CHECK_THAT(call(undo, R"({"count":2})"), Contains("the one before it is change_id=" + three));
  const std::string undone = undo_of(three);
  CHECK_THAT(undone, Contains("undone\n"));
  const std::string by = undone.substr(undone.rfind('=') + 1, 10);
  CHECK_THAT(undo_of(three), Contains("is undone already; change_id=" + by + " takes that back"));
  CHECK_THAT(undo_of(one), Contains("undone\n"));
  // Where nothing can be named nothing is.
  CHECK(call(undo, "{}") ==
        "error: change " + gone + " (delete_path) not undone: 'b' was made since");
}

TEST_CASE("undo refuses what was changed since and what belongs to another session") {
  ChangeCall call(Files{{"a", "a"}});
  const std::string id = id_in(call(delete_path, R"({"path":"a"})"));
  const std::string other = call.open_session();
  CHECK_THAT(call(undo, R"({"change_id":")" + id + "\"}", other), Contains("error: this session"));
  call.files.write("a", "by hand");
  CHECK_THAT(call(undo, "{}"), Contains("error: change " + id) && Contains("'a' was made since"));
  CHECK(call.files.read("a") == "by hand");
  test::check_mistakes(call, undo,
                       {{R"({"count":0})", "count"},
                        {R"({"count":101})", "count"},
                        {R"({"change_id":"none"})", "'none'"}});
}

}  // namespace
}  // namespace quarry::tools
