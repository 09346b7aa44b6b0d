// The analysis that goes by the last one beside a fresh one: after every one of many random
// changes both must say the same.

#include "server/analysis/last_look.h"

#include <filesystem>
#include <random>
#include <set>
#include <thread>

#include <catch2/catch.hpp>

#include "server/analysis/project/facts_text.h"
#include "server/analysis/render.h"
#include "server/watch/tree.h"
#include "tests/analysis/world.h"

namespace quarry::analysis {
namespace {

namespace fs = std::filesystem;

// An hour ahead, so that files written a moment ago count as settled; steady time can leap.
class LeapingClock final : public Clock {
 public:
  std::int64_t steady_ns() const override { return real_.steady_ns() + ahead_ns; }
  std::int64_t wall_ms() const override { return real_.wall_ms() + 3'600'000; }
  std::int64_t ahead_ns = 0;

 private:
  SystemClock real_;
};

struct Watched {
  explicit Watched(std::size_t workers, bool tracked) : pool({.workers = workers}) {
    if (tracked) {
      write(".git/index", "0");
    } else {
      repository.error = Error{Code::kNotFound, "no repository"};
    }
    write("package.json", R"({"name": "top", "workspaces": ["packages/*"]})");
    for (int i = 0; i < 6; ++i) {
      const std::string package = "packages/p" + std::to_string(i) + "/";
      write(package + "package.json", R"({"name": "p", "dependencies": {"express": "^4.0.0"}})");
      write(package + "index.js", "require('express')().listen(300" + std::to_string(i) + ");\n");
      write(package + "part.h", "class A {};\n");
      write(package + "README.md", "# It\n");
    }
    write("vendor/lib/a.c", std::string(200, 'x'));
    write("gradle/libs.versions.toml", "[versions]\na = \"1\"\n");
    workspace = std::move(*sandbox::Workspace::open(files.root()));
    tree = std::make_shared<watch::Tree>(1, workspace, clock, quota, watch::TreeLimits{});
    (void)tree->use();
    settle();
    catalogue = std::make_shared<search::Catalogue>(tree, clock, search::CatalogueLimits{});
  }

  void settle() {
    for (int i = 0; i < 2000 && (tree->mode() != watch::Mode::kWatching || !tree->epochs()); ++i) {
      if (tree->use()) tree->work();
      std::this_thread::sleep_for(std::chrono::microseconds(10 * i));
    }
  }

  void write(const std::string& path, const std::string& content) {
    files.write(path, content);
    if (!path.starts_with(".git/")) names.insert(path);
  }
  void remove(const std::string& path) {
    fs::remove(files.root() + "/" + path);
    names.erase(path);
  }
  // As `git add` would leave it: the list of the files and a new index.
  void track() {
    repository.files.clear();
    for (const std::string& name : names) {
      const auto size =
          fs::symlink_status(files.root() + "/" + name).type() == fs::file_type::regular
              ? fs::file_size(files.root() + "/" + name)
              : 0;
      repository.files.push_back({name, 0100644, size, ""});
    }
    files.write(".git/index", std::to_string(++states));
  }

  Report look(bool afresh) {
    const CancelToken cancel(clock);
    const auto report =
        analyze({*workspace, repository, *store, pool, clock, afresh ? nullptr : catalogue.get()},
                {.refresh = afresh}, cancel);
    REQUIRE(report);
    return *report;
  }
  static std::string text(const Report& report) {
    std::string text;
    project::Show show;
    show.most_modules = 1000;
    show.most_items = 1000;
    append_text(text, report,
                {.path = sandbox::Path(), .project = show, .max_rows = 1000, .max_paths = 1000});
    json::Writer out(text);
    out.begin_object();
    project::append_json(out, report.project, show);
    out.end_object();
    for (const std::string& line : project::fact_lines(report.project)) text += line + "\n";
    return text;
  }

  quarry::test::TempWorkspace files{{{"main.c", "int main(void) { return 0; }\n"}}};
  std::set<std::string> names{"main.c"};
  test::FakeRepository repository;
  std::shared_ptr<sandbox::Workspace> workspace;
  LeapingClock clock;
  watch::Quota quota;
  std::shared_ptr<watch::Tree> tree;
  std::shared_ptr<search::Catalogue> catalogue;
  std::unique_ptr<store::Store> store = store::Store::in_memory();
  pool::Pool pool;
  int states = 0;
};

// Kernels count a file's times in ticks: what comes within one cannot be told apart by a clock that
// believes all to be an hour old.
void next_tick() {
  std::this_thread::sleep_for(std::chrono::milliseconds(11));
}

// Something happens to the tree.
void change(Watched& world, std::mt19937& random) {
  const auto pick = [&](std::size_t below) { return random() % below; };
  const std::string package = "packages/p" + std::to_string(pick(6)) + "/";
  const std::string number = std::to_string(pick(1000));
  switch (pick(20)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return world.write(
          package + "package.json",
          R"({"name": "n)" + number + R"(", "dependencies": {"pg": "^8.)" + number + R"("}})");
    case 4:
      return world.write(package + "package.json", R"({"workspaces": ["*"]})");
    case 5:
      return world.write("package.json", R"({"name": "top", "engines": {"node": ">=)" + number +
                                             R"("}, "workspaces": ["packages/p)" +
                                             std::to_string(pick(6)) + R"(", "packages/*"]})");
    case 6:
      return world.write("package.json",
                         R"({"name": "top)" + number + R"(", "workspaces": ["packages/*"]})");
    case 7:
    case 8:
      return world.write(package + "index.js", "listen(" + number + "); process.env.A_" + number +
                                                   ";\n" + std::string(pick(4000), '/'));
    case 9:
      return world.write(package + "part.h", pick(2) == 0 ? "class A {};\n" : "int a(void);\n");
    case 10:
      return world.write("vendor/lib/a.c", std::string(pick(3) * 60'000, 'x'));
    case 11:
      return world.write(package + "new" + number + ".py", "print()\n");
    case 12:
      return world.write(package + "deep/er" + number + "/a.cpp", "int a;\n");
    case 13:
      return world.write(".gitattributes", pick(2) == 0 ? "*.js linguist-vendored\n" : "# none\n");
    case 14:
      return world.write(".gitignore", pick(2) == 0 ? "*.py\n" : "# none\n");
    case 15:
      return world.write("gradle/libs.versions.toml", "[versions]\na = \"" + number + "\"\n");
    case 16:
      return world.write(package + ".nvmrc", number + "\n");
    case 17:
      return world.write(package + "package.json", "{ not JSON " + number);
    case 18:
      return world.write(package + "index.js", "");
    default: {
      if (world.names.size() < 12) return;
      return world.remove(
          *std::next(world.names.begin(), static_cast<std::ptrdiff_t>(pick(world.names.size()))));
    }
  }
}

TEST_CASE("an analysis that goes by the last one says what a fresh one says") {
  for (const std::size_t workers : {1U, 2U, 8U}) {
    for (const bool tracked : {false, true}) {
      Watched world(workers, tracked);
      world.track();
      std::mt19937 random(static_cast<unsigned>(workers * 2 + (tracked ? 1 : 0)));
      for (int step = 0; step < 60; ++step) {
        INFO(workers << " workers, " << (tracked ? "tracked" : "walked") << ", step " << step);
        const std::size_t changes = random() % 8 == 0 ? 5 : 1;
        for (std::size_t i = 0; i < changes; ++i) change(world, random);
        if (random() % 4 == 0) world.track();
        next_tick();
        world.settle();
        if (random() % 10 == 0) world.clock.ahead_ns += watch::kMaxAgeNs;
        const Report by_last = world.look(false);
        REQUIRE(Watched::text(by_last) == Watched::text(world.look(true)));
      }
    }
  }
}

TEST_CASE("after one changed file nothing else is asked for") {
  for (const bool tracked : {false, true}) {
    INFO((tracked ? "tracked" : "walked"));
    Watched world(2, tracked);
    world.track();
    next_tick();
    const Report first = world.look(false);
    CHECK(first.files_read > 10);
    const int lists = world.repository.lists;
    world.write("packages/p1/package.json", R"({"name": "another", "version": "3.0.0"})");
    next_tick();
    world.settle();
    const Report second = world.look(false);
    CHECK(second.files_read == 1);
    CHECK(Watched::text(second).find("another") != std::string::npos);
    // git's index is the same file.
    if (tracked) CHECK(world.repository.lists == lists);
    // The modules that nothing happened to are those of before.
    REQUIRE(first.project.modules.size() == second.project.modules.size());
    std::size_t shared = 0;
    for (std::size_t i = 0; i < first.project.modules.size(); ++i) {
      shared += first.project.modules[i] == second.project.modules[i] ? 1 : 0;
    }
    CHECK(shared + 1 == first.project.modules.size());
  }
}

// What a module takes from files of other modules, one change of such a file after the other.
TEST_CASE("what is told of a module elsewhere is that of now") {
  Watched world(2, false);
  const auto write_nest = [&](const std::string& version) {
    world.write("mono/package.json",
                R"({"name": "mono", "dependencies": {"@nestjs/core": ")" + version + R"("}})");
  };
  write_nest("^10.0.0");
  world.write("mono/nx.json", "{}\n");
  world.write("mono/apps/api/project.json",
              R"({"name": "api", "targets": {"build": {"executor": "@nx/nest:build"}}})");
  world.write("mono/apps/api/main.ts", "run();\n");
  world.write("compose.yaml", "services:\n  shop:\n    image: us/shop\n    ports: ['9000:9001']\n");
  world.write("go.work", "go 1.22\nuse ./packages/p1\n");
  world.write("packages/p1/go.mod", "module p1\n");
  world.write("packages/p1/main.go", "package main\n");
  const auto said = [&](std::string_view fact) {
    next_tick();
    world.settle();
    const std::string text = Watched::text(world.look(false));
    CHECK(text == Watched::text(world.look(true)));
    return text.find(fact) != std::string::npos;
  };
  CHECK(said("mono/apps/api framework NestJS ^10.0.0"));
  write_nest("^11.1.0");
  CHECK(said("mono/apps/api framework NestJS ^11.1.0"));

  CHECK_FALSE(said("packages/p0 port 9001"));
  world.write("packages/p0/package.json", R"({"name": "shop"})");
  CHECK(said("packages/p0 port 9001"));
  world.write("packages/p0/package.json", R"({"name": "other"})");
  CHECK_FALSE(said("packages/p0 port 9001"));

  CHECK(said("packages/p1 member-of package.json"));
  world.write("packages/p1/main.go", "package main\n" + std::string(60'000, '/'));
  CHECK(said("packages/p1 member-of go.work:2"));
}

TEST_CASE("what no watch saw is found when the time is up") {
  Watched world(2, false);
  (void)world.look(false);
  // Through a link that lies elsewhere: the watch tells of nothing.
  const quarry::test::TempWorkspace outside;
  fs::create_hard_link(world.files.path("packages/p1/index.js"), outside.path("link.js"));
  next_tick();
  world.settle();
  (void)world.look(false);
  outside.write("link.js", "listen(4444);\n");
  next_tick();
  world.clock.ahead_ns += watch::kMaxAgeNs;
  const std::string text = Watched::text(world.look(false));
  CHECK(text.find("4444") != std::string::npos);
  CHECK(text == Watched::text(world.look(true)));
}

TEST_CASE("what is remembered goes when the catalogue is given back") {
  Watched world(1, false);
  (void)world.look(false);
  const std::uint64_t with = world.catalogue->stats().bytes;
  auto companion = world.catalogue->take_companion();
  REQUIRE(companion != nullptr);
  CHECK(world.catalogue->take_companion() == nullptr);
  CHECK(world.catalogue->stats().bytes + companion->bytes() == with);
  world.catalogue->leave_companion(std::move(companion));
  world.catalogue->drop();
  CHECK(world.catalogue->take_companion() == nullptr);
  CHECK(Watched::text(world.look(false)) == Watched::text(world.look(true)));
}

}  // namespace
}  // namespace quarry::analysis
