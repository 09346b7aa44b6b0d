#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "server/analysis/languages.h"
#include "server/analysis/manifest/text.h"
#include "server/analysis/project/aside.h"
#include "server/analysis/project/built.h"
#include "server/analysis/project/choose.h"
#include "server/analysis/project/commands.h"
#include "server/analysis/project/declared.h"
#include "server/analysis/project/dependency_names.h"
#include "server/analysis/project/detect.h"
#include "server/analysis/project/gather.h"
#include "server/analysis/project/members.h"
#include "server/analysis/project/place.h"
#include "server/analysis/project/ports.h"
#include "server/analysis/project/renewal.h"
#include "server/analysis/project/resolve.h"
#include "server/analysis/project/services.h"
#include "server/analysis/project/top.h"

namespace quarry::analysis::project {
namespace {

using ecosystem::Dependency;
using ecosystem::Role;
using ecosystem::Use;

class Assembler {
 public:
  Assembler(const Tree& tree, const Gathered& gathered)
      : tree_(tree),
        gathered_(gathered),
        built_(gathered),
        workspaces_(gathered.manifests),
        resolver_(gathered, workspaces_) {}

  // `own_main`: the main module before it took from the top.
  Project run(std::shared_ptr<const Module>& own_main) const {
    Project project;
    std::vector<Module> modules;
    modules.reserve(gathered_.drafts.size());
    for (const auto& [directory, draft] : gathered_.drafts) modules.push_back(make(draft));
    workspaces_.add_members(modules);
    for (Module& module : modules) {
      project.modules.push_back(std::make_shared<const Module>(std::move(module)));
    }
    if (!project.modules.empty()) project.main = choose_main(project.modules);
    if (sets_aside(project)) {
      for (auto& module : project.modules) set_aside(module);
    }
    finish(project, own_main, nullptr);
    return project;
  }

  // `dirty`: the drafts that may have become others. False: what becomes of the modules together
  // may be another.
  bool renew(Project& project, std::shared_ptr<const Module>& own_main,
             const std::vector<bool>& dirty) const {
    const bool aside = sets_aside(project);
    const std::size_t main = project.main;
    std::shared_ptr<const Module> shown;
    if (own_main != nullptr) shown = std::exchange(project.modules[main], own_main);
    std::size_t at = 0;
    for (const auto& [directory, draft] : gathered_.drafts) {
      const std::size_t number = at++;
      if (!dirty[number]) continue;
      Module module = make(draft);
      // Which workspace names a module goes by that.
      if (module.ecosystem != project.modules[number]->ecosystem) return false;
      module.members = project.modules[number]->members;
      module.member_of = project.modules[number]->member_of;
      module.aside = project.modules[number]->aside;
      project.modules[number] = std::make_shared<const Module>(std::move(module));
    }
    if (!project.modules.empty()) project.main = choose_main(project.modules);
    if (sets_aside(project) != aside) return false;
    const bool same = project.main == main && !dirty.empty() && !dirty[main] && !dirty[0] &&
                      project.modules.front()->path == ".";
    finish(project, own_main, same ? std::move(shown) : nullptr);
    return true;
  }

 private:
  // What is told from all manifests, and of the main module.
  // `shown`: the main module as it will be; null when that is to be found.
  void finish(Project& project, std::shared_ptr<const Module>& own_main,
              std::shared_ptr<const Module> shown) const {
    if (!project.modules.empty()) {
      own_main = project.modules[project.main];
      project.modules[project.main] = shown != nullptr ? std::move(shown) : complete(project);
    }
    project.manifests = gathered_.manifests.size();
    project.manifests_left_out = gathered_.left_out;
    project.ci.clear();
    project.findings.clear();
    for (const Manifest& one : gathered_.manifests) {
      if (one.reader->role == Role::kCi && is_ci_of_root(one)) {
        project.ci.push_back({std::string(one.reader->tool), "", {one.facts.path, 0}});
      }
      for (const manifest::Problem& problem : one.facts.problems) {
        project.findings.push_back({{one.facts.path, problem.line}, problem.message});
      }
    }
    project.readiness = readiness_of(project);
  }

  // The main module with what the top tells of it.
  std::shared_ptr<const Module> complete(const Project& project) const {
    const std::shared_ptr<const Module>& main = project.modules[project.main];
    if (main->path == ".") return main;
    if (project.modules.front()->path == ".") return with_top(main, *project.modules.front());
    if (gathered_.orphans.manifests.empty()) return main;
    return with_top(main, make(gathered_.orphans));
  }

  // Where even the main module is an example, examples are what the project is.
  static bool sets_aside(const Project& project) {
    return !project.modules.empty() && aside_place(project.main_module()->path).empty();
  }

  static void set_aside(std::shared_ptr<const Module>& module) {
    std::string place = aside_place(module->path);
    if (place.empty()) return;
    auto changed = std::make_shared<Module>(*module);
    changed->aside = std::move(place);
    module = std::move(changed);
  }

