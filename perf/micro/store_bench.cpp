// What the store costs a call: see server/store/store.h. Each call is measured alone and reported
// as percentiles, since the mean of a flush and a thousand calls without one says nothing.
//
// Aims (p95): get 2 us, put acknowledged 10 us, a batch of 1,000 on disk 25 ms.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "server/store/store.h"

namespace {

using quarry::store::Durability;
using quarry::store::Store;
using quarry::store::Table;
using quarry::store::Transaction;

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kSessionBytes = 200;
constexpr int kBatch = 1000;

std::string value_of(int i, std::size_t length) {
  std::string value = std::to_string(i);
  value.resize(length, 'v');
  return value;
}

// One thread, as the server has one for this.
class OneThread final : public quarry::Background {
 public:
  ~OneThread() override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ended_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  void after(std::chrono::milliseconds delay, std::function<void()> work) override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      works_.emplace_back(SteadyClock::now() + delay, std::move(work));
    }
    changed_.notify_one();
  }

 private:
  using Due = std::pair<SteadyClock::time_point, std::function<void()>>;

  void run() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!ended_) {
      const auto next =
          std::min_element(works_.begin(), works_.end(),
                           [](const Due& a, const Due& b) { return a.first < b.first; });
      if (next == works_.end()) {
        changed_.wait(lock);
      } else if (next->first > SteadyClock::now()) {
        const auto until = next->first;
        changed_.wait_until(lock, until);
      } else {
        const std::function<void()> work = std::move(next->second);
        works_.erase(next);
        lock.unlock();
        work();
        lock.lock();
      }
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Due> works_;
  bool ended_ = false;
  std::thread thread_{[this] { run(); }};
};

