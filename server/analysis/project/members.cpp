#include "server/analysis/project/members.h"

#include <algorithm>

#include "server/analysis/manifest/text.h"

namespace quarry::analysis::project {
namespace {

constexpr std::size_t kMaxPatterns = 1000;
constexpr std::size_t kMaxParts = 16;

using Parts = std::vector<std::string_view>;

struct MemberPattern {
  Parts parts;
  bool excluded;
};

// Part by part: how much of the path the pattern so far may stand for. "**" is any number of
// parts, so that trying each in turn would take forever with a few of them.
bool names(const Parts& pattern, const Parts& path) {
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

std::vector<MemberPattern> patterns_of(const ecosystem::Facts& facts) {
  std::vector<MemberPattern> patterns;
  for (const ecosystem::Member& one : facts.members) {
    if (patterns.size() == kMaxPatterns) break;
    patterns.push_back({manifest::split(one.pattern, '/'), one.excluded});
  }
  std::erase_if(patterns, [](const MemberPattern& one) { return one.parts.size() > kMaxParts; });
  return patterns;
}

}  // namespace

void add_members(const Gathered& gathered, std::vector<Module>& modules) {
  for (const Manifest& one : gathered.manifests) {
    if (one.facts.members.empty()) continue;
    const std::string owner = one.directory.empty() ? "." : std::string(one.directory);
    const auto into = std::ranges::find(modules, owner, &Module::path);
    if (into == modules.end()) continue;
    const std::vector<MemberPattern> patterns = patterns_of(one.facts);
    const std::vector<std::string> before = into->members;
    for (const Module& module : modules) {
      if (module.path == owner) continue;
      std::string_view path = module.path;
      if (!one.directory.empty()) {
        if (!path.starts_with(one.directory) || path[one.directory.size()] != '/') continue;
        path.remove_prefix(one.directory.size() + 1);
      }
      const Parts parts = manifest::split(path, '/');
      bool member = false;
      for (const MemberPattern& pattern : patterns) {
        if (member == pattern.excluded && names(pattern.parts, parts)) member = !pattern.excluded;
      }
      if (member && std::ranges::find(before, module.path) == before.end()) {
        into->members.push_back(module.path);
      }
    }
  }
}

}  // namespace quarry::analysis::project