  Module make(const Draft& draft) const {
    Module module;
    module.path = draft.directory.empty() ? "." : std::string(draft.directory);
    module.secondary = is_secondary(module.path);
    for (const auto& [language, bytes] : draft.bytes) module.bytes += bytes;
    const Language language = choose_language(draft);
    module.language = language.name;
    if (language.manifest != nullptr) {
      module.ecosystem = language.manifest->reader->ecosystem;
      module.at = {language.manifest->facts.path, 0};
      module.name = language.manifest->facts.name;
      module.version = language.manifest->facts.version;
    } else if (language.name == kPages && draft.page != nullptr) {
      module.at = {std::string(draft.page->path), 0};
    } else if (!draft.sources.empty()) {
      const auto most = std::ranges::max_element(draft.sources, {}, &File::size);
      module.at = {std::string((*most)->path), 0};
    }
    for (const Manifest* one : draft.manifests) {
      if (one->directory != draft.directory || one->reader->role == Role::kContainer) continue;
      if (module.name.empty()) module.name = one->facts.name;
      const bool same = one->facts.name.empty() ||
                        manifest::lower(one->facts.name) == manifest::lower(module.name);
      if (module.version.empty() && same) module.version = one->facts.version;
    }
    if (module.name.empty() && module.path != ".") module.name = base_name(module.path);
    module.runtime = choose_version(gathered_, draft, module.language, module.ecosystem);
    if (!module.ecosystem.empty()) {
      module.manager = choose_manager(gathered_, workspaces_, draft, module.ecosystem);
      module.lock = choose_lock(gathered_, workspaces_, draft, module.ecosystem);
    }
    add_native_manager(module, draft);
    const ContainerFiles files(draft);
    for (const Manifest* one : draft.manifests) take(module, *one, draft, files);
    built_.take(module, draft);
    std::ranges::stable_sort(module.containers, {}, [&](const std::string& path) {
      return path != module.image && !module.image.empty();
    });
    drop_doubles(module);
    resolver_.inherit(module, draft.directory);
    add_licence_text(module, draft.directory);
    const auto is_there = [this](const std::string& path) { return exists(path); };
    add_frameworks(module, draft, is_there);
    add_services(module);
    add_entries(module, draft, tree_);
    add_commands(module, draft, is_there);
    finish(module, draft);
    return module;
  }

  // Where no manifest of its own tells: what a parent of Maven's hands down, or the nearest texts;
  // several in one place are for the reader to choose.
  void add_licence_text(Module& module, std::string_view directory) const {
    while (module.licence.name.empty()) {
      const auto here = gathered_.by_directory.find(directory);
      for (std::size_t i = 0; here != gathered_.by_directory.end() && i < here->second.size();
           ++i) {
        const Manifest& one = *here->second[i];
        const std::string& id = one.facts.licence;
        const bool parent = one.reader->ecosystem == "maven" && module.ecosystem == "maven";
        const bool text = one.reader->ecosystem == ecosystem::kLicence;
        if ((!parent && !text) || id.empty()) continue;
        if (parent) {
          module.licence = {id, "", {one.facts.path, one.facts.licence_line}};
          return;
        }
        if (module.licence.name.empty()) {
          module.licence = {id, "", {one.facts.path, 0}};
        } else if (module.licence.name != id) {
          module.licence.name += " OR " + id;
        }
      }
      if (directory.empty()) return;
      directory = directory_of(directory);
    }
  }

  // C and C++ have no manager of their own: Conan or vcpkg when one is used.
  void add_native_manager(Module& module, const Draft& draft) const {
    if (!module.manager.name.empty()) return;
    for (const Manifest* one : draft.manifests) {
      const std::string_view of = one->reader->ecosystem;
      if ((of != "conan" && of != "vcpkg") || place_of(*one, draft) > Place::kBelow) continue;
      module.manager = {std::string(of), "", {one->facts.path, 0}};
      return;
    }
  }

  bool exists(const std::string& path) const {
    const auto at = std::ranges::lower_bound(tree_.files, std::string_view(path), {}, &File::path);
    return at != tree_.files.end() && at->path == path;
  }

