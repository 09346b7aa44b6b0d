#include "server/analysis/project/detect.h"

#include <algorithm>
#include <set>

#include "server/analysis/project/dependency_names.h"
#include "server/analysis/project/services.h"

namespace quarry::analysis::project {
namespace {

using ecosystem::Use;

// What a dependency only of the development may say about: a server that is only there for tests
// does not make a server.
bool counts(FrameworkKind kind, Use use, std::string_view ecosystem) {
  if (use == Use::kIndirect) return false;
  if (kind == FrameworkKind::kTest) return true;
  if (use == Use::kTest) return false;
  if (use != Use::kDev) return true;
  // A site is often built by npm's tools alone; elsewhere it is the documentation's.
  if (kind == FrameworkKind::kStatic) return registry_of(ecosystem) == "npm";
  return kind == FrameworkKind::kMeta || kind == FrameworkKind::kUi ||
         kind == FrameworkKind::kBuild || kind == FrameworkKind::kMobile ||
         kind == FrameworkKind::kDesktop || kind == FrameworkKind::kOrm;
}

bool excluded(const FrameworkRow& row, const std::set<std::string>& names) {
  return std::ranges::any_of(manifest::words(row.not_with), [&](std::string_view one) {
    if (one.find('*') == std::string_view::npos) return names.contains(std::string(one));
    return std::ranges::any_of(
        names, [&](const std::string& name) { return manifest::matches(one, name); });
  });
}

// Whether a manifest says by its content that it is not what its name tells.
bool is_of_another(const Draft& draft, std::string_view path) {
  return std::ranges::any_of(draft.manifests, [&](const Manifest* one) {
    return one->facts.path == path && one->facts.no_module;
  });
}

// What a project of .NET sets to be built on a framework: no package.
bool is_property(const DependencyFact& one) {
  return one.ecosystem == "nuget" &&
         (one.name == "UseWPF" || one.name == "UseWindowsForms" || one.name == "UseMaui");
}

// Documentation beside code is built by a file that says nothing of the code; and a site's own
// dependencies tell better than its settings.
void drop_site_beside(Module& module) {
  const bool site =
      module.ecosystem.empty() && (module.language.empty() || module.language == "HTML" ||
                                   module.language == "JavaScript" || module.language == "Ruby");
  if (site) return;
  std::erase_if(module.dependencies, [](const DependencyFact& one) {
    return one.ecosystem == "site" && (one.name == "jekyll" || one.name == "mdbook");
  });
}

}  // namespace

void add_frameworks(Module& module, const Draft& draft,
                    const std::function<bool(const std::string&)>& exists) {
  static const DependencyIndex kIndex(frameworks());
  drop_site_beside(module);
  const auto has_file = [&](std::size_t row) {
    for (const std::string_view list : {frameworks()[row].files, frameworks()[row].proof}) {
      for (const std::string_view name : manifest::words(list)) {
        if (exists(joined(draft.directory, name))) return true;
      }
    }
    return false;
  };
  const bool part = std::ranges::find(module.dependencies, Use::kPeer, &DependencyFact::use) !=
                    module.dependencies.end();
  // What a part for others is only developed with, by its tests or a page that shows it, is not
  // what it is built on.
  const auto is_beside = [&](const DependencyFact& one) {
    if (!part || one.use != Use::kDev) return false;
    return std::ranges::none_of(kIndex.find(table_name(one.ecosystem, one.name)), [&](auto row) {
      const FrameworkKind kind = frameworks()[row].kind;
      return kind == FrameworkKind::kTest || kind == FrameworkKind::kBuild || has_file(row);
    });
  };
  std::set<std::string> names;
  for (const DependencyFact& one : module.dependencies) {
    if (one.use == Use::kIndirect || one.use == Use::kTest || is_beside(one)) continue;
    names.insert(table_name(one.ecosystem, one.name));
  }
  std::map<std::size_t, FrameworkFact> found;
  for (const DependencyFact& one : module.dependencies) {
    if (is_beside(one)) continue;
    const std::string name = table_name(one.ecosystem, one.name);
    for (const std::size_t row : kIndex.find(name)) {
      const FrameworkRow& framework = frameworks()[row];
      if (!counts(framework.kind, one.use, one.ecosystem) || excluded(framework, names)) continue;
      const bool carries = kIndex.carries(name, row);
      const std::string version = carries ? "" : one.version;
      const std::string locked = carries ? "" : one.locked;
      const auto [at, fresh] = found.try_emplace(
          row, FrameworkFact{std::string(framework.name), version, locked, framework.kind, false,
                             framework.port, std::string(framework.start), one.at});
      FrameworkFact& fact = at->second;
      const bool development = one.use == Use::kDev;
      fact.peer = fact.peer || one.use == Use::kPeer;
      fact.development = development && (fresh || fact.development);
      if (!fresh && fact.version.empty() && !version.empty()) {
        fact.version = version;
        fact.locked = locked;
        fact.at = one.at;
      }
    }
  }
  for (auto& [row, fact] : found) fact.has_file = has_file(row);
  for (std::size_t row = 0; row < frameworks().size(); ++row) {
    const FrameworkRow& framework = frameworks()[row];
    if (framework.files.empty() || found.contains(row) || excluded(framework, names)) continue;
    for (const std::string_view name : manifest::words(framework.files)) {
      std::string path = joined(draft.directory, name);
      if (!exists(path) || is_of_another(draft, path)) continue;
      found.emplace(row, FrameworkFact{std::string(framework.name),
                                       "",
                                       "",
                                       framework.kind,
                                       true,
                                       framework.port,
                                       std::string(framework.start),
                                       {path, 0},
                                       true});
      break;
    }
  }
  std::erase_if(module.dependencies, is_property);
  for (auto& [row, fact] : found) module.frameworks.push_back(std::move(fact));
  std::ranges::stable_sort(module.frameworks, {}, [](const FrameworkFact& one) {
    return std::pair(one.kind, one.by_file);
  });
}

void add_services(Module& module) {
  static const DependencyIndex kIndex(services());
  for (const DependencyFact& one : module.dependencies) {
    if (one.use == Use::kIndirect || one.use == Use::kTest || one.use == Use::kDev) continue;
    for (const std::size_t row : kIndex.find(table_name(one.ecosystem, one.name))) {
      const ServiceRow& service = services()[row];
      module.services.push_back(
          {std::string(service.name), std::string(service.kind), "dependency " + one.name, one.at});
    }
  }
}

}  // namespace quarry::analysis::project
