// What it costs to know that nothing has changed: see server/watch/tree.h.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "server/base/clock.h"
#include "server/watch/answers.h"
#include "server/watch/tree.h"

namespace {

namespace fs = std::filesystem;
using namespace quarry::watch;

// A tree of `directories` directories with a file in each, watched.
class Fixture {
 public:
  explicit Fixture(std::int64_t directories) {
    std::string pattern = (fs::temp_directory_path() / "quarry-bench-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    root_ = fs::canonical(pattern).string();
    for (std::int64_t i = 1; i < directories; ++i) {
      const std::string directory = root_ + "/" + std::to_string(i / 40) + "/" + std::to_string(i);
      fs::create_directories(directory);
      std::ofstream(directory + "/file.txt") << "x";
    }
    files_ = quarry::sandbox::Workspace::open(root_).value();
  }
  ~Fixture() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }
  std::unique_ptr<Tree> watched() {
    auto tree = std::make_unique<Tree>(1, files_, clock_, quota_, TreeLimits{});
    (void)tree->use();
    if (!tree->use()) std::abort();
    tree->work();
    if (!tree->epochs()) std::abort();
    return tree;
  }
  const std::string& root() const { return root_; }
  const quarry::sandbox::Workspace& files() const { return *files_; }
  const quarry::SystemClock& clock() const { return clock_; }

 private:
  std::string root_;
  quarry::SystemClock clock_;
  Quota quota_;
  std::shared_ptr<const quarry::sandbox::Workspace> files_;
};

void epochs_idle(benchmark::State& state) {
  Fixture fixture(100);
  const auto tree = fixture.watched();
  const Epochs before = *tree->epochs();
  for (auto unused : state) {
    if (*tree->epochs() != before) std::abort();
  }
}
BENCHMARK(epochs_idle);

void epochs_after_a_change(benchmark::State& state) {
  Fixture fixture(100);
  const auto tree = fixture.watched();
  const std::string file = fixture.root() + "/file.txt";
  for (auto unused : state) {
    state.PauseTiming();
    const Epochs before = *tree->epochs();
    std::ofstream(file) << "x";
    state.ResumeTiming();
    if (tree->epochs()->tree == before.tree) std::abort();
  }
}
BENCHMARK(epochs_after_a_change)->Iterations(2000);

void set_watches(benchmark::State& state) {
  Fixture fixture(state.range(0));
  for (auto unused : state) {
    auto tree = fixture.watched();
    if (tree->standing().directories < static_cast<std::size_t>(state.range(0))) std::abort();
    state.PauseTiming();
    tree.reset();  // closing them is not part of it
    state.ResumeTiming();
  }
}
BENCHMARK(set_watches)->Arg(2000)->Unit(benchmark::kMillisecond);

void fingerprint(benchmark::State& state) {
  Fixture fixture(state.range(0));
  const quarry::CancelToken cancel(fixture.clock());
  const Parallel in_turn = [](std::size_t count, const std::function<void(std::size_t)>& body) {
    for (std::size_t i = 0; i < count; ++i) body(i);
  };
  const auto first = take_fingerprint(fixture.files(), in_turn, fixture.clock(), cancel);
  for (auto unused : state) {
    const auto print = take_fingerprint(fixture.files(), in_turn, fixture.clock(), cancel);
    if (!print || !first || print->version != first->version) std::abort();
  }
}
BENCHMARK(fingerprint)->Arg(2000)->Unit(benchmark::kMillisecond);

void kept_answer(benchmark::State& state) {
  Answers answers({});
  const Version version{{7, 0}, {0, 0}};
  std::string key;
  for (int i = 0; i < 200; ++i) {
    Answers::begin_key(key, 1);
    key += "grep pattern " + std::to_string(i);
    answers.keep(key, version, std::make_shared<const Answer>(Answer{std::string(8'000, 'x'), {}}),
                 0);
  }
  for (auto unused : state) {
    bool flying = false;
    const auto answer = answers.find(key, version, 0, flying);
    if (!answer) std::abort();
    benchmark::DoNotOptimize(answer.get());
  }
}
BENCHMARK(kept_answer);

}  // namespace
