#include "server/session/roots.h"

#include <filesystem>

#include <catch2/catch.hpp>

#include "server/session/sessions.h"
#include "server/store/store.h"
#include "tests/support/temp_workspace.h"

namespace quarry::session {
namespace {

namespace fs = std::filesystem;
using test::TempWorkspace;

// Two roots of a command line, each with directories a and b/c.
struct Tree {
  Tree() {
    for (const TempWorkspace* root : {&one, &two}) {
      root->make_directory("a");
      root->make_directory("b/c");
      root->make_directory("with space");
      root->write("file", "x");
      root->link("/etc", "away");
      root->link("..", "up");
      root->link("a", "same");
    }
  }
  Roots roots() { return {{open(one), open(two)}, "/nonexistent", clock}; }
  static Roots::Workspace open(const TempWorkspace& root) {
    return sandbox::Workspace::open(root.root()).value();
  }
  // {1} and {2} stand for the roots, {0} for the directory that holds the first.
  std::string filled(std::string text) const {
    const std::pair<const char*, std::string> names[] = {
        {"{1}", one.root()}, {"{2}", two.root()}, {"{0}", fs::path(one.root()).parent_path()}};
    for (const auto& [name, value] : names) {
      for (std::size_t at; (at = text.find(name)) != std::string::npos;) {
        text.replace(at, 3, value);
      }
    }
    return text;
  }
  std::vector<std::string> filled(std::vector<std::string> texts) const {
    for (std::string& text : texts) text = filled(text);
    return texts;
  }

