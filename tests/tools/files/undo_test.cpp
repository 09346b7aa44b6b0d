#include "tests/tools/files/change_call.h"

namespace quarry::tools {

extern const Tool undo;
extern const Tool delete_path;
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
