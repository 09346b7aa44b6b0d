// What the store costs a call: see server/store/store.h.

#include <cstdlib>
#include <filesystem>
#include <string>

#include <benchmark/benchmark.h>

#include "server/store/store.h"

namespace {

using quarry::store::Store;
using quarry::store::Table;

constexpr int kRecords = 10'000;

std::string value_of(int i, std::size_t length) {
  std::string value = std::to_string(i);
  value.resize(length, 'v');
  return value;
}

// A store with kRecords records of `length` bytes in a directory of its own.
class Fixture {
 public:
  explicit Fixture(std::size_t length) {
    std::string pattern = (std::filesystem::temp_directory_path() / "quarry-bench-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    directory_ = pattern;
    store_ = Store::at(directory_ + "/s");
    for (int i = 0; i < kRecords; ++i) {
      if (!store_->put(Table::kGit, std::to_string(i), value_of(i, length))) std::abort();
    }
    if (store_->stats().mode != "lmdb") std::abort();
    for (int i = 0; i < kRecords; ++i) {
      if (store_->get(Table::kGit, std::to_string(i)) != value_of(i, length)) std::abort();
    }
  }
  ~Fixture() {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  Store& store() { return *store_; }

 private:
  std::string directory_;
  std::unique_ptr<Store> store_;
};

void get(benchmark::State& state) {
  Fixture fixture(static_cast<std::size_t>(state.range(0)));
  int i = 0;
  for (auto unused : state) {
    const auto value = fixture.store().get(Table::kGit, std::to_string(i));
    if (!value) std::abort();
    benchmark::DoNotOptimize(value->data());
    i = (i + 7919) % kRecords;
  }
}
BENCHMARK(get)->Arg(200)->Arg(4096);

void get_absent(benchmark::State& state) {
  Fixture fixture(200);
  for (auto unused : state) {
    if (fixture.store().get(Table::kGit, "absent")) std::abort();
  }
}
BENCHMARK(get_absent);

void put_cached(benchmark::State& state) {
  Fixture fixture(200);
  const std::string value = value_of(1, 200);
  int i = 0;
  for (auto unused : state) {
    if (!fixture.store().put(Table::kGit, std::to_string(i), value)) std::abort();
    i = (i + 7919) % kRecords;
  }
  if (fixture.store().get(Table::kGit, "0") != value) std::abort();
}
BENCHMARK(put_cached);

void put_durable(benchmark::State& state) {
  Fixture fixture(200);
  const std::string value = value_of(1, 200);
  for (auto unused : state) {
    if (!fixture.store().put(Table::kSessions, "k", value)) std::abort();
  }
  if (fixture.store().get(Table::kSessions, "k") != value) std::abort();
}
BENCHMARK(put_durable)->UseRealTime();

// The first use of a store that holds kRecords records, inspection included.
void open(benchmark::State& state) {
  std::string pattern = (std::filesystem::temp_directory_path() / "quarry-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  const std::string directory = pattern + "/s";
  {
    const auto store = Store::at(directory);
    for (int i = 0; i < kRecords; ++i) {
      if (!store->put(Table::kGit, std::to_string(i), value_of(i, 200))) std::abort();
    }
  }
  for (auto unused : state) {
    const auto store = Store::at(directory);
    if (store->get(Table::kGit, "77") != value_of(77, 200)) std::abort();
  }
  std::error_code ignored;
  std::filesystem::remove_all(pattern, ignored);
}
BENCHMARK(open)->UseRealTime();

}  // namespace