  TempWorkspace one, two;
  SystemClock clock;
};

std::vector<std::string> names(const std::vector<Roots::Workspace>& roots) {
  std::vector<std::string> all;
  for (const auto& root : roots) all.push_back(root->root());
  return all;
}

TEST_CASE("roots of a client only narrow what the command line allows (FS-26)") {
  struct Row {
    const char* name;
    std::vector<std::string> uris;
    std::vector<std::string> allowed;
    const char* start;
    bool narrowed;
    std::size_t notes;
  };
  const Row rows[] = {
      {"none", {}, {"{1}", "{2}"}, "{1}", false, 0},
      {"the whole disk", {"file:///"}, {"{1}", "{2}"}, "{1}", false, 0},
      {"the first root", {"file://{1}"}, {"{1}"}, "{1}", true, 0},
      {"with a slash behind", {"file://{1}/"}, {"{1}"}, "{1}", true, 0},
      {"with localhost", {"FILE://localhost{1}/a"}, {"{1}/a"}, "{1}/a", true, 0},
      {"the second root", {"file://{2}"}, {"{2}"}, "{2}", true, 0},
      {"both, the other way round", {"file://{2}", "file://{1}"}, {"{2}", "{1}"}, "{1}", false, 0},
      {"what holds the first", {"file://{0}"}, {"{1}"}, "{1}", true, 0},
      {"inside", {"file://{1}/b/c"}, {"{1}/b/c"}, "{1}/b/c", true, 0},
      {"dots and empty names", {"file://{1}//./b/./c/"}, {"{1}/b/c"}, "{1}/b/c", true, 0},
      {"an escape", {"file://{1}/with%20space"}, {"{1}/with space"}, "{1}/with space", true, 0},
      {"a link inside", {"file://{1}/same"}, {"{1}/a"}, "{1}/a", true, 0},
      {"inside and whole", {"file://{1}/a", "file://{2}"}, {"{1}/a", "{2}"}, "{1}/a", true, 0},
      {"nested", {"file://{1}/b/c", "file://{1}/b"}, {"{1}/b"}, "{1}/b/c", true, 0},
      {"twice", {"file://{1}/a", "file://{1}/a/"}, {"{1}/a"}, "{1}/a", true, 0},
      {"some outside", {"file:///etc", "file://{1}/a"}, {"{1}/a"}, "{1}/a", true, 1},
      // Nothing of use: the command line stands, which costs one note more.
      {"all outside", {"file:///etc"}, {"{1}", "{2}"}, "{1}", false, 2},
      {"a sibling by prefix", {"file://{1}_secret"}, {"{1}", "{2}"}, "{1}", false, 2},
      {"another scheme", {"http://x"}, {"{1}", "{2}"}, "{1}", false, 2},
      {"another host", {"file://evil{1}"}, {"{1}", "{2}"}, "{1}", false, 2},
      {"an escaped slash", {"file://{1}%2fa"}, {"{1}", "{2}"}, "{1}", false, 2},
      {"a NUL", {"file://{1}/%00"}, {"{1}", "{2}"}, "{1}", false, 2},
      {"relative", {"a"}, {"{1}", "{2}"}, "{1}", false, 2},
      {"nothing", {""}, {"{1}", "{2}"}, "{1}", false, 2},
      {"climbing", {"file://{1}/a/../.."}, {"{1}", "{2}"}, "{1}", false, 2},
      {"a link out", {"file://{1}/away"}, {"{1}", "{2}"}, "{1}", false, 2},
      {"a link up", {"file://{1}/up"}, {"{1}", "{2}"}, "{1}", false, 2},
      {"missing", {"file://{1}/nowhere"}, {"{1}", "{2}"}, "{1}", false, 2},
      {"a file", {"file://{1}/file"}, {"{1}", "{2}"}, "{1}", false, 2},
      {"the kernel's", {"file:///proc/self/root"}, {"{1}", "{2}"}, "{1}", false, 2},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    Tree tree;
    Roots roots = tree.roots();
    const Roots::Narrowing narrowing = roots.narrow(tree.filled(row.uris));
    CHECK(names(roots.allowed()) == tree.filled(row.allowed));
    CHECK(roots.default_root() == tree.filled(row.start));
    CHECK(narrowing.narrowed == row.narrowed);
    CHECK(narrowing.given == row.uris.size());
    CHECK(narrowing.notes.size() == row.notes);
    for (const std::string& allowed : tree.filled(row.allowed)) CHECK(roots.allows(allowed));
  }
}

TEST_CASE("roots name what they left out, as it was given, and are bounded") {
  Tree tree;
  Roots roots = tree.roots();
  CHECK(roots.narrow({"http://elsewhere"}).notes[1].find("'http://elsewhere'") !=
        std::string::npos);
  std::vector<std::string> many(10'000, "file:///nowhere");
  const Roots::Narrowing told = roots.narrow(many);
  CHECK(told.given == 10'000);
  CHECK(told.notes.size() < 15);
  many.insert(many.begin() + Roots::kMaxClientRoots - 1, "file://" + tree.one.path("a"));
  roots.narrow(many);
  CHECK(roots.default_root() == tree.one.path("a"));
  many.insert(many.begin(), "file:///nowhere");
  roots.narrow(many);
  CHECK(roots.default_root() == tree.one.root());
}

TEST_CASE("each answer of the client replaces the one before") {
  Tree tree;
  Roots roots = tree.roots();
  const std::string a = tree.one.path("a");
  const std::string c = tree.one.path("b/c");
  roots.narrow({"file://" + a});
  CHECK(roots.allows(a));
  CHECK_FALSE(roots.allows(c));
  CHECK_FALSE(roots.allows(tree.one.root()));
  roots.narrow({"file://" + c});
  CHECK(roots.allows(c));
  CHECK_FALSE(roots.allows(a));
  roots.widen();
  CHECK(roots.allows(a));
  CHECK(roots.default_root() == tree.one.root());
}

TEST_CASE("a narrowed root is what relative names are resolved in, and nothing above it") {
  Tree tree;
  Roots roots = tree.roots();
  roots.narrow({"file://" + tree.one.path("b"), "file://" + tree.two.root()});
  CHECK(roots.allowed_root("").value() == tree.one.path("b"));
  CHECK(roots.allowed_root("c").value() == tree.one.path("b/c"));
  CHECK(roots.allowed_root(tree.two.path("a")).value() == tree.two.path("a"));
  for (const std::string& outside :
       {tree.one.root(), tree.one.path("a"), std::string("/etc"), std::string("../a")}) {
    INFO(outside);
    const auto refused = roots.allowed_root(outside);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kDenied);
    CHECK(refused.error().message.find("the client has open: " + tree.one.path("b")) !=
          std::string::npos);
  }
  CHECK_FALSE(roots.open(tree.one.path("a")));
}

TEST_CASE("sessions on one root share its directory and its git helper") {
  Tree tree;
  Roots roots = tree.roots();
  const Roots::Place first = roots.open(tree.one.path("a")).value();
  const Roots::Place second = roots.open(tree.one.path("a")).value();
  CHECK(first.workspace == second.workspace);
  CHECK(first.git == second.git);
  CHECK(roots.open(tree.one.root()).value().git != first.git);
}

TEST_CASE("the same roots once more leave what is in use where it is") {
  Tree tree;
  Roots roots = tree.roots();
  const std::vector<std::string> uris = {"file://" + tree.one.path("a")};
  roots.narrow(uris);
  const auto before = roots.default_workspace();
  roots.narrow(uris);
  CHECK(roots.default_workspace() == before);
}

TEST_CASE("a replaced directory is another root, with another helper (FS-27)") {
  Tree tree;
  Roots roots = tree.roots();
  const Roots::Place old = roots.open(tree.one.path("a")).value();
  fs::rename(tree.one.path("a"), tree.one.path("moved"));
  CHECK(roots.open(tree.one.path("a")).error().code == Code::kNotFound);
  tree.one.make_directory("a");
  CHECK(old.workspace->check_root().error().code == Code::kConflict);
  const Roots::Place fresh = roots.open(tree.one.path("a")).value();
  CHECK(fresh.workspace->check_root());
  CHECK(fresh.git != old.git);
}

TEST_CASE("nothing is opened through a root of the command line that was replaced (FS-27)") {
  Tree tree;
  Roots roots = tree.roots();
  const std::string root = tree.one.root();
  fs::rename(root, root + "-moved");
  fs::create_directories(root + "/a");
  for (const std::string& wanted : {std::string("a"), root, root + "/a"}) {
    INFO(wanted);
    const auto refused = roots.allowed_root(wanted);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kConflict);
    CHECK(refused.error().message.find("root changed") != std::string::npos);
  }
  CHECK(roots.open(root + "/a").error().code == Code::kConflict);
  CHECK(roots.narrow({"file://" + root + "/a"}).notes.size() == 2);
  fs::remove_all(root);
  fs::rename(root + "-moved", root);
  CHECK(roots.allowed_root("a"));
}

struct Served {
  Tree tree;
  std::unique_ptr<store::Store> store = store::Store::in_memory();
  Sessions sessions{{.roots = {Tree::open(tree.one)},
                     .read_only = false,
                     .git_helper = "/nonexistent",
                     .limits = {}},
                    *store,
                    tree.clock};
};

TEST_CASE("sessions outside the client's roots are refused with what to do, and come back") {
  Served served;
  const auto inside = served.sessions.open({.root = "b/c"}).value().session;
  const auto outside = served.sessions.open({.root = "a"}).value().session;
  served.sessions.narrow_roots({"file://" + served.tree.one.path("b")});
  CHECK(served.sessions.find(inside->handle()).value() == inside);
  const auto refused = served.sessions.find(outside->handle());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kDenied);
  CHECK(refused.error().message.find("call session_open with a root inside " +
                                     served.tree.one.path("b")) != std::string::npos);
  CHECK(served.sessions.list({}).value().total == 2);
  served.sessions.widen_roots();
  CHECK(served.sessions.find(outside->handle()).value() == outside);
}

TEST_CASE("a durable session of an earlier process outside the client's roots is refused") {
  Served served;
  const std::string handle = served.sessions.open({.root = "a"}).value().session->handle();
  Sessions next({.roots = {Tree::open(served.tree.one)},
                 .read_only = false,
                 .git_helper = "/nonexistent",
                 .limits = {}},
                *served.store, served.tree.clock);
  next.narrow_roots({"file://" + served.tree.one.path("b")});
  CHECK(next.find(handle).error().code == Code::kDenied);
  next.widen_roots();
  CHECK(next.find(handle));
}

TEST_CASE("the default session moves with the roots, and calls on the old one keep it") {
  Served served;
  const auto before = served.sessions.default_session();
  served.sessions.narrow_roots({"file://" + served.tree.one.path("a")});
  const auto narrowed = served.sessions.find("default").value();
  CHECK(narrowed->workspace().root() == served.tree.one.path("a"));
  CHECK(before->workspace().root() == served.tree.one.root());
  CHECK(served.sessions.open({}).value().session->workspace().root() == served.tree.one.path("a"));
  served.sessions.narrow_roots({});
  CHECK(served.sessions.find("").value()->workspace().root() == served.tree.one.root());
}

TEST_CASE("an update of the default session that runs while it moves is of the root it began on") {
  Served served;
  auto& sessions = served.sessions;
  const auto before = sessions.default_session();
  REQUIRE(sessions.update(*before, {.set = {{"k", "v"}}}));
  sessions.narrow_roots({"file://" + served.tree.one.path("a")});
  CHECK(sessions.update(*before, {.set = {{"late", "one"}}}).value().version == 2);
  const auto there = sessions.state("default", {}).value();
  CHECK(there.record.version == 0);
  CHECK(there.record.state_bytes == 0);
  CHECK(there.entries.empty());
  sessions.narrow_roots({});
  const auto back = sessions.state("default", {}).value();
  CHECK(back.record.version == 2);
  CHECK(back.entries.size() == 2);
  CHECK(back.record.keys == 2);
  CHECK(sessions.update("default", {.unset = {"k", "late"}, .expected_version = 2}).has_value());
  CHECK(sessions.state("default", {}).value().record.state_bytes == 0);
}

}  // namespace
}  // namespace quarry::session
