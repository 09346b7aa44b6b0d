// The races of the attack table that touch files: others rename, replace and write without pause
// while the tools run. Nothing outside the root is read, written or named, nothing blocks, and
// nothing is left behind. Each with 1, 4 and 8 attackers, with openat2 and with the component walk,
// with and without Landlock.

#include <atomic>
#include <set>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/wire/attackers.h"

namespace quarry::wire {
namespace {

namespace fs = std::filesystem;

// Every way to write at `path` and below it.
std::vector<Asked> writes_at(const std::string& path) {
  const std::string added = "\n@@ -0,0 +1 @@\n+made\n";
  return {
      {"write_file", {{"path", path + "/new"}, {"content", "made\n"}}},
      {"write_file", {{"path", path + "/s"}, {"content", "made\n"}}},
      {"write_file", {{"path", path + "/s"}, {"content", "made\n"}, {"append", true}}},
      {"write_file", {{"path", path + "/made/"}}},
      {"edit_file", {{"path", path + "/s"}, {"old_string", "n"}, {"new_string", "m"}}},
      {"apply_patch", {{"patch", "--- /dev/null\n+++ b/" + path + "/patched" + added}}},
      {"replace_in_files",
       {{"pattern", "made"}, {"replacement", "done"}, {"path", path}, {"dry_run", false}}},
      {"move_path",
       {{"source", "ok"}, {"destination", path + "/ok"}, {"copy", true}, {"overwrite", true}}},
      {"move_path", {{"source", path + "/new"}, {"destination", "back"}, {"overwrite", true}}},
      {"delete_path", {{"path", path + "/s"}}},
      {"delete_path", {{"path", path + "/deep"}, {"recursive", true}}},
      {"delete_path", {{"path", path + "/made"}, {"recursive", true}}},
      {"undo", Json::object()},
      {"undo", {{"count", 3}}},
  };
}

TEST_CASE("RC-02 a directory that becomes a link out of the root is not written through") {
  on_each_kernel_with_attackers([](Report& report, const Kernel&, int attackers) {
    Besieged siege(report, "RC-02", {{"ok", "fine\n"}, {"d/s", "inside\n"}, {"d/deep/s", "in\n"}});
    siege.tree.link("../outside", "away");
    const std::string d = siege.tree.path("d");
    const std::string away = siege.tree.path("away");
    {
      const AttackThreads swap(attackers, [&] { exchange(d, away); });
      for (int round = 0; round < kRounds; ++round) {
        for (const Asked& one : writes_at("d")) siege.ask(one.tool, one.arguments);
        siege.ask("write_file", {{"path", "d/s"}, {"content", "inside\n"}});
      }
    }
    siege.claim_outside_unchanged();
    if (fs::is_symlink(d)) exchange(d, away);
    // What a call met in the middle is settled by the next.
    siege.must_work("write_file", {{"path", "d/last"}, {"content", "x"}});
    siege.claim_no_leftovers();
  });
}

TEST_CASE("RC-03 a directory that is moved out of the root is not written in any more") {
  on_each_kernel_with_attackers([](Report& report, const Kernel& kernel, int attackers) {
    Besieged siege(
        report, "RC-03",
        {{"ok", "fine\n"}, {"p/s", "inside\n"}, {"p/deep/s", "in\n"}, {"x", "x"}, {"y", "y"}});
    const std::string p = siege.tree.path("p");
    const std::string stolen = fs::path(siege.tree.root()).parent_path().string() + "/stolen";
    std::atomic<bool> written{false};
    std::atomic<int> thefts{0};
    const auto names = [&] {
      std::set<std::string> found;
      std::error_code gone;
      for (const auto& entry : fs::recursive_directory_iterator(stolen, gone)) {
        found.insert(entry.path().string() + " " +
                     std::to_string(entry.last_write_time().time_since_epoch().count()));
      }
      return found;
    };
    std::atomic<int> turn{0};
    {
      const AttackThreads thief(attackers, [&] {
        if (turn.exchange(1) == 1) {
          // The others keep the parent busy.
          exchange(siege.tree.path("x"), siege.tree.path("y"));
          return;
        }
        if (rename(p.c_str(), stolen.c_str()) == 0) {
          // A call that was past its check may end; none may begin.
          usleep(5'000);
          const auto before = names();
          usleep(5'000);
          if (names() != before) written.store(true);
          // Another may have been made in its place.
          std::error_code ignored;
          while (rename(stolen.c_str(), p.c_str()) != 0 && errno != ENOENT) {
            fs::remove_all(p, ignored);
          }
          ++thefts;
        }
        turn.store(0);
      });
      for (int round = 0; round < kRounds; ++round) {
        for (const Asked& one : writes_at("p")) siege.ask(one.tool, one.arguments);
        siege.ask("write_file", {{"path", "p/s"}, {"content", "inside\n"}});
      }
      for (int i = 0; i < 10'000 && thefts.load() < 3; ++i) usleep(1'000);
    }
    siege.claim(thefts.load() >= 3, "nothing was stolen");
    siege.claim(!kernel.landlock || !written.load(), "written in a directory outside the root");
    siege.claim_outside_unchanged();
    siege.must_work("server_status", Json::object());
  });
}

TEST_CASE("RC-04 a file that becomes a FIFO blocks no call") {
  on_each_kernel_with_attackers([](Report& report, const Kernel&, int attackers) {
    Besieged siege(report, "RC-04", {{"file", "some text\n"}});
    const std::string file = siege.tree.path("file");
    const std::string fifo = siege.tree.path("fifo");
    if (mkfifo(fifo.c_str(), 0600) != 0) throw std::runtime_error("no fifo");
    const Asked calls[] = {
        {"read_file", {{"path", "file"}}},
        {"read_file", {{"path", "file"}, {"mode", "hex"}}},
        {"list_directory", {{"path", "file"}}},
        {"grep", {{"pattern", "text"}}},
        {"grep", {{"pattern", "text"}, {"path", "file"}}},
        {"edit_file", {{"path", "file"}, {"old_string", "some"}, {"new_string", "more"}}},
        {"edit_file", {{"path", "file"}, {"old_string", "more"}, {"new_string", "some"}}},
        {"write_file", {{"path", "file"}, {"content", "some text\n"}, {"append", true}}},
        {"write_file", {{"path", "file"}, {"content", "some text\n"}}},
        {"replace_in_files", {{"pattern", "text"}, {"replacement", "text "}, {"dry_run", false}}},
        {"move_path", {{"source", "file"}, {"destination", "copy"}, {"copy", true}}},
        {"delete_path", {{"path", "copy"}}},
        {"undo", Json::object()},
    };
    {
      const AttackThreads swap(attackers, [&] { exchange(file, fifo); });
      for (int round = 0; round < kRounds; ++round) {
        for (const Asked& one : calls) siege.ask(one.tool, one.arguments);
      }
    }
    siege.claim_no_leftovers();
    siege.must_work("server_status", Json::object());
  });
}

TEST_CASE("RC-07 paths that others do not touch work through a storm of renames") {
  on_each_kernel_with_attackers([](Report& report, const Kernel&, int attackers) {
    Besieged siege(report, "RC-07",
                   {{"a/b/c/file", "0\n"}, {"x/one", "x\n"}, {"y/two", "y\n"}, {"a/b/z", "z\n"}});
    siege.tree.link("c/file", "a/b/link");
    int failed = 0;
    constexpr int kCalls = 400;
    {
      std::atomic<int> number{0};
      const AttackThreads storm(attackers, [&] {
        exchange(siege.tree.path("x"), siege.tree.path("y"));
        const std::string other = siege.tree.path("moved" + std::to_string(number++));
        rename(siege.tree.path("a/b/z").c_str(), other.c_str());
        rename(other.c_str(), siege.tree.path("a/b/z").c_str());
      });
      for (int i = 0; i < kCalls; ++i) {
        const char* path = i % 2 == 0 ? "a/b/c/file" : "a/b/link";
        const Said said = i % 4 == 0
                              ? siege.ask("edit_file", {{"path", path},
                                                        {"old_string", std::to_string(i / 4)},
                                                        {"new_string", std::to_string(i / 4 + 1)}})
                              : siege.ask("read_file", {{"path", path}});
        failed += said.failed ? 1 : 0;
      }
    }
    // The table allows one of a thousand.
    siege.claim(failed == 0, std::to_string(failed) + " of " + std::to_string(kCalls) + " failed");
    siege.claim(siege.tree.read("a/b/c/file") == std::to_string(kCalls / 4) + "\n",
                "an edit is lost");
    siege.claim_no_leftovers();
  });
}

TEST_CASE("RC-10 a file that two servers write holds what one of them wrote") {
  on_each_kernel([](Report& report, const Kernel&) {
    const InMemory memory;
    Besieged siege(report, "RC-10", {{"file", "first\n"}});
    ServerProcess other(
        {.argv = command_line(siege.tree, siege.state, {.arguments = {"--no-fsync"}})});
    const std::string one(20'000, '1');
    const std::string two(30'000, '2');
    const auto line_of = [](int i, const std::string& content) {
      return modern(call_of(i, "write_file", {{"path", "file"}, {"content", content + "\n"}}))
                 .dump() +
             "\n";
    };
    const Json write = {{"path", "file"}, {"content", one + "\n"}};
    for (int i = 0; i < 4 * kRounds; ++i) {
      siege.send("write_file", write);
      if (!other.write_while_reading(line_of(i, two)))
        throw std::runtime_error("the other is gone");
      const auto said = other.read_line();
      siege.claim(said && said->find("isError") == std::string::npos,
                  "the other failed: " + said.value_or(""));
      const Said mine = siege.receive();
      siege.claim(!mine.failed, mine.text);
      const std::string now = siege.tree.read("file");
      siege.claim(now == one + "\n" || now == two + "\n", "a mixture: " + now.substr(0, 100));
    }
    siege.claim_no_leftovers();
  });
}

}  // namespace
}  // namespace quarry::wire
