// Twin of server/edit: what it costs to read a patch, to apply it, and to find the region that an
// edit meant in a large file.

#include <cstdlib>
#include <string>

#include <benchmark/benchmark.h>

#include "server/base/clock.h"
#include "server/edit/closest.h"
#include "server/edit/hunks.h"
#include "server/edit/patch.h"

namespace {

using quarry::CancelToken;
using quarry::SystemClock;
namespace edit = quarry::edit;

constexpr int kLines = 150'000;  // about 5 MB

std::string line_of(int i) {
  return fmt::format("  result[{}] = compute(input, {});\n", i, i * 7 % 1000);
}

std::string text_of(int lines) {
  std::string text;
  for (int i = 0; i < lines; ++i) text += line_of(i);
  return text;
}

// One hunk in every 100 lines.
std::string patch_of(int lines) {
  std::string patch = "diff --git a/f.c b/f.c\n--- a/f.c\n+++ b/f.c\n";
  for (int i = 50; i + 4 < lines; i += 100) {
    patch += fmt::format("@@ -{0},7 +{0},7 @@ int f()\n", i - 2);
    for (int line = i - 3; line <= i + 3; ++line) {
      patch += (line == i ? "-" : " ") + line_of(line);
      if (line == i) patch += "+  changed();\n";
    }
  }
  return patch;
}

void check(bool good) {
  if (!good) std::abort();
}

void edit_parse_patch(benchmark::State& state) {
  const std::string patch = patch_of(static_cast<int>(state.range(0)));
  check(edit::parse_patch(patch).has_value());
  for (auto _ : state) benchmark::DoNotOptimize(edit::parse_patch(patch));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(patch.size()));
}
BENCHMARK(edit_parse_patch)->Arg(1000)->Arg(kLines);

// `offset`: lines that stand before the text since the patch was made.
void apply(benchmark::State& state, int offset) {
  const int lines = static_cast<int>(state.range(0));
  const std::string text = std::string(static_cast<std::size_t>(offset), '\n') + text_of(lines);
  const std::string patch = patch_of(lines);
  const auto files = edit::parse_patch(patch);
  const SystemClock clock;
  const CancelToken cancel(clock);
  check(edit::apply_hunks(text, files->front().hunks, cancel).has_value());
  for (auto _ : state) {
    benchmark::DoNotOptimize(edit::apply_hunks(text, files->front().hunks, cancel));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
void edit_apply_hunks(benchmark::State& state) {
  apply(state, 0);
}
void edit_apply_hunks_with_offset(benchmark::State& state) {
  apply(state, 40);
}
BENCHMARK(edit_apply_hunks)->Arg(1000)->Arg(kLines);
BENCHMARK(edit_apply_hunks_with_offset)->Arg(kLines);

void edit_explain_miss(benchmark::State& state) {
  const std::string text = text_of(kLines);
  const std::string old_text = line_of(140'000) + "  result[140001]  = compute(input, 7);\n";
  check(edit::explain_miss(text, old_text).find("line 140002") != std::string::npos);
  for (auto _ : state) benchmark::DoNotOptimize(edit::explain_miss(text, old_text));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(edit_explain_miss)->Unit(benchmark::kMillisecond);

}  // namespace
