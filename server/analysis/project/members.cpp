#include "server/analysis/project/members.h"

#include <algorithm>

#include "server/analysis/manifest/text.h"
#include "server/analysis/project/dependency_names.h"

namespace quarry::analysis::project {
namespace {

constexpr std::size_t kMaxPatterns = 1000;
constexpr std::size_t kMaxParts = 16;

// Workspaces that hold every module of a kind below them, without naming them.
struct Whole {
  std::string_view tool;
  std::string_view ecosystem;
};
constexpr Whole kWhole[] = {{"Nx", "nx"}, {"Bazel", "bazel"}};

std::string_view whole_of(const Manifest& manifest) {
  if (manifest.reader->role != ecosystem::Role::kPart) return {};
  const auto* found = std::ranges::find(kWhole, manifest.reader->tool, &Whole::tool);
  return found == std::end(kWhole) ? std::string_view() : found->ecosystem;
}

using Parts = std::vector<std::string_view>;

// Part by part: how much of the path the pattern so far may stand for. "**" is any number of
// parts, so that trying each in turn would take forever with a few of them.
bool fits(const Parts& pattern, const Parts& path) {
  std::vector<bool> reached(path.size() + 1);
  reached[0] = true;
  for (const std::string_view part : pattern) {
    std::vector<bool> next(path.size() + 1);
    for (std::size_t t = 0; t <= path.size(); ++t) {
      if (part == "**") {
        next[t] = reached[t] || (t > 0 && next[t - 1]);
      } else {
        next[t] = t > 0 && reached[t - 1] && manifest::matches(part, path[t - 1]);
      }
    }
    reached = std::move(next);
  }
  return reached.back();
}

// What lies below `top` of a directory; REQUIRES: it does.
std::string_view path_below(std::string_view directory, std::string_view top) {
  directory.remove_prefix(top.empty() ? 0 : top.size() + 1);
  return directory;
}

}  // namespace

Workspaces::Workspaces(std::span<const Manifest> manifests) {
  for (const Manifest& one : manifests) {
    Workspace workspace{&one, whole_of(one), {}};
    if (one.facts.members.empty() && workspace.whole.empty()) continue;
    for (const ecosystem::Member& member : one.facts.members) {
      if (workspace.patterns.size() == kMaxPatterns) break;
      Parts parts = manifest::split(member.pattern, '/');
      if (parts.size() > kMaxParts) continue;
      workspace.patterns.push_back({std::move(parts), member.excluded, member.line});
    }
    by_directory_[one.directory].push_back(std::move(workspace));
  }
}

const Workspaces::Pattern* Workspaces::decides(const Workspace& workspace, std::string_view below) {
  const Parts parts = manifest::split(below, '/');
  const Pattern* found = nullptr;
  for (const Pattern& one : workspace.patterns) {
    const bool member = found != nullptr && !found->excluded;
    // What excludes decides where nothing has named the module, too.
    const bool changes = one.excluded ? member || found == nullptr : !member;
    if (changes && fits(one.parts, parts)) found = &one;
  }
  return found;
}

bool Workspaces::names(std::string_view directory) const {
  for (std::string_view at = directory; !by_directory_.empty() && !at.empty();) {
    at = directory_of(at);
    const auto here = by_directory_.find(at);
    if (here == by_directory_.end()) continue;
    const bool named = std::ranges::any_of(here->second, [&](const Workspace& one) {
      const Pattern* pattern = decides(one, path_below(directory, at));
      return pattern != nullptr && !pattern->excluded;
    });
    if (named) return true;
  }
  return false;
}

void Workspaces::add_members(std::vector<Module>& modules) const {
  if (by_directory_.empty()) return;
  for (Module& module : modules) {
    if (module.path == ".") continue;
    for (std::string_view at = directory_of(module.path);; at = directory_of(at)) {
      const auto here = by_directory_.find(at);
      const Manifest* by = nullptr;
      for (std::size_t i = 0; here != by_directory_.end() && i < here->second.size(); ++i) {
        const Workspace& one = here->second[i];
        const Pattern* pattern = decides(one, path_below(module.path, at));
        const bool whole = !one.whole.empty() && one.whole == module.ecosystem;
        if (!whole && (pattern == nullptr || pattern->excluded)) continue;
        const bool own = one.manifest->reader->ecosystem == module.ecosystem;
        const bool better = own && by != nullptr && by->reader->ecosystem != module.ecosystem;
        if (module.member_of.path.empty() || better) {
          module.member_of = {one.manifest->facts.path, pattern == nullptr ? 0 : pattern->line};
        }
        by = one.manifest;
      }
      const std::string_view owner = at.empty() ? "." : at;
      const auto into = std::ranges::find(modules, owner, &Module::path);
      if (by != nullptr && into != modules.end()) into->members.push_back(module.path);
      if (at.empty()) break;
    }
  }
}

bool Workspaces::leave_out(std::string_view at, std::string_view ecosystem,
                           std::string_view directory) const {
  const auto here = by_directory_.find(at);
  if (here == by_directory_.end() || at == directory) return false;
  bool told = false;
  for (const Workspace& one : here->second) {
    if (!one.whole.empty() && one.whole == ecosystem) return false;
    if (one.patterns.empty()) continue;
    if (registry_of(one.manifest->reader->ecosystem) != registry_of(ecosystem)) continue;
    const Pattern* pattern = decides(one, path_below(directory, at));
    if (pattern != nullptr && !pattern->excluded) return false;
    told |= pattern != nullptr || ecosystem != "cargo";
  }
  return told;
}

}  // namespace quarry::analysis::project
