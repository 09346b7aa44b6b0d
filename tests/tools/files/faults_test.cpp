// What the tools that change files do when the system refuses: each of their calls to the file
// system fails, falls short, or is the last that the process makes.
//
// QUARRY_LONG_TESTS=1: each call with every error, instead of one error per call.

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>

#include <fcntl.h>

#include "tests/support/faulty_process.h"
#include "tests/tools/files/change_call.h"

namespace quarry::tools {

extern const Tool apply_patch;
extern const Tool delete_path;
extern const Tool edit_file;
extern const Tool move_path;
extern const Tool undo;
extern const Tool write_file;

namespace {

using test::Fault;
using test::Ran;
using test::run_with;
using test::ToolCaller;
using test::Tree;
using test::tree_at;
using test::Window;

struct Call {
  const Tool& tool;
  const char* arguments;
};

struct Scenario {
  const char* name;
  Call call;
  std::vector<Call> earlier{};  // changes that are there to be undone
  bool complete = false;        // every call of it, in the short run too
};

// A tree to change, and a state directory: as they are for every fault of a scenario.
struct Stage {
  explicit Stage(const Scenario& scenario) {
    tree.write("a", "alpha\nbeta\n");
    tree.write("d/b", "bee\n");
    tree.write("d/e/c", "sea\n");
    tree.link("d/b", "l");
    tree.link("nowhere", "d/dangling");
    std::filesystem::permissions(tree.path("a"), std::filesystem::perms(0640));
    ToolCaller call(tree.root(), state.root());
    for (const Call& one : scenario.earlier) {
      const std::string answer = call(one.tool, one.arguments);
      if (answer.starts_with("error")) FAIL(answer);
    }
    before = tree_at(tree.root());
  }

  const test::TempWorkspace tree;
  const test::TempWorkspace state;
  Tree before;
};

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = {
      {"edit", {edit_file, R"({"path":"a","old_string":"beta","new_string":"gamma"})"}},
      {"edits",
       {edit_file,
        R"({"path":"a","edits":[{"old_string":"beta","new_string":"c"},{"old_string":"alpha","new_string":""}]})"}},
      {"edit through a link",
       {edit_file, R"({"path":"l","old_string":"bee","new_string":"wasp"})"}},
      {"patch of three files",
       {apply_patch,
        R"({"patch":"*** Begin Patch\n*** Update File: a\n@@\n alpha\n-beta\n+gamma\n*** Add File: x/new\n+n\n*** Delete File: d/b\n*** End Patch\n"})"}},
      {"patch of two files",
       {apply_patch,
        R"({"patch":"--- a/a\n+++ b/a\n@@ -2 +2 @@\n-beta\n+gamma\n--- a/d/b\n+++ b/d/b\n@@ -1 +1 @@\n-bee\n+wasp\n"})"}},
      {"create", {write_file, R"({"path":"new","content":"n\n"})"}},
      {"create with directories", {write_file, R"({"path":"x/y/new","content":"n\n"})"}},
      {"replace", {write_file, R"({"path":"a","content":"n\n"})"}},
      {"append", {write_file, R"({"path":"a","content":"n\n","append":true})"}},
      {"make a directory", {write_file, R"({"path":"x/y/"})"}},
      {"move", {move_path, R"({"source":"a","destination":"x/z"})"}},
      {.name = "move onto a file",
       .call = {move_path, R"({"source":"a","destination":"d/b","overwrite":true})"},
       .complete = true},
      {"move a directory", {move_path, R"({"source":"d","destination":"x/d"})"}},
      {"copy", {move_path, R"({"source":"a","destination":"z","copy":true})"}},
      {.name = "copy onto a file",
       .call = {move_path, R"({"source":"a","destination":"d/b","copy":true,"overwrite":true})"},
       .complete = true},
      {"undo of a copy onto a file",
       {undo, "{}"},
       {{move_path, R"({"source":"a","destination":"d/b","copy":true,"overwrite":true})"}}},
      {"copy a directory", {move_path, R"({"source":"d","destination":"t","copy":true})"}},
      {"delete", {delete_path, R"({"path":"a"})"}},
      {"delete a directory", {delete_path, R"({"path":"d","recursive":true})"}},
      {"undo of an edit",
       {undo, "{}"},
       {{edit_file, R"({"path":"a","old_string":"beta","new_string":"gamma"})"}}},
      {"undo of a directory's removal",
       {undo, "{}"},
       {{delete_path, R"({"path":"d","recursive":true})"}}},
      {"undo of two changes",
       {undo, R"({"count":2})"},
       {{write_file, R"({"path":"x/new","content":"n\n"})"},
        {move_path, R"({"source":"a","destination":"x/z"})"}}},
  };
  return all;
}

bool failed(const std::string& answer) {
  return answer.starts_with("error: ");
}

bool has_leftovers(const Tree& tree) {
  return std::any_of(tree.begin(), tree.end(), [](const auto& entry) {
    return entry.first.find(".quarry-") != std::string::npos;
  });
}

bool has_open_entries(const Stage& stage) {
  const SystemClock clock;
  const auto journal =
      journal::Journal::open({.directory = stage.state.root() + "/journal"}, clock);
  return !journal || !(*journal)->open_entries(stage.tree.root()).empty();
}

// What the undisturbed call makes of the tree, and by which calls.
struct Undisturbed {
  Tree after;
  std::vector<std::string> calls;
};

Undisturbed play_undisturbed(const Scenario& scenario) {
  const Stage stage(scenario);
  const Ran ran = run_with({}, [&](Window& window) {
    ToolCaller call(stage.tree.root(), stage.state.root(), /*sync=*/true);
    window.open();
    const std::string answer = call(scenario.call.tool, scenario.call.arguments);
    window.close();
    return answer;
  });
  INFO(scenario.name);
  REQUIRE_FALSE(failed(ran.text));
  REQUIRE(ran.text != "died");
  CHECK(ran.calls.size() > 10);
  return {tree_at(stage.tree.root()), ran.calls};
}

// What does not hold of one process that met a fault and goes on; "" when all does.
class Player {
 public:
  Player(const Scenario& scenario, const Stage& stage, const Tree& after)
      : scenario_(scenario),
        stage_(stage),
        after_(after),
        undoes_(&scenario.call.tool == &undo),
        call_(stage.tree.root(), stage.state.root(), /*sync=*/true) {}

