#include <algorithm>
#include <array>
#include <tuple>

#include "server/analysis/project/choose.h"

namespace quarry::analysis::project {
namespace {

// Starts the other projects of its solution.
bool is_orchestrator(const Module& module) {
  return std::ranges::find(module.frameworks, ".NET Aspire", &FrameworkFact::name) !=
         module.frameworks.end();
}

bool is_documentation(const Module& module) {
  constexpr auto kGenerators = std::to_array<std::string_view>(
      {"Docusaurus", "VitePress", "VuePress", "Docsify", "Nextra", "mdBook", "Mintlify", "Fern"});
  return std::ranges::any_of(module.frameworks, [&](const FrameworkFact& one) {
    return !one.development && std::ranges::find(kGenerators, one.name) != kGenerators.end();
  });
}

}  // namespace

std::size_t choose_main(const std::vector<std::shared_ptr<const Module>>& modules) {
  std::uint64_t all = 0;
  for (const auto& one : modules) all += one->bytes;
  const auto score = [&](const Module& one) {
    const bool top = one.path == "." && one.bytes * 5 >= all;
    // A site of documentation is beside what it documents, however it is served.
    const bool documents = is_documentation(one);
    const std::uint64_t started =
        documents ? 0 : (one.port() != nullptr ? 2U : 0U) + (one.image.empty() ? 0U : 1U);
    // Scripts beside a chart are not what it is.
    const std::uint64_t code = one.language.empty() ? 0 : one.bytes / (documents ? 4 : 1);
    return std::tuple(modules.size() == 1, !one.secondary && is_orchestrator(one), top,
                      !one.secondary, code * (1 + started), one.dependencies.size());
  };
  std::size_t best = 0;
  auto most = score(*modules[0]);
  for (std::size_t i = 1; i < modules.size(); ++i) {
    const auto its = score(*modules[i]);
    if (its <= most) continue;
    most = its;
    best = i;
  }
  return best;
}

}  // namespace quarry::analysis::project