// A store with `records` durable records like those of sessions, all on disk.
class Fixture {
 public:
  Fixture(std::int64_t records, Durability durability) : records_(static_cast<int>(records)) {
    std::string pattern = (std::filesystem::temp_directory_path() / "quarry-bench-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    directory_ = pattern;
    store_ = Store::at(directory_ + "/s", {.durability = durability, .background = &background_});
    for (int first = 0; first < records_; first += kBatch) {
      const auto written = store_->change([&](Transaction& txn) -> quarry::Result<void> {
        for (int i = first; i < std::min(first + kBatch, records_); ++i) {
          TRY(txn.put(Table::kSessions, key(i), value_of(i, kSessionBytes)));
        }
        return {};
      });
      if (!written) std::abort();
    }
    if (!store_->flush() || store_->stats().mode != "lmdb") std::abort();
    for (int i = 0; i < records_; ++i) {
      if (store_->get(Table::kSessions, key(i)) != value_of(i, kSessionBytes)) std::abort();
    }
  }
  ~Fixture() {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  Store& store() { return *store_; }
  static std::string key(int i) { return "session " + std::to_string(i); }
  std::string some_key() {
    at_ = (at_ + 7919) % records_;
    return key(at_);
  }

 private:
  const int records_;
  int at_ = 0;
  std::string directory_;
  OneThread background_;
  std::unique_ptr<Store> store_;
};

// The percentiles of the calls as counters, in microseconds.
class Samples {
 public:
  Samples(benchmark::State& state, const char* name) : state_(state), name_(name) {}
  ~Samples() {
    if (took_us_.empty()) return;
    std::sort(took_us_.begin(), took_us_.end());
    for (const int percent : {50, 95, 99}) {
      const std::size_t at = (took_us_.size() - 1) * static_cast<std::size_t>(percent) / 100;
      state_.counters[name_ + "_p" + std::to_string(percent) + "_us"] = took_us_[at];
    }
  }
  Samples(const Samples&) = delete;
  Samples& operator=(const Samples&) = delete;

  template <class Call>
  void measure(Call call) {
    const auto begin = SteadyClock::now();
    call();
    add(begin);
  }
  void add(SteadyClock::time_point begin) {
    took_us_.push_back(
        std::chrono::duration<double, std::micro>(SteadyClock::now() - begin).count());
  }

 private:
  benchmark::State& state_;
  const std::string name_;
  std::vector<double> took_us_;
};

void get(benchmark::State& state) {
  Fixture fixture(state.range(0), Durability::kNormal);
  Samples samples(state, "get");
  for (auto unused : state) {
    const std::string key = fixture.some_key();
    samples.measure([&] {
      const auto value = fixture.store().get(Table::kSessions, key);
      if (!value) std::abort();
      benchmark::DoNotOptimize(value->data());
    });
  }
}
BENCHMARK(get)->Arg(1)->Arg(1000)->Arg(100'000);

void get_absent(benchmark::State& state) {
  Fixture fixture(state.range(0), Durability::kNormal);
  Samples samples(state, "get");
  for (auto unused : state) {
    samples.measure([&] {
      if (fixture.store().get(Table::kSessions, "absent")) std::abort();
    });
  }
}
BENCHMARK(get_absent)->Arg(1)->Arg(1000)->Arg(100'000);

// A record that was changed a moment ago and is not on disk yet.
void get_pending(benchmark::State& state) {
  Fixture fixture(state.range(0), Durability::kNormal);
  Samples samples(state, "get");
  const std::string value = value_of(1, kSessionBytes);
  for (auto unused : state) {
    const std::string key = fixture.some_key();
    if (!fixture.store().put(Table::kSessions, key, value)) std::abort();
    samples.measure([&] {
      if (fixture.store().get(Table::kSessions, key) != value) std::abort();
    });
  }
}
BENCHMARK(get_pending)->Arg(1000)->Arg(100'000);

// Until acknowledged; flushes run beside it.
void put_normal(benchmark::State& state) {
  Fixture fixture(state.range(0), Durability::kNormal);
  Samples samples(state, "acknowledged");
  const std::string value = value_of(1, kSessionBytes);
  for (auto unused : state) {
    const std::string key = fixture.some_key();
    samples.measure([&] {
      if (!fixture.store().put(Table::kSessions, key, value)) std::abort();
    });
  }
}
BENCHMARK(put_normal)->Arg(1)->Arg(1000)->Arg(100'000)->UseRealTime();

// A read and a write in one change, as a session's update is.
void update_normal(benchmark::State& state) {
  Fixture fixture(state.range(0), Durability::kNormal);
  Samples samples(state, "acknowledged");
  for (auto unused : state) {
    const std::string key = fixture.some_key();
    samples.measure([&] {
      const auto written = fixture.store().change([&](Transaction& txn) -> quarry::Result<void> {
        std::string value = txn.get(Table::kSessions, key).value_or("");
        value.front() = value.front() == '1' ? '2' : '1';
        return txn.put(Table::kSessions, key, value);
      });
      if (!written) std::abort();
    });
  }
}
BENCHMARK(update_normal)->Arg(1)->Arg(1000)->Arg(100'000)->UseRealTime();

// At the pace of a client that thinks: each put finds the flush of the one before done.
void put_normal_paced(benchmark::State& state) {
  Fixture fixture(state.range(0), Durability::kNormal);
  Samples samples(state, "acknowledged");
  const std::string value = value_of(1, kSessionBytes);
  for (auto unused : state) {
    const std::string key = fixture.some_key();
    const timespec pause{0, 2'000'000};
    nanosleep(&pause, nullptr);
    samples.measure([&] {
      if (!fixture.store().put(Table::kSessions, key, value)) std::abort();
    });
  }
}
BENCHMARK(put_normal_paced)->Arg(1000)->Iterations(500)->UseRealTime();

// Until on disk: put and flush, and with full durability.
void put_flushed(benchmark::State& state) {
  Fixture fixture(state.range(0), Durability::kNormal);
  Samples samples(state, "durable");
  const std::string value = value_of(1, kSessionBytes);
  for (auto unused : state) {
    const std::string key = fixture.some_key();
    samples.measure([&] {
      if (!fixture.store().put(Table::kSessions, key, value)) std::abort();
      if (!fixture.store().flush()) std::abort();
    });
  }
}
BENCHMARK(put_flushed)->Arg(1)->Arg(1000)->Arg(100'000)->UseRealTime();

void put_full(benchmark::State& state) {
  Fixture fixture(state.range(0), Durability::kFull);
  Samples samples(state, "durable");
  const std::string value = value_of(1, kSessionBytes);
  for (auto unused : state) {
    const std::string key = fixture.some_key();
    samples.measure([&] {
      if (!fixture.store().put(Table::kSessions, key, value)) std::abort();
    });
  }
}
BENCHMARK(put_full)->Arg(1)->Arg(1000)->Arg(100'000)->UseRealTime();

void batch(benchmark::State& state, Durability durability) {
  Fixture fixture(state.range(0), durability);
  Samples acknowledged(state, "acknowledged");
  Samples durable(state, "durable");
  const std::string value = value_of(1, kSessionBytes);
  for (auto unused : state) {
    const auto begin = SteadyClock::now();
    const auto written = fixture.store().change([&](Transaction& txn) -> quarry::Result<void> {
      for (int i = 0; i < kBatch; ++i) TRY(txn.put(Table::kSessions, fixture.some_key(), value));
      return {};
    });
    acknowledged.add(begin);
    if (!written || !fixture.store().flush()) std::abort();
    durable.add(begin);
  }
}
void batch_of_1000_normal(benchmark::State& state) {
  batch(state, Durability::kNormal);
}
void batch_of_1000_full(benchmark::State& state) {
  batch(state, Durability::kFull);
}
BENCHMARK(batch_of_1000_normal)->Arg(1)->Arg(1000)->Arg(100'000)->UseRealTime();
BENCHMARK(batch_of_1000_full)->Arg(1)->Arg(1000)->Arg(100'000)->UseRealTime();

void cache_put(benchmark::State& state) {
  Fixture fixture(1, Durability::kNormal);
  Samples samples(state, "put");
  const std::string value = value_of(1, static_cast<std::size_t>(state.range(0)));
  int i = 0;
  for (auto unused : state) {
    const std::string key = std::to_string(i = (i + 7919) % 10'000);
    samples.measure([&] {
      if (!fixture.store().put(Table::kGit, key, value)) std::abort();
    });
  }
}
BENCHMARK(cache_put)->Arg(200)->Arg(4096);

// The first use of a store that holds records, inspection included, and its end.
void open(benchmark::State& state) {
  std::string pattern = (std::filesystem::temp_directory_path() / "quarry-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  const std::string directory = pattern + "/s";
  const auto records = static_cast<int>(state.range(0));
  {
    const auto store = Store::at(directory);
    const auto written = store->change([&](Transaction& txn) -> quarry::Result<void> {
      for (int i = 0; i < records; ++i) {
        TRY(txn.put(Table::kSessions, Fixture::key(i), value_of(i, kSessionBytes)));
      }
      return {};
    });
    if (!written) std::abort();
  }
  Samples samples(state, "open");
  for (auto unused : state) {
    samples.measure([&] {
      const auto store = Store::at(directory);
      if (store->get(Table::kSessions, Fixture::key(records / 2)) !=
          value_of(records / 2, kSessionBytes)) {
        std::abort();
      }
    });
  }
  std::error_code ignored;
  std::filesystem::remove_all(pattern, ignored);
}
BENCHMARK(open)->Arg(1)->Arg(1000)->Arg(10'000)->UseRealTime();

}  // namespace
