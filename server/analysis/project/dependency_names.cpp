#include "server/analysis/project/dependency_names.h"

#include <algorithm>

namespace quarry::analysis::project {
namespace {

constexpr std::pair<std::string_view, std::string_view> kRegistries[] = {
    {"gradle", "maven"},  {"sbt", "maven"},       {"mill", "maven"},    {"leiningen", "maven"},
    {"clojure", "maven"}, {"ant", "maven"},       {"deno", "npm"},      {"rebar", "hex"},
    {"gleam", "hex"},     {"cocoapods", "apple"}, {"swiftpm", "apple"}, {"carthage", "apple"},
    {"meson", "native"},  {"cmake", "native"},    {"conan", "native"},  {"vcpkg", "native"},
    {"bazel", "native"},  {"autotools", "native"}};

// Without a last "/v2" and gopkg.in's ".v2".
std::string_view without_major(std::string_view path) {
  const std::size_t slash = path.rfind("/v");
  if (slash == std::string_view::npos || slash + 2 >= path.size()) return path;
  const std::string_view digits = path.substr(slash + 2);
  const bool major = std::ranges::all_of(digits, manifest::is_digit);
  return major ? path.substr(0, slash) : path;
}

}  // namespace

std::string_view registry_of(std::string_view ecosystem) {
  for (const auto& [name, registry] : kRegistries) {
    if (name == ecosystem) return registry;
  }
  return ecosystem;
}

std::string table_name(std::string_view ecosystem, std::string_view name) {
  const std::string_view registry = registry_of(ecosystem);
  std::string key(registry);
  key.push_back(':');
  if (registry == "maven") {
    const std::size_t colon = name.find_last_of(":/");
    if (colon != std::string_view::npos) name.remove_prefix(colon + 1);
  }
  if (registry == "go") name = without_major(name);
  if (registry == "pypi" || registry == "nuget" || registry == "native" || registry == "apple") {
    std::string plain = manifest::lower(name);
    if (registry == "pypi") std::ranges::replace(plain, '_', '-');
    if (registry == "pypi") std::ranges::replace(plain, '.', '-');
    return key + plain;
  }
  return key.append(name);
}

void DependencyIndex::add(std::string_view names, std::size_t row) {
  for (std::string_view name : manifest::words(names)) {
    if (name.ends_with('~')) {
      name.remove_suffix(1);
      carriers_.emplace_back(name, row);
    }
    if (name.find('*') != std::string_view::npos) {
      patterns_.emplace_back(name, row);
    } else {
      exact_.emplace(name, row);
    }
  }
}

bool DependencyIndex::carries(std::string_view name, std::size_t row) const {
  return std::ranges::any_of(carriers_, [&](const auto& one) {
    return one.second == row && manifest::matches(one.first, name);
  });
}

std::vector<std::size_t> DependencyIndex::find(std::string_view name) const {
  std::vector<std::size_t> rows;
  for (auto [at, end] = exact_.equal_range(name); at != end; ++at) rows.push_back(at->second);
  // A Go package below a module's path is of the module.
  if (name.starts_with("go:")) {
    for (std::size_t slash = name.rfind('/'); slash != std::string_view::npos && slash > 3;
         slash = name.rfind('/', slash - 1)) {
      const auto [begin, end] = exact_.equal_range(name.substr(0, slash));
      for (auto at = begin; at != end; ++at) rows.push_back(at->second);
    }
  }
  for (const auto& [pattern, row] : patterns_) {
    if (manifest::matches(pattern, name)) rows.push_back(row);
  }
  std::ranges::sort(rows);
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

}  // namespace quarry::analysis::project
