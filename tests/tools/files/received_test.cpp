// Re-reads in a session with a ledger: read_file, and what edit_file and write_file tell it.

#include <catch2/catch.hpp>

#include "server/change/changes.h"
#include "server/files/line_index.h"
#include "server/session/ledger.h"
#include "server/session/sessions.h"
#include "tests/support/temp_workspace.h"
#include "tests/support/tool_call.h"

namespace quarry::tools {

extern const Tool edit_file;
extern const Tool read_file;
extern const Tool write_file;

namespace {

using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;

class TurnedClock final : public Clock {
 public:
  std::int64_t steady_ns() const override { return now_ms * 1'000'000; }
  std::int64_t wall_ms() const override { return 1'800'000'000'000 + now_ms; }
  std::int64_t now_ms = 1000;
};

// A session with a ledger.
class World {
 public:
  explicit World(const std::map<std::string, std::string>& content) : files(content) {}

  // `received`: the answer reaches the client.
  std::string operator()(const Tool& tool, std::string_view arguments, bool received = true) {
    const auto session = sessions_.default_session();
    test::ToolAnswer answer = test::call_tool(tool, arguments,
                                              {.session = *session,
                                               .files = session->workspace(),
                                               .line_indexes = indexes_,
                                               .changes = changes_,
                                               .clock = &clock,
                                               .ledger = &ledger_,
                                               .max_tokens = 24'000});
    if (received && answer.error.empty() && answer.output.on_sent) answer.output.on_sent();
    return answer.text();
  }
  std::string read(std::string_view arguments = R"({"path":"a.c"})") {
    return (*this)(read_file, arguments);
  }

  test::TempWorkspace files;
  TurnedClock clock;

 private:
  test::TempWorkspace state_;
  change::Changes changes_{{.state_directory = state_.root(), .sync = false, .limits = {}}, clock};
  std::unique_ptr<store::Store> store_ = store::Store::in_memory();
  session::Sessions sessions_{{.roots = {sandbox::Workspace::open(files.root()).value()},
                               .git_helper = "/nonexistent",
                               .limits = {}},
                              *store_,
                              clock};
  files::LineIndexes indexes_{clock};
  session::Ledger ledger_{{.bytes = 4 << 20, .age_ms = 3'600'000},
                          std::make_shared<session::LedgerMemory>(8 << 20)};
};

std::string lines(int count, const std::string& word = "line") {
  std::string text;
  for (int i = 1; i <= count; ++i) text += word + " " + std::to_string(i) + "\n";
  return text;
}

TEST_CASE("a file that is read again unchanged is answered by one line, and in full by force") {
  World world({{"a.c", lines(100)}});
  const std::string first = world.read();
  CHECK_THAT(first, StartsWith("a.c: 100 lines, ") && EndsWith("   100\tline 100"));
  world.clock.now_ms += 5 * 60'000;
  const std::string again = world.read();
  CHECK_THAT(again,
             StartsWith("a.c: unchanged since this session received lines 1-100 of 100, 5 minutes "
                        "ago (hash ") &&
                 EndsWith("; force=true sends them again"));
  CHECK(world.read(R"({"path":"./a.c","offset":20,"limit":5})").find("unchanged") !=
        std::string::npos);
  CHECK(world.read(R"({"path":"a.c","tail":3})").find("unchanged") != std::string::npos);
  CHECK(world.read(R"({"path":"a.c","force":true})") == first);
  // The same file by another way is the same; as other text it is another.
  world.files.link("a.c", "link.c");
  CHECK_THAT(world.read(R"({"path":"link.c"})"), StartsWith("link.c: unchanged"));
  CHECK_THAT(world.read(R"({"path":"a.c","encoding":"koi8-r"})"), StartsWith("a.c: 100 lines"));
  CHECK_THAT(world.read(R"({"path":"a.c","mode":"hex","limit":16})"), Contains("00000000"));
}

TEST_CASE("text counts as received when it was, all of it, and not too long ago") {
  World world({{"a.c", lines(100)}});
  (void)world(read_file, R"({"path":"a.c"})", /*received=*/false);
  CHECK_THAT(world.read(R"({"path":"a.c","limit":10})"), StartsWith("a.c: 100 lines"));
  CHECK_THAT(world.read(R"({"path":"a.c","limit":11})"), StartsWith("a.c: 100 lines"));
  CHECK_THAT(world.read(R"({"path":"a.c","offset":5,"limit":7})"), StartsWith("a.c: unchanged"));
  world.clock.now_ms += 3'600'001;
  CHECK_THAT(world.read(R"({"path":"a.c","limit":10})"), StartsWith("a.c: 100 lines"));
  CHECK_THAT(world.read(R"({"path":"a.c","offset":200})"), Contains("past the end"));
  CHECK_THAT(world.read(R"({"path":"a.c","offset":200})"), Contains("past the end"));
}

TEST_CASE("a line that was clipped was not received") {
  World world({{"a.c", std::string(5000, 'x') + "\nshort\n"}});
  CHECK_THAT(world.read(), Contains("[clipped"));
  CHECK_THAT(world.read(), Contains("[clipped"));
  CHECK_THAT(world.read(R"({"path":"a.c","limit":1})"), Contains(std::string(5000, 'x')));
}

TEST_CASE("a file that changed is answered by what changed, and is known then") {
  World world({{"a.c", lines(100)}});
  (void)world.read();
  std::string text = lines(100);
  text.replace(text.find("line 50"), 7, "LINE 50");
  world.files.write("a.c", text);
  const std::string changed = world.read(R"({"path":"a.c","offset":10,"limit":90})");
  CHECK_THAT(changed,
             StartsWith("a.c: 100 lines, ") &&
                 Contains("\nchanged since this session received it less than a minute "
                          "ago (hash ") &&
                 Contains("): +1 -1 lines; force=true sends the text\n@@ -47,7 +47,7 @@") &&
                 Contains("\n-line 50\n+LINE 50\n"));
  CHECK(changed.find("line 60") == std::string::npos);
  CHECK_THAT(world.read(), StartsWith("a.c: unchanged since this session received lines 1-100"));
}

TEST_CASE("an empty file is said to be empty, and its text is known") {
  World world(std::map<std::string, std::string>{{"a.c", ""}});
  CHECK_THAT(world.read(), StartsWith("a.c: empty file"));
  CHECK_THAT(world.read(),
             StartsWith("a.c: empty, as this session received it less than a minute"));
  world.files.write("a.c", "one\ntwo\n");
  CHECK_THAT(world.read(), Contains("changed since this session received it"));
  world.files.write("a.c", "");
  const std::string emptied = world.read();
  CHECK_THAT(emptied, StartsWith("a.c: empty file") && !Contains("is not kept"));
}

TEST_CASE("where the difference cannot be told the text is given, and why") {
  World world({{"part.c", lines(100)}, {"other.c", lines(100)}, {"large.c", lines(60'000)}});
  (void)world.read(R"({"path":"part.c","limit":10})");
  world.files.write("part.c", lines(100) + "more\n");
  CHECK_THAT(world.read(R"({"path":"part.c"})"),
             StartsWith("part.c: 101 lines") && Contains("   101\tmore\n") &&
                 EndsWith("; this is its text, since only a part of it had been received"));
  (void)world.read(R"({"path":"other.c"})");
  world.files.write("other.c", lines(100, "other"));
  CHECK_THAT(world.read(R"({"path":"other.c"})"),
             Contains("   100\tother 100\n") && EndsWith("since the difference is no shorter"));
  for (int i = 0; i < 60; ++i) {
    (void)world.read(R"({"path":"large.c","limit":1000,"offset":)" + std::to_string(i * 1000 + 1) +
                     "}");
  }
  world.files.write("large.c", lines(60'000) + "more\n");
  CHECK_THAT(world.read(R"({"path":"large.c","tail":2})"),
             Contains("\tmore\n") && EndsWith("since the text before is not kept"));
}

TEST_CASE("who edits a file that it has received knows the rest, and who writes one knows it all") {
  World world({{"a.c", lines(100)}, {"b.c", lines(100)}, {"c.c", lines(3)}});
  (void)world.read();
  CHECK_THAT(world(edit_file, R"({"path":"a.c","old_string":"line 50","new_string":"LINE"})"),
             StartsWith("edited a.c"));
  CHECK_THAT(world.read(), StartsWith("a.c: unchanged"));
  // Not seen before: the rest of it is not known.
  (void)world(edit_file, R"({"path":"b.c","old_string":"line 50","new_string":"LINE"})");
  CHECK_THAT(world.read(R"({"path":"b.c"})"), StartsWith("b.c: 100 lines"));
  // A trial changes nothing, and is no reading.
  (void)world(edit_file, R"({"path":"c.c","old_string":"line 3","new_string":"x","dry_run":true})");
  CHECK_THAT(world.read(R"({"path":"c.c"})"), StartsWith("c.c: 3 lines"));

  (void)world(write_file, R"({"path":"new.c","content":"one\ntwo\n"})");
  CHECK_THAT(world.read(R"({"path":"new.c"})"), StartsWith("new.c: unchanged"));
  (void)world(write_file, R"({"path":"new.c","content":"three\n","append":true})");
  CHECK_THAT(world.read(R"({"path":"new.c"})"), StartsWith("new.c: unchanged"));
  (void)world(write_file, R"({"path":"lost.c","content":"one\n"})", /*received=*/false);
  CHECK_THAT(world.read(R"({"path":"lost.c"})"), StartsWith("lost.c: 1 line"));
}

TEST_CASE("of several files each is accounted for by itself") {
  World world({{"a.c", lines(3)}, {"b.c", lines(3)}, {"c.c", lines(3)}});
  (void)world.read(R"({"paths":["a.c","b.c"]})");
  const std::string all = world.read(R"({"paths":["a.c","b.c","c.c"]})");
  CHECK_THAT(all, StartsWith("a.c: unchanged") && Contains("\nb.c: unchanged") &&
                      Contains("\nc.c: 3 lines"));
}

}  // namespace
}  // namespace quarry::tools
