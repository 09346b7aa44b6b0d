// The trigram index: taking a text's trigrams, adding a file, and asking 80,000 files.

#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "server/index/signatures.h"

namespace quarry::index {
namespace {

// Words that recur as those of a program do: a few often, most seldom.
std::string text_like_code(std::mt19937& random, std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) {
    const auto rank = static_cast<unsigned>(random() % (1U + random() % 20'000));
    std::mt19937 letters(rank);
    for (unsigned i = 0; i < 3 + rank % 9; ++i) {
      text.push_back(static_cast<char>('a' + letters() % 26));
    }
    text.push_back(random() % 8 == 0 ? '\n' : ' ');
  }
  return text;
}

void index_collect_64k(benchmark::State& state) {
  std::mt19937 random(1);
  const std::string text = text_like_code(random, 64 << 10);
  TrigramCollector collector;
  for (auto _ : state) {
    collector.clear();
    collector.add(text);
    benchmark::DoNotOptimize(collector.found().data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(index_collect_64k);

const Signatures& eighty_thousand() {
  static const Signatures* const made = [] {
    std::mt19937 random(2);
    auto* signatures = new Signatures;
    TrigramCollector collector;
    for (Signatures::File file = 0; file < 80'000; ++file) {
      collector.clear();
      collector.add(text_like_code(random, 500 + random() % 8000));
      signatures->add(file, Signature::of(collector.found()));
    }
    return signatures;
  }();
  return *made;
}

void index_ask(benchmark::State& state, const Query& query) {
  const Signatures& signatures = eighty_thousand();
  std::size_t found = 0;
  for (auto _ : state) {
    found = 0;
    signatures.each_candidate(query, [&](Signatures::File) { ++found; });
    benchmark::DoNotOptimize(found);
  }
  state.counters["candidates"] = static_cast<double>(found);
  state.counters["bytes"] = static_cast<double>(signatures.bytes());
}
void index_sign_and_add(benchmark::State& state) {
  std::mt19937 random(1);
  TrigramCollector collector;
  collector.add(text_like_code(random, 16 << 10));
  Signatures signatures;
  for (auto _ : state) {
    const Signatures::Place place = signatures.add(1, Signature::of(collector.found()));
    benchmark::DoNotOptimize(place);
    signatures.remove(place);
  }
}
BENCHMARK(index_sign_and_add);

BENCHMARK_CAPTURE(index_ask, absent_word, Query::text("raid6_datap_recov", false));
BENCHMARK_CAPTURE(index_ask, three_letters, Query::text("the", false));
BENCHMARK_CAPTURE(index_ask, one_of_three,
                  Query::any({Query::text("spin_lock", false), Query::text("mutex_lock", false),
                              Query::text("rcu_read", false)}));

}  // namespace
}  // namespace quarry::index
