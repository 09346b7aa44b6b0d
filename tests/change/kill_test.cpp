// Killing a process that changes files at any moment.
//
// QUARRY_LONG_TESTS=1: 2,000 kills instead of 100.

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <random>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/change/world.h"

namespace quarry::change {
namespace {

using test::World;

// Two files that are always changed together, and one that comes and goes.
std::string content(int n) {
  return std::to_string(n) + ":" + std::string(static_cast<std::size_t>(n % 50) * 97, 'x') + "\n";
}

int number_in(const std::string& text) {
  const int n = std::atoi(text.c_str());
  return text == content(n) ? n : -1;
}

Result<void> change_next(World& world, int n) {
  Change change(*world.changes, *world.workspace, {.session = "one", .tool = "test"}, world.cancel);
  TRY(change.lock(std::array{world.path("a"), world.path("d/b"), world.path("d/c")}));
  TRY(change.put(world.path("a"), content(n)));
  TRY(change.put(world.path("d/b"), content(n)));
  if (n % 2 == 0) {
    TRY(change.put(world.path("d/c"), content(n)));
  } else {
    TRY(change.remove(world.path("d/c")));
  }
  TRY(change.commit());
  return {};
}

TEST_CASE("change: killed at any moment, files are old or new, and the journal says which") {
  World world;
  world.tree.write("a", content(0));
  world.tree.write("d/b", content(0));
  world.tree.write("d/c", content(0));
  std::mt19937 random(std::random_device{}());
  const int rounds = std::getenv("QUARRY_LONG_TESTS") != nullptr ? 2000 : 100;
  int n = 0;
  int cut = 0;
  for (int round = 0; round < rounds; ++round) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      for (int next = n + 1;; ++next) {
        if (!change_next(world, next)) _exit(1);
        if (write(ends[1], &next, sizeof next) != sizeof next) _exit(2);
      }
    }
    close(ends[1]);
    int acknowledged = n;
    // Every other one lives to see a change made, however slow the machine is.
    if (round % 2 == 0) REQUIRE(read(ends[0], &acknowledged, sizeof acknowledged) == sizeof n);
    const timespec life{.tv_sec = 0,
                        .tv_nsec = std::uniform_int_distribution<long>(0, 4'000'000)(random)};
    nanosleep(&life, nullptr);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    for (int next = 0; read(ends[0], &next, sizeof next) == sizeof next;) acknowledged = next;
    close(ends[0]);
    INFO("round " << round << ", acknowledged " << acknowledged);
    // Never torn, never lost.
    const int a = number_in(world.tree.read("a"));
    const int b = number_in(world.tree.read("d/b"));
    CHECK((a == acknowledged || a == acknowledged + 1));
    CHECK((b == acknowledged || b == acknowledged + 1));
    CHECK(a >= b);
    // The next one to come settles it.
    world.changes = std::make_unique<Changes>(
        Changes::Config{.state_directory = world.state.root(), .sync = false, .limits = {}},
        world.clock);
    const auto plan =
        world.changes->undo(*world.workspace, {.session = "one", .dry_run = true}, world.cancel);
    for (const std::string& name : world.names()) CHECK(name.find(".quarry-") == std::string::npos);
    const bool c = access(world.tree.path("d/c").c_str(), F_OK) == 0;
    if (a == 0) continue;
    if (!plan) FAIL(plan.error().message);
    CHECK(plan->at(0).refusal.empty());
    n = a;
    if (a == b && c == (a % 2 == 0)) continue;
    ++cut;
    // What was made of it is taken back by one undo.
    CHECK(world.undo({.session = "one"}) == std::vector<std::string>{"undone"});
    n = acknowledged;
    CHECK(number_in(world.tree.read("a")) == n);
    CHECK(number_in(world.tree.read("d/b")) == n);
    CHECK((access(world.tree.path("d/c").c_str(), F_OK) == 0) == (n % 2 == 0));
  }
  CHECK(n >= rounds / 2);
  WARN(cut << " of " << rounds << " were cut off between two files");
}

