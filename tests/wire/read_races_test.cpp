// The races of the attack table that touch what is read: directories, files and the git directory
// are exchanged for links that lead out of the root while every tool that reads runs. Each with 1,
// 4 and 8 attackers, with openat2 and with the component walk; what is no git also without
// Landlock.

#include "tests/wire/attackers.h"

namespace quarry::wire {
namespace {

namespace fs = std::filesystem;

// Finds kToken where it is, without naming it.
constexpr const char* kTokenPattern = "token-7d1f0[c]";

TEST_CASE("RC-01 RC-05 what becomes a link out of the root is not read, searched or listed") {
  const std::vector<Asked> reads = {
      {"read_file", {{"path", "d/s"}}},
      {"read_file", {{"path", "f"}}},
      {"read_file", {{"paths", {"d/*", "f"}}}},
      {"list_directory", {{"path", "d"}, {"depth", 3}}},
      {"list_directory", {{"path", "."}, {"depth", 3}}},
      {"glob", {{"pattern", "**"}}},
      {"grep", {{"pattern", "inside"}}},
      {"edit_file", {{"path", "f"}, {"old_string", "no such"}, {"new_string", "x"}}},
      {"analyze_repository", Json::object()},
  };
  on_each_kernel_with_attackers([&](Report& report, const Kernel&, int attackers) {
    Besieged siege(report, "RC-05", {{"d/s", "inside\n"}, {"d/deep/s", "inside\n"}, {"f", "in\n"}});
    siege.tree.link("../outside", "away");
    siege.tree.link("../outside/s", "away_file");
    {
      const AttackThreads swap(attackers, [&] {
        exchange(siege.tree.path("d"), siege.tree.path("away"));
        exchange(siege.tree.path("f"), siege.tree.path("away_file"));
      });
      for (int round = 0; round < kRounds; ++round) {
        for (const Asked& one : reads) siege.ask(one.tool, one.arguments);
        for (const char* path : {".", "d", "f"}) {
          const Said said = siege.ask("grep", {{"pattern", kTokenPattern}, {"path", path}});
          siege.claim(said.failed || said.text.find("0 matches") != std::string::npos,
                      "found outside: " + said.text);
        }
      }
    }
    siege.claim_outside_unchanged();
    siege.must_work("glob", {{"pattern", "**"}});
  });
}

TEST_CASE("RC-06 a git directory that becomes a link out of the root, or a file, is not read") {
  const std::vector<Asked> reads = {
      {"git_status", Json::object()},
      {"git_log", Json::object()},
      {"git_log", {{"full", true}}},
      {"git_diff", Json::object()},
      {"read_file", {{"path", "a.txt"}, {"ref", "HEAD"}}},
      {"list_directory", {{"path", "."}, {"ref", "HEAD"}}},
      {"analyze_repository", Json::object()},
  };
  constexpr int kFewRounds = 6;  // each call may start a helper
  on_each_kernel_with_attackers([&](Report& report, const Kernel& kernel, int attackers) {
    // libgit2 opens by its path what was judged before: Landlock alone keeps it inside then.
    if (!kernel.landlock) return;
    Besieged siege(report, "RC-06", {{"a.txt", "inside\n"}});
    const TempWorkspace& tree = siege.tree;
    tree.run({"git", "init", "-q", "-b", "main"});
    tree.run({"git", "add", "a.txt"});
    tree.run({"git", "commit", "-q", "-m", "inside"});
    tree.run({"git", "init", "-q", "-b", kToken, "../elsewhere"});
    const fs::path elsewhere = fs::path(tree.root()).parent_path() / "elsewhere";
    std::ofstream(elsewhere / "a.txt") << kToken;
    tree.run({"git", "-C", "../elsewhere", "add", "a.txt"});
    tree.run({"git", "-C", "../elsewhere", "commit", "-q", "-m", kToken});
    const Snapshot before = snapshot_of(elsewhere);
    tree.link("../elsewhere/.git", "away");
    tree.write("away_file", "gitdir: ../elsewhere/.git\n");
    {
      const AttackThreads swap(attackers, [&] {
        exchange(tree.path(".git"), tree.path("away"));
        exchange(tree.path(".git"), tree.path("away_file"));
      });
      for (int round = 0; round < kFewRounds; ++round) {
        for (const Asked& one : reads) siege.ask(one.tool, one.arguments);
        const Said said = siege.ask("grep", {{"pattern", kTokenPattern}, {"ref", "HEAD"}});
        siege.claim(said.failed || said.text.find("0 matches") != std::string::npos,
                    "found outside: " + said.text);
      }
    }
    siege.claim(snapshot_of(elsewhere) == before, "elsewhere was changed");
    siege.must_work("read_file", {{"path", "a.txt"}}, "inside");
  });
}

}  // namespace
}  // namespace quarry::wire