  void take(Module& module, const Manifest& one, const Draft& draft,
            const ContainerFiles& files) const {
    const ecosystem::Facts& facts = one.facts;
    const ecosystem::Reader& reader = *one.reader;
    const Place place = place_of(one, draft);
    const bool here = place == Place::kHere;
    // A module that is none of its own here: what a mobile framework made for its platforms.
    if (reader.role == Role::kModule && !facts.no_module && !here) return;
    if (reader.role == Role::kContainer) {
      // Not every file under k8s/ is of Kubernetes.
      if (reader.ecosystem == "kubernetes" && facts.no_module) return;
      module.containers.push_back(facts.path);
      if (reader.pattern == ".dockerignore" && here) module.ignores = true;
      if (!files.count(one)) return;
      if (makes_image(one) && module.image.empty()) module.image = facts.path;
    } else if (place > Place::kBelow) {
      if (place == Place::kApart) return;
      for (const Dependency& dependency : facts.dependencies) {
        if (module.dependencies.size() >= kMaxDependencies) break;
        module.dependencies.push_back(resolver_.resolved(dependency, one, draft.directory));
        module.dependencies.back().use = place == Place::kTests ? Use::kTest : Use::kDev;
      }
      return;
    }
    if (reader.role == Role::kSettings) module.settings.push_back(facts.path);
    const bool builds = reader.role == Role::kModule || reader.role == Role::kPart;
    const auto same = [&](const Named& system) { return system.name == reader.tool; };
    if (builds && !reader.tool.empty() && std::ranges::none_of(module.build_systems, same)) {
      module.build_systems.push_back({std::string(reader.tool), "", {facts.path, 0}});
    }
    const bool text = reader.ecosystem == ecosystem::kLicence;
    if (module.licence.name.empty() && !facts.licence.empty() && here && !text) {
      module.licence = {facts.licence, "", {facts.path, facts.licence_line}};
    }
    for (const Dependency& dependency : facts.dependencies) {
      for (const Dependency& part : resolver_.parts(dependency, one)) {
        if (module.dependencies.size() >= kMaxDependencies) break;
        module.dependencies.push_back(resolver_.resolved(part, one, draft.directory));
      }
    }
    take_declared(module, one, draft, [this](const std::string& path) { return exists(path); });
    const bool applied = reader.ecosystem != "terraform" || is_applied(draft);
    const std::vector<ecosystem::Variable> none;
    take_facts(module, one, facts.ports, applied ? facts.variables : none, facts.services);
    for (const ecosystem::Built& built : facts.built) {
      if (built_.module_of(one, built) != nullptr) continue;
      if (files.builds_other(one, built)) {
        take_ports_of_other(module, one, built);
      } else {
        take_facts(module, one, built.ports, built.variables, built.services);
      }
    }
    if (reader.ecosystem == "npm" || reader.ecosystem == "deno") add_script_ports(module, facts);
  }

  // A Terraform module that others call has no provider and no backend of its own.
  static bool is_applied(const Draft& draft) {
    return std::ranges::any_of(draft.manifests, [&](const Manifest* one) {
      return one->reader->ecosystem == "terraform" && one->directory == draft.directory &&
             !one->facts.scripts.empty();
    });
  }

  // What Maven and Gradle both say of one directory is said once.
  static void drop_doubles(Module& module) {
    std::set<std::string> own;
    for (const DependencyFact& one : module.dependencies) {
      if (one.ecosystem == module.ecosystem && one.use != Use::kIndirect) {
        own.insert(table_name(one.ecosystem, one.name));
      }
    }
    std::erase_if(module.dependencies, [&](const DependencyFact& one) {
      const bool other = one.ecosystem != module.ecosystem || one.use == Use::kIndirect;
      return other && own.contains(table_name(one.ecosystem, one.name));
    });
  }

  // What several places of one build ask for, or one under several conditions, is told once; one
  // without a version says less than one with it.
  static void drop_repeated(std::vector<DependencyFact>& dependencies) {
    using Key = std::tuple<std::string, std::string, Use, std::string>;
    const auto key = [](const DependencyFact& one, std::string_view version) {
      return Key(one.ecosystem, one.name, one.use, version);
    };
    std::set<Key> versioned;  // without the version
    for (const DependencyFact& one : dependencies) {
      if (!one.version.empty()) versioned.insert(key(one, ""));
    }
    std::set<Key> seen;
    std::erase_if(dependencies, [&](const DependencyFact& one) {
      const bool less = one.version.empty() && versioned.contains(key(one, ""));
      return less || !seen.insert(key(one, one.version)).second;
    });
  }

  static void finish(Module& module, const Draft& draft) {
    finish_ports(module, draft);
    drop_repeated(module.dependencies);
    std::set<std::string> seen;
    std::erase_if(module.services,
                  [&](const ServiceFact& one) { return !seen.insert(one.name).second; });
    for (ServiceFact& one : module.services) {
      if (const ServiceRow* row = find_service(one.name)) one.kind = row->kind;
    }
    seen.clear();
    std::erase_if(module.variables,
                  [&](const VariableFact& one) { return !seen.insert(one.name).second; });
    std::ranges::sort(module.variables, {}, &VariableFact::name);
    seen.clear();
    std::erase_if(module.entries,
                  [&](const EntryFact& one) { return !seen.insert(one.path).second; });
    std::ranges::stable_sort(module.dependencies, {}, &DependencyFact::use);
  }

  const Tree& tree_;
  const Gathered& gathered_;
  const BuiltModules built_;
  const Workspaces workspaces_;
  const Resolver resolver_;
};

}  // namespace

void find_project(const Tree& tree, Memory& memory) {
  memory.gathered = gather(tree);
  memory.project = Assembler(tree, memory.gathered).run(memory.own_main);
}

bool renew_project(const Tree& tree, std::span<const std::string_view> changed, Memory& memory) {
  std::vector<bool> dirty(memory.gathered.drafts.size());
  if (!Renewal(tree, memory.gathered, dirty).run(changed)) return false;
  return Assembler(tree, memory.gathered).renew(memory.project, memory.own_main, dirty);
}

}  // namespace quarry::analysis::project