// A process that leaves what one leaves that is killed between two steps.
void die_in_the_middle(World& world, const std::string& root) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto workspace = sandbox::Workspace::open(root);
    Changes changes({.state_directory = world.state.root(), .sync = false, .limits = {}},
                    world.clock);
    Change change(changes, **workspace, {.session = "one", .tool = "test"}, world.cancel);
    const auto at = [&](const char* text) { return (*workspace)->parse(text).value(); };
    const bool planned = change.lock(std::array{at("a"), at("b")}) && change.put(at("a"), "new") &&
                         change.put(at("b"), "new");
    auto journal =
        journal::Journal::open({.directory = world.state.root() + "/journal"}, world.clock);
    journal::Entry entry = change.entry();
    entry.time_ms = world.clock.wall_ms();
    const bool begun = planned && journal && (*journal)->begin(entry);
    const std::string inner =
        root.substr(std::min(root.size(), world.tree.root().size() + 1)) + "/";
    const std::string draft = inner + ".quarry-" + draft_tag(entry.id, 1);
    world.tree.write(inner + "a", "new");
    world.tree.write(draft, "ne");
    chmod(world.tree.path(draft).c_str(), 0600);
    kill(getpid(), begun ? SIGKILL : SIGTERM);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(WTERMSIG(status) == SIGKILL);
}

TEST_CASE("change: a directory that was opened to be emptied is shut when nothing came of it") {
  World world;
  world.tree.write("d/a", "one");
  const std::string directory = world.tree.path("d");
  REQUIRE(chmod(directory.c_str(), 0555) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto change = world.begin({"d"});
    const bool planned =
        change->remove(world.path("d/a")) && change->remove_directory(world.path("d"));
    auto journal =
        journal::Journal::open({.directory = world.state.root() + "/journal"}, world.clock);
    const bool begun = planned && journal && (*journal)->begin(change->entry());
    kill(getpid(), begun && chmod(directory.c_str(), 0755) == 0 ? SIGKILL : SIGTERM);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(WTERMSIG(status) == SIGKILL);
  // The next one to come settles it.
  (void)world.undo({.session = "one", .dry_run = true});
  struct stat now {};
  REQUIRE(stat(directory.c_str(), &now) == 0);
  CHECK((now.st_mode & 07777U) == 0555);
  CHECK(world.tree.read("d/a") == "one");
  chmod(directory.c_str(), 0755);
}

TEST_CASE("change: a process that is killed later is settled by one that has run for long") {
  for (const bool below : {false, true}) {
    World world;
    const std::string inner = below ? "sub/" : "";
    world.tree.write(inner + "a", "old");
    world.tree.write(inner + "b", "old");
    world.put("first", "x");  // this one has looked for open entries, and found none
    die_in_the_middle(world, below ? world.tree.path("sub") : world.tree.root());
    world.put("second", "x", "two");
    for (const std::string& name : world.names()) CHECK(name.find(".quarry-") == std::string::npos);
    const auto workspace =
        sandbox::Workspace::open(below ? world.tree.path("sub") : world.tree.root()).value();
    const auto undone = world.changes->undo(*workspace, {.session = "one"}, world.cancel);
    REQUIRE(undone);
    CHECK(undone->at(0).refusal.empty());
    CHECK(world.tree.read(inner + "a") == "old");
  }
}

TEST_CASE("change: a mode that a killed process was to set is told to be set, or not to be") {
  for (const bool set : {false, true}) {
    World world;
    world.tree.write("a", "same");
    REQUIRE(chmod(world.tree.path("a").c_str(), 0644) == 0);
    {
      const auto change = world.begin({"a"});
      REQUIRE(change->put(world.path("a"), "same", 0755));
      auto journal =
          journal::Journal::open({.directory = world.state.root() + "/journal"}, world.clock);
      journal::Entry entry = change->entry();
      entry.time_ms = world.clock.wall_ms();
      REQUIRE((*journal)->begin(entry));
      if (set) REQUIRE(chmod(world.tree.path("a").c_str(), 0755) == 0);
    }
    const auto undone = world.undo({.session = "one"});
    if (set) {
      CHECK(undone == std::vector<std::string>{"undone"});
    } else {
      CHECK_THAT(undone.at(0), Catch::Contains("has made no change that could be undone"));
    }
    struct stat now {};
    REQUIRE(stat(world.tree.path("a").c_str(), &now) == 0);
    CHECK((now.st_mode & 07777U) == 0644);
  }
}

TEST_CASE("change: one that is under way is left alone by those that look for dead ones") {
  World world;
  world.tree.write("a", "old");
  const auto change = world.begin({"a"});
  REQUIRE(change->put(world.path("a"), "new"));
  auto journal =
      journal::Journal::open({.directory = world.state.root() + "/journal"}, world.clock).value();
  journal::Entry entry = change->entry();
  entry.time_ms = world.clock.wall_ms();
  REQUIRE(journal->begin(entry));
  world.put("other", "x", "two");
  CHECK(journal->open_entries(world.tree.root()).size() == 1);
}

}  // namespace
}  // namespace quarry::change
