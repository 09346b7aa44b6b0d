#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "server/analysis/analyze.h"
#include "server/analysis/project/facts_text.h"
#include "server/analysis/render.h"
#include "tests/support/temp_workspace.h"

namespace quarry::analysis {
namespace {

class NoRepository final : public Repository {
 public:
  Result<std::vector<git::TrackedFile>> tracked_files(const CancelToken&) override {
    return fail(Code::kNotFound, "none");
  }
  Result<git::RepositoryFacts> facts(const CancelToken&) override {
    return fail(Code::kNotFound, "none");
  }
  Result<git::TreeFiles> tree_files(const git::TreeOptions&, const CancelToken&) override {
    return fail(Code::kNotFound, "none");
  }
  Result<std::vector<git::Blob>> blobs(const git::BlobsOptions&, const CancelToken&) override {
    return fail(Code::kNotFound, "none");
  }
};

// Some hundred files in directories of their own, of equal sizes where ties must be broken.
std::map<std::string, std::string> corpus(int seed) {
  const char* extensions[] = {"c", "h", "py", "rs", "m", "pl", "v", "json", "ts", "md"};
  std::map<std::string, std::string> files;
  for (int i = 0; i < 300; ++i) {
    const std::string directory = "d" + std::to_string(i % 37) + "/e" + std::to_string(i % 5);
    files[directory + "/f" + std::to_string(i) + "." + extensions[(i + seed) % 10]] =
        std::string(static_cast<std::size_t>(i % 7), '\n') + "class A {};\n";
  }
  files["d1/.gitattributes"] = "*.py linguist-vendored\n";
  files["vendor/x.go"] = "package x\n";
  files["package.json"] = R"({"name": "top", "workspaces": ["packages/*"]})";
  for (int i = 0; i < 20; ++i) {
    const std::string package = "packages/p" + std::to_string(i) + "/";
    files[package + "package.json"] =
        R"({"name": "p", "scripts": {"build": "tsc", "start": "node index.js"}, "dependencies": {"express": "^4"}})";
    files[package + "index.js"] = "listen(" + std::to_string(3000 + i) + ");\n";
    files[package + "Dockerfile"] = "FROM node\nEXPOSE " + std::to_string(4000 + i) + "\n";
  }
  return files;
}

std::string answer(const sandbox::Workspace& files, store::Store& store, pool::Pool& pool,
                   bool refresh = false) {
  const SystemClock clock;
  const CancelToken cancel(clock);
  NoRepository repository;
  const auto report =
      analyze({files, repository, store, pool, clock}, {.refresh = refresh}, cancel);
  if (!report) return "error: " + report.error().message;
  std::string text;
  append_text(text, *report, {.path = sandbox::Path(), .max_rows = 100, .max_paths = 100});
  // Every module with its commands, ports and dependencies.
  for (const std::string& line : project::fact_lines(report->project)) {
    text.append("\n").append(line);
  }
  return text;
}

TEST_CASE("a hundred analyses give the same bytes, with one, two and eight workers") {
  const quarry::test::TempWorkspace tree(corpus(0));
  const auto workspace = *sandbox::Workspace::open(tree.root());
  const auto store = store::Store::in_memory();
  pool::Pool alone({.workers = 0});
  const std::string want = answer(*workspace, *store, alone);
  CHECK(want.find("error") == std::string::npos);
  CHECK(want.find("Python") != std::string::npos);
  CHECK(want.find("packages/p7 build npm run build packages/p7/package.json:1") !=
        std::string::npos);
  for (const std::size_t workers : {1U, 2U, 8U}) {
    pool::Pool pool({.workers = workers});
    for (int run = 0; run < 100; ++run) {
      INFO(workers << " workers, run " << run);
      // Half of them from what was kept.
      REQUIRE(answer(*workspace, *store, pool, run % 2 == 0) == want);
    }
  }
}

TEST_CASE("a hundred analyses of one tree at once find the same modules and commands") {
  const quarry::test::TempWorkspace tree(corpus(1));
  const auto workspace = *sandbox::Workspace::open(tree.root());
  pool::Pool alone({.workers = 0});
  const auto other = store::Store::in_memory();
  const std::string want = answer(*workspace, *other, alone);
  const auto store = store::Store::in_memory();
  pool::Pool pool({.workers = 2});
  std::vector<std::string> got(100);
  std::atomic<std::size_t> next{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (std::size_t at = next++; at < got.size(); at = next++) {
        got[at] = answer(*workspace, *store, pool, at % 3 == 0);
      }
    });
  }
  threads.clear();
  for (const std::string& one : got) REQUIRE(one == want);
}

TEST_CASE("a hundred repositories are analysed at once, each with its own answer") {
  std::vector<std::unique_ptr<quarry::test::TempWorkspace>> trees;
  std::vector<std::string> want;
  const auto store = store::Store::in_memory();
  pool::Pool alone({.workers = 0});
  for (int i = 0; i < 100; ++i) {
    std::map<std::string, std::string> files = {
        {"a.c", std::string(static_cast<std::size_t>(i), 'x')},
        {"b.py", "print(" + std::to_string(i) + ")\n"},
        {"web/package.json", R"({"name": "w)" + std::to_string(i) +
                                 R"(", "scripts": {"start": "node )" + std::to_string(i) +
                                 R"(.js"}})"},
        {"web/" + std::to_string(i) + ".js", "listen(" + std::to_string(3000 + i) + ");\n"},
        {"Makefile", "all:\n"}};
    trees.push_back(std::make_unique<quarry::test::TempWorkspace>(files));
    const auto other = store::Store::in_memory();
    want.push_back(answer(**sandbox::Workspace::open(trees.back()->root()), *other, alone));
  }
  pool::Pool pool({.workers = 2});
  std::vector<std::string> got(trees.size());
  std::vector<std::jthread> threads;
  std::atomic<std::size_t> next{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (std::size_t at = next++; at < trees.size(); at = next++) {
        got[at] = answer(**sandbox::Workspace::open(trees[at]->root()), *store, pool);
      }
    });
  }
  threads.clear();
  CHECK(got == want);
  for (std::size_t i = 1; i < want.size(); ++i) CHECK(want[i] != want[0]);
}

}  // namespace
}  // namespace quarry::analysis