  std::string play(Window& window, bool disk_refuses) {
    window.open();
    const std::string answer = repeat();
    window.close();
    const std::string wrong =
        failed(answer) ? judge_failure(answer, disk_refuses) : judge_success(answer);
    if (!wrong.empty()) return wrong + ": " + answer;
    if (has_leftovers(tree())) return "a leftover: " + answer;
    // What the journal could not be told is found out by the next server.
    ToolCaller next(stage_.tree.root(), stage_.state.root());
    next(undo, R"({"dry_run":true})");
    return has_open_entries(stage_) ? "the journal holds an open entry" : "";
  }

 private:
  std::string repeat() { return call_(scenario_.call.tool, scenario_.call.arguments); }
  Tree tree() const { return tree_at(stage_.tree.root()); }

  std::string judge_success(const std::string& answer) {
    if (answer.find("not undone") != std::string::npos) return finish_undo();
    if (tree() != after_) return "success, and the tree is another";
    if (undoes_) return "";
    const std::string undone = call_(undo, "{}");
    return tree() == stage_.before ? "" : "not undone (" + undone + ")";
  }

  std::string judge_failure(const std::string& answer, bool disk_refuses) {
    if (tree() != stage_.before) {
      // Only when taking it back failed, too; then the answer says so, and one undo does it.
      const bool said = answer.find("changed nevertheless") != std::string::npos;
      if (!disk_refuses || !(said || has_leftovers(tree()))) return "the tree is another";
      call_(undo, R"({"dry_run":true})");  // looks what was made
      if (said && undoes_) return finish_undo();
      if (said) call_(undo, "{}");
      if (tree() != stage_.before) return "not taken back";
    }
    const std::string again = repeat();
    return tree() == after_ ? "" : "the next call did not do it (" + again + ")";
  }

  // A part was undone, and the answer said so; an undo that was cut off is taken back first.
  std::string finish_undo() {
    for (int i = 0; i < 3 && tree() != after_; ++i) call_(undo, "{}");
    return tree() == after_ ? "" : "not undone in the end";
  }

