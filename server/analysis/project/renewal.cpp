#include "server/analysis/project/renewal.h"

#include <algorithm>

#include "server/analysis/ecosystem/stored_facts.h"

namespace quarry::analysis::project {
namespace {

using ecosystem::Facts;

constexpr std::size_t kMany = 64;  // directories: to find their modules is more than to make all

// What a module takes from the manifests of the directories above its own.
Facts seen_from_below(const Facts& facts) {
  Facts seen;
  seen.licence = facts.licence;
  seen.versions = facts.versions;
  seen.managers = facts.managers;
  seen.shared = facts.shared;
  seen.locked = facts.locked;
  return seen;
}

bool names_images(const Manifest& manifest) {
  return std::ranges::any_of(manifest.facts.built,
                             [](const ecosystem::Built& one) { return !one.image.empty(); });
}

bool is_of_nx(const Manifest& manifest) {
  return manifest.reader->ecosystem == "nx";
}

bool same_dependencies(const Facts& before, const Facts& after) {
  Facts one;
  Facts other;
  one.dependencies = before.dependencies;
  other.dependencies = after.dependencies;
  return ecosystem::encode(one) == ecosystem::encode(other);
}

bool makes_module(const Manifest& manifest) {
  return manifest.reader->role == ecosystem::Role::kModule && !manifest.facts.no_module;
}

}  // namespace

bool same_from_below(const Facts& before, const Facts& after) {
  return ecosystem::encode(seen_from_below(before)) == ecosystem::encode(seen_from_below(after));
}

bool Renewal::run(std::span<const std::string_view> changed) {
  std::vector<std::size_t> again;
  if (changed.size() > kMany) dirty_.assign(dirty_.size(), true);
  for (const std::string_view directory : changed) {
    if (changed.size() <= kMany) touch(directory, /*below=*/false);
    const auto here = gathered_.by_directory.find(directory);
    if (here == gathered_.by_directory.end()) continue;
    for (const Manifest* one : here->second) {
      if (one->reader->read == nullptr) continue;
      again.push_back(static_cast<std::size_t>(one - gathered_.manifests.data()));
    }
  }
  std::vector<Facts> fresh(again.size());
  tree_.for_each(again.size(), [&](std::size_t i) {
    const Manifest& one = gathered_.manifests[again[i]];
    fresh[i] = tree_.facts(*one.reader, one.facts.path);
  });
  for (std::size_t i = 0; i < again.size(); ++i) {
    if (!take(gathered_.manifests[again[i]], std::move(fresh[i]))) return false;
  }
  std::size_t at = 0;
  for (auto& [directory, draft] : gathered_.drafts) {
    if (dirty_[at++]) count_bytes(draft);
  }
  return wants_top(gathered_) == gathered_.top.added;
}

bool Renewal::take(Manifest& manifest, Facts fresh) {
  const std::string before = ecosystem::encode(manifest.facts);
  if (before == ecosystem::encode(fresh)) return true;
  const bool module = makes_module(manifest);
  const bool mobile = is_mobile(manifest);
  const bool marker = is_marker(manifest);
  const auto members = manifest.facts.members.size();
  std::swap(manifest.facts, fresh);
  if (makes_module(manifest) != module || is_mobile(manifest) != mobile) return false;
  if (is_marker(manifest) != marker) return false;
  // Other modules take from it too.
  if (!fresh.built.empty() || !manifest.facts.built.empty()) return false;
  if (members > 0 || !manifest.facts.members.empty()) {
    Facts one;
    Facts other;
    one.members = fresh.members;
    other.members = manifest.facts.members;
    if (ecosystem::encode(one) != ecosystem::encode(other)) return false;
  }
  // An image is the module's that is called as it is.
  const bool renamed = makes_module(manifest) && fresh.name != manifest.facts.name;
  if (renamed && std::ranges::any_of(gathered_.manifests, names_images)) return false;
  // Projects of nx have the versions of the root's package.json.
  const bool same = manifest.reader->pattern != "package.json" ||
                    same_dependencies(fresh, manifest.facts) ||
                    std::ranges::none_of(gathered_.manifests, is_of_nx);
  if (same && same_from_below(fresh, manifest.facts)) return true;
  // What lies in these folders is of the directory that holds them.
  std::string_view of = manifest.directory;
  for (const std::string_view folder : {"gradle", ".config/mise", ".config"}) {
    if (of == folder) of = {};
    if (of.ends_with(folder) && of[of.size() - folder.size() - 1] == '/') {
      of.remove_suffix(folder.size() + 1);
    }
  }
  touch(of, /*below=*/true);
  return true;
}

// `below`: the drafts below it too, else the one that its files belong to.
void Renewal::touch(std::string_view directory, bool below) {
  const Draft* const above = draft_above(directory, gathered_.drafts);
  std::size_t at = 0;
  for (const auto& [path, draft] : gathered_.drafts) {
    const bool lies = directory.empty() || path == directory ||
                      (path.starts_with(directory) && path[directory.size()] == '/');
    if (&draft == above || (below && lies)) dirty_[at] = true;
    ++at;
  }
}

}  // namespace quarry::analysis::project
