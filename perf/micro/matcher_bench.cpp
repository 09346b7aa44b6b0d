// Searching a megabyte of text: LiteralFinder beside memmem, and a Matcher by whichever engine it
// takes. Each counts first what it finds and compares that with a plain loop or with RE2's count.

#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include "server/search/literal_finder.h"
#include "server/search/matcher.h"

namespace quarry::search {
namespace {

constexpr std::size_t kTextBytes = 1 << 20;

// Lines as a program has them, of words that recur: a few often, most seldom.
const std::string& source_text() {
  static const std::string* const made = [] {
    std::mt19937 random(3);
    auto* text = new std::string;
    while (text->size() < kTextBytes) {
      const auto rank = static_cast<unsigned>(random() % (1U + random() % 20'000));
      std::mt19937 letters(rank);
      for (unsigned i = 0; i < 3 + rank % 9; ++i) {
        text->push_back(static_cast<char>('a' + letters() % 26));
      }
      const unsigned next = static_cast<unsigned>(random() % 40);
      text->append(next < 5 ? ";\n" : next < 8 ? "(" : next < 11 ? ") = NULL;\n\t" : " ");
      if (random() % 4000 == 0) text->append("raid6_datap_recov(");
      if (random() % 200 == 0) text->append("return ");
    }
    return text;
  }();
  return *made;
}

std::size_t count_by_memmem(std::string_view text, std::string_view wanted) {
  std::size_t found = 0;
  for (const char* at = text.data(); at != nullptr; ++found) {
    const auto left = static_cast<std::size_t>(text.data() + text.size() - at);
    const void* const hit = memmem(at, left, wanted.data(), wanted.size());
    if (hit == nullptr) break;
    at = static_cast<const char*>(hit) + 1;
  }
  return found;
}

std::size_t count_by_finder(std::string_view text, const LiteralFinder& finder) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = finder.find(text, at, text.size())) != std::string_view::npos;
       ++at) {
    ++found;
  }
  return found;
}

void say_bytes(benchmark::State& state, std::size_t found) {
  state.counters["found"] = static_cast<double>(found);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * source_text().size()));
}

void literal_memmem(benchmark::State& state, const char* wanted) {
  std::size_t found = count_by_memmem(source_text(), wanted);  // makes the text
  for (auto _ : state) {
    found = count_by_memmem(source_text(), wanted);
    benchmark::DoNotOptimize(found);
  }
  say_bytes(state, found);
}

void literal_finder(benchmark::State& state, const char* wanted) {
  const LiteralFinder finder{std::string(wanted)};
  const std::size_t want = count_by_memmem(source_text(), wanted);
  std::size_t found = 0;
  for (auto _ : state) {
    found = count_by_finder(source_text(), finder);
    benchmark::DoNotOptimize(found);
  }
  if (found != want) state.SkipWithError("another count than memmem's");
  say_bytes(state, found);
}

std::size_t count_lines(const Matcher& matcher, MatchScratch& scratch) {
  const std::string_view text = source_text();
  std::size_t found = 0;
  scratch.start_text();
  for (std::size_t at = 0; at < text.size(); ++found) {
    const auto line = matcher.find_line(text, at, text.size(), scratch);
    if (!line) break;
    at = line->end + 1;
  }
  return found;
}

void matcher_lines(benchmark::State& state, const char* pattern, const MatchOptions& options) {
  const auto matcher = Matcher::compile(pattern, options);
  if (!matcher) return state.SkipWithError("not compiled");
  MatchScratch scratch;
  // Before the fast program is made: by the text that is required, and by RE2.
  const std::size_t want = count_lines(**matcher, scratch);
  (*matcher)->expect(std::size_t{1} << 30);
  std::size_t found = 0;
  for (auto _ : state) {
    found = count_lines(**matcher, scratch);
    benchmark::DoNotOptimize(found);
  }
  if (found != want) state.SkipWithError("another count than without the fast program");
  say_bytes(state, found);
}

void matcher_compile(benchmark::State& state, const char* pattern) {
  for (auto _ : state) {
    auto matcher = Matcher::compile(pattern, {});
    benchmark::DoNotOptimize(matcher);
  }
}

constexpr const char* kAbsent = "zqxjkvqqw";
constexpr const char* kRare = "raid6_datap_recov";
constexpr const char* kCommon = "return";
constexpr const char* kFunction = R"([a-z]+\([a-z ]+\) = NULL;)";

BENCHMARK_CAPTURE(literal_memmem, absent, kAbsent);
BENCHMARK_CAPTURE(literal_finder, absent, kAbsent);
BENCHMARK_CAPTURE(literal_memmem, rare, kRare);
BENCHMARK_CAPTURE(literal_finder, rare, kRare);
BENCHMARK_CAPTURE(literal_memmem, common, kCommon);
BENCHMARK_CAPTURE(literal_finder, common, kCommon);

BENCHMARK_CAPTURE(matcher_lines, literal, kRare, MatchOptions{});
BENCHMARK_CAPTURE(matcher_lines, ignore_case, kCommon, MatchOptions{.ignore_case = true});
BENCHMARK_CAPTURE(matcher_lines, word, kCommon, MatchOptions{.word = true});
BENCHMARK_CAPTURE(matcher_lines, required_text, R"(recov\(.*NULL)", MatchOptions{});
BENCHMARK_CAPTURE(matcher_lines, no_required_text, R"([a-z]{11}\s[a-z]{3};)", MatchOptions{});
BENCHMARK_CAPTURE(matcher_lines, function, kFunction, MatchOptions{});
BENCHMARK_CAPTURE(matcher_compile, literal, kRare);
BENCHMARK_CAPTURE(matcher_compile, function, kFunction);

}  // namespace
}  // namespace quarry::search
