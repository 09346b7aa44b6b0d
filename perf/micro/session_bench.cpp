// What sessions cost: see server/session/sessions.h. The argument is how many are stored. Each call
// is measured alone and reported as percentiles.
//
// Aims (p95): get 2 us, update acknowledged 10 us, whatever is stored.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <malloc.h>
#include <sys/stat.h>

#include "server/base/ids.h"
#include "server/session/sessions.h"

namespace {

namespace fs = std::filesystem;

using quarry::Result;
using quarry::session::Record;
using quarry::session::Sessions;
using SteadyClock = std::chrono::steady_clock;

constexpr int kBatch = 500;
constexpr int kUsed = 1000;  // sessions that take turns in the benchmarks of few

std::uint64_t bytes_below(const fs::path& directory) {
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    // Allocated, not apparent: the database's file is as long as its map may become.
    struct stat status {};
    if (entry.is_regular_file() && stat(entry.path().c_str(), &status) == 0) {
      bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
    }
  }
  return bytes;
}

// A tree and a state directory with `count` sessions on it.
class Fixture {
 public:
  explicit Fixture(std::int64_t count) {
    std::string pattern = (fs::temp_directory_path() / "quarry-bench-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    place_ = fs::canonical(pattern);
    fs::create_directories(place_ / "tree" / "sub");
    store_ = quarry::store::Store::at(place_ / "state");
    restart();
    const std::int64_t now = clock_.wall_ms();
    for (std::int64_t first = 0; first < count; first += kBatch) {
      const auto written = store_->change([&](quarry::store::Transaction& change) -> Result<void> {
        for (std::int64_t i = first; i < std::min<std::int64_t>(first + kBatch, count); ++i) {
          Record record{{.created_ms = now - count + i, .used_ms = now},
                        quarry::random_id(),
                        place_ / "tree" / "sub",
                        "label " + std::to_string(i % 10)};
          TRY(quarry::session::rows::insert(change, record));
          handles_.push_back(record.handle);
        }
        return {};
      });
      if (!written) std::abort();
    }
    if (!store_->flush()) std::abort();
    if (store_->stats().mode != "lmdb") std::abort();
    if (sessions().totals().sessions != static_cast<std::uint64_t>(count)) std::abort();
  }
  ~Fixture() {
    sessions_.reset();
    store_.reset();
    std::error_code ignored;
    fs::remove_all(place_, ignored);
  }

  // A process that has none of the sessions at hand.
  void restart() {
    sessions_ = std::make_unique<Sessions>(
        Sessions::Config{.roots = {quarry::sandbox::Workspace::open(place_ / "tree").value()},
                         .git_helper = "/nonexistent"},
        *store_, clock_);
  }
  Sessions& sessions() { return *sessions_; }
  std::uint64_t disk_bytes() const { return bytes_below(place_ / "state"); }
  // The next of the first `among`, in no order that a cache would like.
  const std::string& some(std::size_t among) {
    among = std::min(among, handles_.size());
    at_ = (at_ + 7919) % among;
    return handles_[at_];
  }
  std::size_t size() const { return handles_.size(); }

 private:
  fs::path place_;
  quarry::SystemClock clock_;
  std::unique_ptr<quarry::store::Store> store_;
  std::unique_ptr<Sessions> sessions_;
  std::vector<std::string> handles_;
  std::size_t at_ = 0;
};

class Percentiles {
 public:
  template <class Call>
  void time(const Call& call) {
    const auto begun = SteadyClock::now();
    call();
    ns_.push_back(
        std::chrono::duration_cast<std::chrono::nanoseconds>(SteadyClock::now() - begun).count());
  }
  void report(benchmark::State& state) {
    std::sort(ns_.begin(), ns_.end());
    const auto at = [&](double share) {
      return static_cast<double>(
                 ns_[static_cast<std::size_t>(share * static_cast<double>(ns_.size() - 1))]) /
             1000.0;
    };
    state.counters["p50_us"] = at(0.50);
    state.counters["p95_us"] = at(0.95);
    state.counters["p99_us"] = at(0.99);
  }

