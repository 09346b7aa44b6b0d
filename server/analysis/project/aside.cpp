#include "server/analysis/project/aside.h"

#include <algorithm>
#include <array>

#include "server/analysis/manifest/text.h"

namespace quarry::analysis::project {
namespace {

constexpr auto kAside = std::to_array<std::string_view>(
    {"example", "examples", "sample",     "samples",     "test",      "tests",    "spec",
     "bench",   "benches",  "benchmark",  "benchmarks",  "fuzz",      "e2e",      "demo",
     "demos",   "fixtures", "playground", "playgrounds", "testsuite", "template", "templates"});

constexpr auto kTools =
    std::to_array<std::string_view>({"docs", "doc", "tools", "tool", "scripts", "script", "website",
                                     "hack", "utils", "contrib", "builders", "packaging", "ci"});

bool is_test(std::string_view lowered) {
  constexpr auto kEnds =
      std::to_array<std::string_view>({"tests", ".test", "-test", "_test", "-e2e"});
  return std::ranges::any_of(kEnds, [&](std::string_view end) { return lowered.ends_with(end); });
}

template <class Names>
bool holds(const Names& names, std::string_view wanted) {
  return std::ranges::find(names, wanted) != names.end();
}

}  // namespace

std::string aside_place(std::string_view path) {
  std::size_t begin = 0;
  for (const std::string_view part : manifest::split(path, '/')) {
    const std::string name = manifest::lower(part);
    if (holds(kAside, name)) return std::string(path.substr(0, begin + part.size()));
    if (name.starts_with("template-")) return std::string(path.substr(0, begin)) + "template-*";
    // A test project stands beside what it tests: src/Api.Tests of src.
    if (is_test(name)) return std::string(path.substr(0, begin)) + "*tests";
    begin += part.size() + 1;
  }
  return {};
}

bool is_secondary(std::string_view path) {
  return !aside_place(path).empty() ||
         std::ranges::any_of(manifest::split(path, '/'),
                             [](std::string_view part) { return holds(kTools, part); });
}

}  // namespace quarry::analysis::project
