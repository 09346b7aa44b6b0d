#include <thread>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/git/git_fixture.h"

namespace quarry::git::test {
namespace {

// A helper made of shell commands, beside the workspace. `real` in it is the real one.
std::string script(const Fixture& repo, const std::string& commands) {
  const std::string path = std::filesystem::path(repo.workspace.root()).parent_path() / "helper";
  repo.workspace.write(
      "../helper", "#!/bin/sh\nreal() { exec " + helper_path() + " \"$@\"; }\n" + commands + "\n");
  chmod(path.c_str(), 0755);
  return path;
}

TEST_CASE("git client starts nothing before the first call and keeps its helper") {
  Fixture repo{{"f", "1\n"}};
  CHECK(repo.client.stats().starts == 0);
  for (int i = 0; i < 5; ++i) CHECK(repo.log());
  CHECK(repo.client.stats().starts == 1);
  CHECK(repo.client.stats().calls == 5);
}

TEST_CASE("git client renews its helper after a thousand calls") {
  Fixture repo{{"f", "1\n"}};
  LogOptions options;
  options.max_count = 1;
  for (int i = 0; i < 1001; ++i) REQUIRE(repo.log(options));
  CHECK(repo.client.stats().starts == 2);
  CHECK(repo.client.stats().crashes == 0);
}

TEST_CASE("git client reports a crash and works with the next call") {
  Fixture repo{{"f", "1\n"}};
  const std::string mark = repo.workspace.path("../once");
  GitClient client(repo.workspace.root(),
                   script(repo, "[ -e " + mark + " ] && real \"$@\"; touch " + mark +
                                    "; head -c 20 <&3 >/dev/null; kill -SEGV $$"),
                   repo.clock);
  const CancelToken cancel = repo.token();
  const auto first = client.log({}, cancel);
  REQUIRE(!first);
  CHECK(first.error().code == Code::kUnavailable);
  CHECK(first.error().message.find("ended") != std::string::npos);
  const auto second = client.log({}, cancel);
  INFO(message_of(second));
  CHECK(second);
  CHECK(client.stats().crashes == 1);
}

TEST_CASE("git client does not fail a call because its idle helper was killed") {
  Fixture repo{{"f", "1\n"}};
  const std::string pid_file = repo.workspace.path("../pid");
  GitClient client(repo.workspace.root(), script(repo, "echo $$ > " + pid_file + "; real \"$@\""),
                   repo.clock);
  const CancelToken cancel = repo.token();
  REQUIRE(client.log({}, cancel));
  // Gone for certain before the next call: nothing of it but its entry is left.
  repo.shell(
      "p=$(cat ../pid); kill -9 $p; while [ \"$(cut -d' ' -f3 /proc/$p/stat)\" != Z ]; do "
      "sleep 0.01; done");
  const auto again = client.log({}, cancel);
  INFO(message_of(again));
  CHECK(again);
  CHECK(client.stats().starts == 2);
}

TEST_CASE("git client waits longer and longer with a helper that keeps crashing") {
  Fixture repo{{"f", "1\n"}};
  class HandClock final : public Clock {
   public:
    std::int64_t steady_ns() const override { return now; }
    std::int64_t wall_ms() const override { return 0; }
    std::int64_t now = 1;
  } clock;
  GitClient client(repo.workspace.root(), script(repo, "exit 1"), clock);
  const CancelToken cancel(clock);
  for (int i = 0; i < 2; ++i) CHECK(!client.log({}, cancel));
  CHECK(client.stats().starts == 2);
  const auto paused = client.log({}, cancel);
  REQUIRE(!paused);
  CHECK(paused.error().code == Code::kUnavailable);
  CHECK(paused.error().message.find("in a row") != std::string::npos);
  CHECK(client.stats().starts == 2);
  clock.now += 251'000'000;
  CHECK(!client.log({}, cancel));
  CHECK(client.stats().starts == 3);
  clock.now += 251'000'000;  // the pause has doubled
  CHECK(!client.log({}, cancel));
  CHECK(client.stats().starts == 3);
}

TEST_CASE("git client treats what a helper sends like foreign input") {
  struct Row {
    const char* name;
    const char* bytes;
  };
  const Row rows[] = {
      {"4 GiB claimed", "\\377\\377\\377\\377"},
      {"no reply", "\\000\\000\\000\\000"},
      {"garbage", "\\004\\000\\000\\000abcd"},
      {"a list that cannot be",
       "\\013\\000\\000\\000\\001\\000\\000\\000\\000\\000\\000\\377\\377"
       "\\377\\377"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    Fixture repo{{"f", "1\n"}};
    GitClient client(repo.workspace.root(),
                     script(repo, std::string("printf '") + row.bytes + "' >&3; exec sleep 60"),
                     repo.clock);
    const CancelToken cancel = repo.token();
    const auto files = client.tracked_files(cancel);
    REQUIRE(!files);
    CHECK(files.error().code == Code::kInternal);
  }
}

TEST_CASE("git client ends at the deadline and at cancellation, whatever the helper does") {
  Fixture repo{{"f", "1\n"}};
  GitClient client(repo.workspace.root(), script(repo, "exec sleep 600"), repo.clock);
  const CancelToken late = repo.token(100);
  const auto timed_out = client.log({}, late);
  REQUIRE(!timed_out);
  CHECK(timed_out.error().code == Code::kTimeout);
  CHECK(client.stats().kills == 1);

  CancelToken token = repo.token(600'000);
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    token.cancel();
  });
  const auto cancelled = client.log({}, token);
  other.join();
  REQUIRE(!cancelled);
  CHECK(cancelled.error().code == Code::kCancelled);
  CHECK(client.stats().kills == 2);
  CHECK(client.stats().crashes == 0);
}

TEST_CASE("git client waits for another call no longer than the call may take") {
  Fixture repo{{"f", "1\n"}};
  GitClient client(repo.workspace.root(), script(repo, "exec sleep 600"), repo.clock);
  CancelToken endless = repo.token(600'000);
  std::thread other([&] { CHECK(!client.log({}, endless)); });
  while (client.stats().calls == 0) std::this_thread::yield();
  const CancelToken late = repo.token(50);
  const auto waited = client.log({}, late);
  endless.cancel();
  other.join();
  REQUIRE(!waited);
  CHECK(waited.error().code == Code::kTimeout);
  CHECK(client.stats().starts == 1);
}

TEST_CASE("git client serves calls from several threads") {
  Fixture repo{{"f", "1\n"}};
  for (int i = 0; i < 5; ++i) repo.commit(std::to_string(i));
  REQUIRE(repo.log());  // a helper dies with the thread that started it
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 20; ++n) {
        const auto log = repo.log();
        const auto status = repo.status();
        if (log && log->commits.size() == 6 && status && status->branch == "main") ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 80);
  CHECK(repo.client.stats().starts == 1);
}

TEST_CASE("git client says when there is no helper") {
  Fixture repo{{"f", "1\n"}};
  GitClient client(repo.workspace.root(), "/nonexistent/quarry-git", repo.clock);
  const CancelToken cancel = repo.token();
  const auto log = client.log({}, cancel);
  REQUIRE(!log);
  CHECK(log.error().code == Code::kUnavailable);
  CHECK(log.error().message.find("nonexistent/") == std::string::npos);
}

TEST_CASE("quarry-git's confinement holds") {
  Fixture repo{{"f", "1\n"}};
  repo.workspace.run({helper_path(), "--self-test", repo.workspace.root()});
  CHECK(!std::filesystem::exists(repo.workspace.path(".quarry-git-self-test")));
}

}  // namespace
}  // namespace quarry::git::test