 private:
  std::vector<std::int64_t> ns_;
};

void session_get(benchmark::State& state, std::size_t among) {
  Fixture fixture(state.range(0));
  Percentiles percentiles;
  for (auto unused : state) {
    const std::string& handle = fixture.some(among);
    percentiles.time([&] {
      const auto session = fixture.sessions().find(handle);
      if (!session || (*session)->handle() != handle) std::abort();
      benchmark::DoNotOptimize(fixture.sessions().note_use(**session));
    });
  }
  percentiles.report(state);
}

// Of a thousand in use: they are at hand.
void session_get_used(benchmark::State& state) {
  session_get(state, kUsed);
}
BENCHMARK(session_get_used)->Arg(1)->Arg(1000)->Arg(100'000);

// Of all: most have to be loaded.
void session_get_any(benchmark::State& state) {
  session_get(state, SIZE_MAX);
}
BENCHMARK(session_get_any)->Arg(1)->Arg(1000)->Arg(100'000);

void session_update(benchmark::State& state) {
  Fixture fixture(state.range(0));
  Percentiles percentiles;
  int i = 0;
  for (auto unused : state) {
    const std::string& handle = fixture.some(kUsed);
    const std::string value = std::to_string(++i);
    percentiles.time([&] {
      const auto updated = fixture.sessions().update(handle, {.set = {{"step", value}}});
      if (!updated) std::abort();
    });
  }
  percentiles.report(state);
}
BENCHMARK(session_update)->Arg(1)->Arg(1000)->Arg(100'000)->UseRealTime();

// A look right after another session's update: the record is read again.
void session_get_after_update(benchmark::State& state) {
  Fixture fixture(state.range(0));
  Percentiles percentiles;
  const std::string other = fixture.sessions().open({})->session->handle();
  for (auto unused : state) {
    if (!fixture.sessions().update(other, {.set = {{"step", "x"}}})) std::abort();
    const std::string& handle = fixture.some(kUsed);
    percentiles.time([&] {
      if (!fixture.sessions().find(handle)) std::abort();
    });
  }
  percentiles.report(state);
}
BENCHMARK(session_get_after_update)->Arg(1000)->Arg(90'000)->Iterations(500);

void session_open(benchmark::State& state) {
  Fixture fixture(state.range(0));
  Percentiles percentiles;
  for (auto unused : state) {
    percentiles.time([&] {
      if (!fixture.sessions().open({.root = "sub", .label = "opened"})) std::abort();
    });
  }
  percentiles.report(state);
}
BENCHMARK(session_open)->Arg(1)->Arg(1000)->Arg(90'000)->UseRealTime();

void session_list(benchmark::State& state, const quarry::session::ListOptions& options) {
  Fixture fixture(state.range(0));
  Percentiles percentiles;
  for (auto unused : state) {
    percentiles.time([&] {
      const auto listed = fixture.sessions().list(options);
      if (!listed || listed->records.empty()) std::abort();
    });
  }
  percentiles.report(state);
}
void session_list_first(benchmark::State& state) {
  session_list(state, {});
}
BENCHMARK(session_list_first)->Arg(1000)->Arg(100'000);
void session_list_label(benchmark::State& state) {
  session_list(state, {.label = "label 7"});
}
BENCHMARK(session_list_label)->Arg(1000)->Arg(100'000);
void session_list_last(benchmark::State& state) {
  session_list(state, {.offset = static_cast<std::size_t>(state.range(0)) - 50});
}
BENCHMARK(session_list_last)->Arg(1000)->Arg(100'000);

// Not a time: what one session takes on disk, and at hand.
void session_bytes(benchmark::State& state) {
  Fixture empty(0);
  Fixture fixture(state.range(0));
  const auto count = static_cast<double>(fixture.size());
  fixture.restart();
  const std::size_t before = mallinfo2().uordblks;
  std::size_t loaded = 0;
  for (std::size_t i = 0; i < 4000 && i < fixture.size(); ++i, ++loaded) {
    if (!fixture.sessions().find(fixture.some(SIZE_MAX))) std::abort();
  }
  for (auto unused : state) benchmark::DoNotOptimize(loaded);
  state.counters["disk"] = static_cast<double>(fixture.disk_bytes() - empty.disk_bytes()) / count;
  state.counters["memory"] =
      static_cast<double>(mallinfo2().uordblks - before) / static_cast<double>(loaded);
}
BENCHMARK(session_bytes)->Arg(1000)->Arg(100'000)->Iterations(1);

}  // namespace
