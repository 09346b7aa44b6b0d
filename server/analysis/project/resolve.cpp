#include "server/analysis/project/resolve.h"

#include <algorithm>
#include <iterator>

#include "server/analysis/ecosystem/gradle_catalogue.h"
#include "server/analysis/ecosystem/locks.h"
#include "server/analysis/manifest/text.h"
#include "server/analysis/project/dependency_names.h"

namespace quarry::analysis::project {

using ecosystem::Dependency;
using ecosystem::locked_version;

namespace {

// What `shared` of the manifests above has a module's own facts under. `asked`: only where the
// module says that it takes them from there.
struct Inherited {
  std::string_view ecosystem;
  std::string_view version;
  std::string_view licence;
  bool asked;
};
constexpr Inherited kInherited[] = {
    {"cargo", ecosystem::kSharedVersion, ecosystem::kSharedLicence, true},
    {"nuget", "$(Version)", "$(PackageLicenseExpression)", false},
    {"gradle", ecosystem::kSharedVersion, ecosystem::kSharedLicence, false},
    {"gradle", "$(version)", ecosystem::kSharedLicence, false},  // gradle.properties
};

bool is_wanted(const Inherited& from, std::string_view own) {
  return from.asked ? own == ecosystem::kOfWorkspace : own.empty();
}

}  // namespace

void Resolver::inherit(Module& module, std::string_view directory) const {
  module.version = filled(module.version, directory, module.ecosystem);
  module.name = filled_name(module.name, directory, module.ecosystem);
  if (module.ecosystem == "rebar") take_application(module, directory);
  for (const Inherited& from : kInherited) {
    if (from.ecosystem != module.ecosystem) continue;
    if (is_wanted(from, module.version)) {
      const Shared found = shared(directory, module.ecosystem, from.version);
      module.version = found.value == nullptr ? "" : found.value->version;
    }
    if (!is_wanted(from, module.licence.name)) continue;
    const Shared found = shared(directory, module.ecosystem, from.licence);
    module.licence = {};
    if (found.value == nullptr) continue;
    module.licence = {
        ecosystem::spdx_of(found.value->version), "", {found.of->facts.path, found.value->line}};
  }
  // Of a manifest of another ecosystem than the module's, or of no workspace that is here.
  if (module.version == ecosystem::kOfWorkspace) module.version.clear();
  if (module.licence.name == ecosystem::kOfWorkspace) module.licence = {};
}

// Erlang's name and version stand in src/app.app.src.
void Resolver::take_application(Module& module, std::string_view directory) const {
  const std::string sources = joined(directory, "src");
  const auto here = gathered_.by_directory.find(sources);
  if (here == gathered_.by_directory.end()) return;
  for (const Manifest* one : here->second) {
    if (one->reader->ecosystem != "rebar" || one->facts.name.empty()) continue;
    module.name = one->facts.name;
    if (module.version.empty()) module.version = one->facts.version;
    return;
  }
}

Resolver::Shared Resolver::shared(std::string_view directory, std::string_view ecosystem,
                                  std::string_view name) const {
  while (true) {
    const auto here = gathered_.by_directory.find(directory);
    if (here != gathered_.by_directory.end()) {
      for (const Manifest* one : here->second) {
        if (registry_of(one->reader->ecosystem) != registry_of(ecosystem)) continue;
        for (const Dependency& value : one->facts.shared) {
          if (value.name == name ||
              (value.name.ends_with('*') && manifest::matches(value.name, name))) {
            return {&value, one};
          }
        }
      }
    }
    // Gradle's catalogue lies in a folder beside the settings.
    const std::string beside = directory.empty() ? "gradle" : std::string(directory) + "/gradle";
    const auto catalogue = gathered_.by_directory.find(beside);
    if (ecosystem == "gradle" && catalogue != gathered_.by_directory.end()) {
      for (const Manifest* one : catalogue->second) {
        for (const Dependency& value : one->facts.shared) {
          if (value.name == name) return {&value, one};
        }
      }
    }
    if (directory.empty()) return {};
    directory = directory_of(directory);
  }
}

std::string Resolver::filled(std::string text, std::string_view directory,
                             std::string_view ecosystem) const {
  constexpr int kMost = 8;  // properties, of one text or one in another
  for (int i = 0; i < kMost; ++i) {
    const std::size_t open = text.find("$(");
    if (open == std::string::npos) break;
    const std::size_t close = text.find(')', open);
    if (close == std::string::npos) break;
    const std::string name = text.substr(open, close + 1 - open);
    const Dependency* value = shared(directory, ecosystem, name).value;
    if (value == nullptr) break;
    text.replace(open, name.size(), value->version);
  }
  if (text.find('$') != std::string::npos) text.clear();
  return text;
}

std::string Resolver::filled_name(const std::string& name, std::string_view directory,
                                  std::string_view ecosystem) const {
  if (name.find("$(") == std::string::npos) return name;
  std::string whole = filled(name, directory, ecosystem);
  // Of an artifact without its group as much is known.
  return whole.empty() ? filled(name.substr(name.rfind(':') + 1), directory, ecosystem) : whole;
}

std::vector<Dependency> Resolver::parts(const Dependency& one, const Manifest& of) const {
  if (of.reader->ecosystem != "gradle" || !one.name.starts_with(ecosystem::kGradleBundle)) {
    return {one};
  }
  const Dependency* bundle = shared(of.directory, "gradle", one.name).value;
  if (bundle == nullptr) return {one};
  std::vector<Dependency> all;
  for (const std::string_view name : manifest::words(bundle->version)) {
    all.push_back({std::string(name), "", one.use, one.line});
  }
  return all;
}

DependencyFact Resolver::resolved(const Dependency& one, const Manifest& of,
                                  std::string_view module) const {
  DependencyFact fact{
      one.name, one.version, one.use, std::string(of.reader->ecosystem), {of.facts.path, one.line}};
  if (fact.ecosystem == "nx") {
    fact.ecosystem = "npm";
    fact.version = root_version(of.directory, fact.name);
  } else if (fact.ecosystem == "gradle" && one.name.starts_with("libs.")) {
    if (const Dependency* value = shared(of.directory, "gradle", one.name).value) {
      const std::size_t mark = value->version.rfind('@');
      fact.name = value->version.substr(0, mark);
      fact.version = value->version.substr(mark + 1);
    }
  } else if (fact.version.starts_with("catalog:")) {
    const std::string key = fact.version == "catalog:" || fact.version == "catalog:default"
                                ? "catalog:" + fact.name
                                : fact.version + ":" + fact.name;
    if (const Dependency* value = shared(of.directory, "npm", key).value)
      fact.version = value->version;
  } else if (fact.version.empty() || fact.version == "workspace") {
    const Dependency* value = shared(of.directory, fact.ecosystem, fact.name).value;
    if (value != nullptr && !value->version.empty()) fact.version = value->version;
  }
  fact.version = filled(fact.version, of.directory, fact.ecosystem);
  fact.name = filled_name(fact.name, of.directory, fact.ecosystem);
  // A version of a workspace that tells none.
  if (fact.version == "workspace") fact.version.clear();
  std::string locked(locked_for(of, module, fact));
  if (locked != fact.version) fact.locked = std::move(locked);
  return fact;
}

std::string_view Resolver::root_version(std::string_view directory, std::string_view name) const {
  for (std::string_view at = directory;; at = directory_of(at)) {
    const auto here = gathered_.by_directory.find(at);
    for (std::size_t i = 0; here != gathered_.by_directory.end() && i < here->second.size(); ++i) {
      if (here->second[i]->reader->pattern != "package.json") continue;
      const auto& all = here->second[i]->facts.dependencies;
      const auto found = std::ranges::find(all, name, &Dependency::name);
      if (found != all.end()) return found->version;
    }
    if (at.empty()) return {};
  }
}

std::string_view Resolver::locked_for(const Manifest& of, std::string_view module,
                                      const DependencyFact& fact) const {
  const std::string_view registry = registry_of(fact.ecosystem);
  std::string name = fact.name;
  if (registry == "pypi") name = table_name(fact.ecosystem, fact.name).substr(5);
  for (std::string_view at = of.directory;; at = directory_of(at)) {
    const auto here = gathered_.by_directory.find(at);
    const bool known = here != gathered_.by_directory.end();
    const bool left_out =
        known && at.size() < module.size() && workspaces_.leave_out(at, fact.ecosystem, module);
    for (std::size_t i = 0; known && !left_out && i < here->second.size(); ++i) {
      const Manifest& lock = *here->second[i];
      if (lock.facts.locked.empty() || registry_of(lock.reader->ecosystem) != registry) continue;
      std::string_view below = of.directory.substr(at.size());
      if (below.starts_with('/')) below.remove_prefix(1);
      const auto version = locked_version(lock.facts.locked, below, name, fact.version);
      if (!version.empty()) return version;
    }
    if (at.empty()) return {};
  }
}

}  // namespace quarry::analysis::project