  const Scenario& scenario_;
  const Stage& stage_;
  const Tree& after_;
  const bool undoes_;
  ToolCaller call_;
};

bool long_run() {
  return std::getenv("QUARRY_LONG_TESTS") != nullptr;
}

// Every call of every scenario in the long run, and of those that are to be complete; else each
// `one_of`-th, another one in each.
void for_each_call(
    std::size_t one_of,
    const std::function<void(const Scenario&, const Undisturbed&, std::size_t)>& body) {
  if (!test::can_trace()) return;
  std::size_t first = 0;
  for (const Scenario& scenario : scenarios()) {
    const Undisturbed undisturbed = play_undisturbed(scenario);
    const std::size_t stride = long_run() || scenario.complete ? 1 : one_of;
    for (std::size_t k = 1 + first++ % stride; k <= undisturbed.calls.size(); k += stride) {
      INFO(scenario.name << ": call " << k << " of " << undisturbed.calls.size() << ", "
                         << undisturbed.calls[k - 1]);
      body(scenario, undisturbed, k);
    }
  }
}

void check_failures(Fault::Kind kind, const std::vector<int>& errors, std::size_t one_of) {
  const bool disk_refuses = kind == Fault::Kind::kFailsFromThen;
  for_each_call(
      one_of, [&](const Scenario& scenario, const Undisturbed& undisturbed, std::size_t k) {
        if (kind == Fault::Kind::kShort && !test::may_be_short(undisturbed.calls[k - 1])) return;
        for (std::size_t e = 0; e < (long_run() ? errors.size() : 1); ++e) {
          const int error = errors[(k + e) % errors.size()];
          const Stage stage(scenario);
          const Ran ran = run_with({.kind = kind, .at = k, .error = error}, [&](Window& window) {
            return Player(scenario, stage, undisturbed.after).play(window, disk_refuses);
          });
          INFO(strerrorname_np(error));
          CHECK(ran.text == "");
        }
      });
}

TEST_CASE("any call to the file system may fail once: all is as before, and the next call works") {
  check_failures(Fault::Kind::kFails, {ENOSPC, EIO, EACCES, EROFS, EDQUOT, EMFILE, EINTR}, 5);
}

TEST_CASE("the disk may refuse from any call on: what could not be taken back is said and undone") {
  check_failures(Fault::Kind::kFailsFromThen, {ENOSPC, EIO}, 10);
}

TEST_CASE("any read or write may do half of what it was asked") {
  check_failures(Fault::Kind::kShort, {0}, 2);
}

TEST_CASE("where names cannot be exchanged files are replaced and removed all the same") {
  for_each_call(1, [&](const Scenario& scenario, const Undisturbed& undisturbed, std::size_t k) {
    if (undisturbed.calls[k - 1] != "renameat2") return;
    const Stage stage(scenario);
    const Ran ran =
        run_with({.kind = Fault::Kind::kFails, .at = k, .error = EINVAL}, [&](Window& window) {
          return Player(scenario, stage, undisturbed.after).play(window, false);
        });
    CHECK(ran.text == "");
  });
}

// Each name as it was before or as it was to become, and there when it is in both.
bool old_or_new(const Tree& tree, const Tree& before, const Tree& after) {
  const auto has = [](const Tree& in, const auto& entry) {
    const auto found = in.find(entry.first);
    return found != in.end() && found->second == entry.second;
  };
  for (const auto& [name, what] : before) {
    if (after.count(name) != 0 && tree.count(name) == 0) return false;
  }
  return std::all_of(tree.begin(), tree.end(), [&](const auto& entry) {
    return has(before, entry) || has(after, entry) ||
           entry.first.find(".quarry-") != std::string::npos || entry.second.ends_with(" /");
  });
}

void check_after_kill(const Scenario& scenario, const Stage& stage, const Tree& after) {
  const auto tree = [&] { return tree_at(stage.tree.root()); };
  CHECK(old_or_new(tree(), stage.before, after));
  ToolCaller call(stage.tree.root(), stage.state.root());
  call(undo, R"({"dry_run":true})");
  CHECK_FALSE(has_leftovers(tree()));
  CHECK_FALSE(has_open_entries(stage));
  const bool undoes = &scenario.call.tool == &undo;
  if (tree() == stage.before || (undoes && tree() == after)) {
    // Nothing was made, or all of an undo.
  } else if (!undoes) {
    INFO(call(undo, "{}"));
    CHECK(tree() == stage.before);
  }
  INFO(call(scenario.call.tool, scenario.call.arguments));
  for (int i = 0; undoes && i < 3 && tree() != after; ++i) call(undo, "{}");
  CHECK(tree() == after);
}

TEST_CASE("killed before or after any call, files are old or new, and one undo takes it back") {
  for_each_call(6, [&](const Scenario& scenario, const Undisturbed& undisturbed, std::size_t k) {
    for (const auto kind : {Fault::Kind::kKilledBefore, Fault::Kind::kKilledAfter}) {
      const Stage stage(scenario);
      const Ran ran = run_with({.kind = kind, .at = k}, [&](Window& window) {
        return Player(scenario, stage, undisturbed.after).play(window, false);
      });
      INFO((kind == Fault::Kind::kKilledBefore ? "before" : "after"));
      REQUIRE(ran.killed);
      check_after_kill(scenario, stage, undisturbed.after);
    }
  });
}

// What another program puts into a file while it is changed.
constexpr std::string_view kTheirs = "what another program wrote\n";

// A move onto a file, which goes unseen behind the last look at it: see place.h.
bool replaces(const std::string& call) {
  return call == "renameat";
}

// The call of the scenario, with another program that acts before its k-th call to the file system.
Ran run_beside(const Scenario& scenario, const Stage& stage, std::size_t k,
               const std::function<void()>& meanwhile) {
  return run_with({.kind = Fault::Kind::kMeanwhile, .at = k, .meanwhile = meanwhile},
                  [&](Window& window) {
                    ToolCaller call(stage.tree.root(), stage.state.root(), /*sync=*/true);
                    window.open();
                    std::string answer = call(scenario.call.tool, scenario.call.arguments);
                    window.close();
                    return answer;
                  });
}

TEST_CASE("what another program writes between any two calls is not lost, nor taken back") {
  for_each_call(6, [&](const Scenario& scenario, const Undisturbed& undisturbed, std::size_t k) {
    if (replaces(undisturbed.calls[k - 1])) return;
    const Stage stage(scenario);
    std::vector<std::string> written;
    const auto meanwhile = [&] {
      for (const char* name : {"a", "d/b", "d/e/c"}) {
        // While a lease is held on it, it would wait until the kernel ends that.
        if (!Fd(open(stage.tree.path(name).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC))) continue;
        // As an editor does it that writes into the file, or as one that replaces it.
        const std::string beside = std::string(name) + (k % 4 < 2 ? "" : "~");
        stage.tree.write(beside, std::string(kTheirs));
        std::filesystem::rename(stage.tree.path(beside), stage.tree.path(name));
        written.emplace_back(name);
      }
    };
    const Ran ran = run_beside(scenario, stage, k, meanwhile);
    INFO(ran.text);
    const auto copies = [&] {
      std::size_t found = 0;
      for (const auto& [name, what] : tree_at(stage.tree.root())) {
        found += what.find(kTheirs) != std::string::npos ? 1 : 0;
      }
      return found;
    };
    CHECK_FALSE(has_leftovers(tree_at(stage.tree.root())));
    if (copies() >= written.size()) return;
    // It was read, and kept before it was replaced.
    CHECK_FALSE(failed(ran.text));
    ToolCaller call(stage.tree.root(), stage.state.root());
    INFO(call(undo, "{}"));
    CHECK(copies() >= written.size());
  });
}

TEST_CASE("what another program deletes meanwhile is not made again by a change that fails") {
  for_each_call(6, [&](const Scenario& scenario, const Undisturbed& undisturbed, std::size_t k) {
    if (replaces(undisturbed.calls[k - 1])) return;
    const Stage stage(scenario);
    bool deleted = false;
    const auto meanwhile = [&] { deleted = std::filesystem::remove(stage.tree.path("d/b")); };
    const Ran ran = run_beside(scenario, stage, k, meanwhile);
    INFO(ran.text);
    CHECK_FALSE(has_leftovers(tree_at(stage.tree.root())));
    if (deleted && failed(ran.text)) CHECK_FALSE(std::filesystem::exists(stage.tree.path("d/b")));
  });
}

}  // namespace
}  // namespace quarry::tools
