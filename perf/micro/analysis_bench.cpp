// What analyses cost: see server/analysis/analyze.h. The argument is how many files there are.
// Cold: nothing is known of the tree; warm: the watch has told of no change since the last time;
// after_one_change: one manifest is another. Allocations are those of a call, on all threads.
//
// Each answer is held against the first before anything is measured.

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <thread>

#include <benchmark/benchmark.h>

#include "server/analysis/analyze.h"
#include "server/search/catalogue.h"
#include "server/watch/tree.h"

namespace {

std::atomic<std::uint64_t> allocations{0};

}  // namespace

// Counts what all of this program allocates; the other benchmarks pay an increment.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace {

namespace fs = std::filesystem;
using namespace quarry;  // NOLINT: a benchmark's own file

// No git: the tree is walked.
class NoRepository final : public analysis::Repository {
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

// An hour ahead, so that files written a moment ago count as settled.
class LateClock final : public Clock {
 public:
  std::int64_t steady_ns() const override { return real_.steady_ns(); }
  std::int64_t wall_ms() const override { return real_.wall_ms() + 3'600'000; }

 private:
  SystemClock real_;
};

// A tree of packages, each with a manifest and some twenty sources.
class Tree {
 public:
  explicit Tree(std::int64_t files) {
    std::string pattern = (fs::temp_directory_path() / "quarry-bench-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    root_ = fs::canonical(pattern);
    write("package.json", R"({"name": "top", "workspaces": ["packages/*"]})");
    for (std::int64_t i = 1; i < files; ++i) {
      const std::string package = "packages/p" + std::to_string(i / 20) + "/";
      if (i % 20 == 1) {
        write(package + "package.json",
              R"({"name": "p", "scripts": {"build": "tsc"}, "dependencies": {"express": "^4"}})");
      } else {
        write(package + "src/f" + std::to_string(i) + (i % 3 == 0 ? ".py" : ".ts"),
              "export const a = 1;\n");
      }
    }
    workspace_ = std::move(*sandbox::Workspace::open(root_));
    watched_ = std::make_shared<watch::Tree>(1, workspace_, clock_, quota_, watch::TreeLimits{});
    (void)watched_->use();
    catalogue_ = std::make_shared<search::Catalogue>(watched_, clock_, search::CatalogueLimits{});
    settle();
  }
  ~Tree() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }
  void write(const std::string& path, const std::string& content) const {
    const fs::path file = root_ / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << content;
  }
  // Until the watch is set and has told what it saw.
  void settle() {
    std::this_thread::sleep_for(std::chrono::milliseconds(11));  // a tick of the files' times
    for (int i = 0; i < 5000; ++i) {
      if (watched_->use()) watched_->work();
      if (watched_->mode() == watch::Mode::kWatching && watched_->epochs()) return;
      std::this_thread::sleep_for(std::chrono::microseconds(10 * i));
    }
    std::abort();
  }
  // The facts of an analysis, as one number.
  std::size_t analyse(store::Store& store, pool::Pool& pool, bool watched) {
    const CancelToken cancel(clock_);
    NoRepository repository;
    const auto report = analysis::analyze(
        {*workspace_, repository, store, pool, clock_, watched ? catalogue_.get() : nullptr}, {},
        cancel);
    if (!report || report->project.modules.empty()) std::abort();
    return report->project.modules.size() * 1'000'003 + report->tree.files;
  }

 private:
  fs::path root_;
  LateClock clock_;
  std::shared_ptr<sandbox::Workspace> workspace_;
  watch::Quota quota_;
  std::shared_ptr<watch::Tree> watched_;
  std::shared_ptr<search::Catalogue> catalogue_;
};

// Made once: a large one takes longer than all that is measured in it.
Tree& tree_of(std::int64_t files) {
  static std::map<std::int64_t, std::unique_ptr<Tree>> trees;
  std::unique_ptr<Tree>& tree = trees[files];
  if (tree == nullptr) tree = std::make_unique<Tree>(files);
  return *tree;
}

enum class Kept { kNothing, kAll, kAllButOne };

void analyses(benchmark::State& state, Kept kept) {
  Tree& tree = tree_of(state.range(0));
  pool::Pool pool({.workers = 2});
  auto store = store::Store::in_memory();
  const bool watched = kept != Kept::kNothing;
  const std::size_t want = tree.analyse(*store, pool, watched);
  if (tree.analyse(*store, pool, watched) != want) std::abort();
  std::uint64_t made = 0;
  std::int64_t round = 0;
  for (auto _ : state) {
    state.PauseTiming();
    if (kept == Kept::kNothing) store = store::Store::in_memory();
    if (kept == Kept::kAllButOne) {
      tree.write("packages/p0/package.json", R"({"name": "p)" + std::to_string(++round) + R"("})");
      tree.settle();
    }
    const std::uint64_t before = allocations.load();
    state.ResumeTiming();
    const std::size_t got = tree.analyse(*store, pool, watched);
    state.PauseTiming();
    made += allocations.load() - before;
    if (got != want) std::abort();
    state.ResumeTiming();
  }
  state.counters["allocations"] =
      static_cast<double>(made) / static_cast<double>(state.iterations());
  state.counters["files"] = static_cast<double>(state.range(0));
}

BENCHMARK_CAPTURE(analyses, cold, Kept::kNothing)
    ->Arg(10)
    ->Arg(2'000)
    ->Arg(80'000)
    ->Unit(benchmark::kMillisecond)
    ->MinTime(0.2)
    ->UseRealTime();
BENCHMARK_CAPTURE(analyses, warm, Kept::kAll)
    ->Arg(10)
    ->Arg(2'000)
    ->Arg(80'000)
    ->Unit(benchmark::kMillisecond)
    ->MinTime(0.2)
    ->UseRealTime();
BENCHMARK_CAPTURE(analyses, after_one_change, Kept::kAllButOne)
    ->Arg(10)
    ->Arg(2'000)
    ->Arg(80'000)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(50)
    ->UseRealTime();

}  // namespace
