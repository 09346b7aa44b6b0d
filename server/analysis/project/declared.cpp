#include "server/analysis/project/declared.h"

#include <algorithm>

#include "server/analysis/project/place.h"

namespace quarry::analysis::project {
namespace {

std::string_view below(const Draft& draft, std::string_view path) {
  return draft.directory.empty() ? path : path.substr(draft.directory.size() + 1);
}

bool holds_sources(const Draft& draft, const std::string& directory) {
  const std::string begin = directory + "/";
  return std::ranges::any_of(
      draft.sources, [&](const File* one) { return below(draft, one->path).starts_with(begin); });
}

// Whether what an entry names is there, where its manifest alone does not prove that.
bool is_there(const ecosystem::Entry& entry, const Draft& draft, const std::string& path,
              const std::function<bool(const std::string&)>& exists) {
  if (entry.how == ecosystem::kExecutableTarget) return holds_sources(draft, path);
  if (entry.how == ecosystem::kMainOfJar) return has_class(draft, entry.path);
  return !is_guess(entry) || exists(joined(draft.directory, path));
}

// Whether the build of the module's directory goes into the one of a part: by add_subdirectory()
// that stands under no condition, from one to the next.
bool is_built(const Manifest& part, const Draft& draft) {
  std::string_view at = part.directory;
  while (at != draft.directory) {
    const Manifest* above = nullptr;
    for (const Manifest* one : draft.manifests) {
      if (one->reader != part.reader || !at.starts_with(one->directory)) continue;
      for (const ecosystem::Member& member : one->facts.members) {
        if (!member.optional && joined(one->directory, member.pattern) == at) above = one;
      }
    }
    if (above == nullptr || above->directory.size() >= at.size()) return false;
    at = above->directory;
  }
  return true;
}

bool counts_below(const Manifest& manifest, const Draft& draft) {
  if (place_of(manifest, draft) != Place::kBelow) return false;
  const std::string_view of = manifest.reader->ecosystem;
  if (of == "cmake") return manifest.facts.no_module && is_built(manifest, draft);
  return manifest.reader->role == ecosystem::Role::kPart && (of == "opam" || of == "jar");
}

}  // namespace

bool has_class(const Draft& draft, std::string_view name) {
  std::string path(name);
  std::ranges::replace(path, '.', '/');
  std::string file = path;  // of Kotlin's functions
  if (file.ends_with("Kt")) file.resize(file.size() - 2);
  return std::ranges::any_of(draft.sources, [&](const File* one) {
    std::string_view stem = one->path.substr(0, one->path.rfind('.'));
    const bool kotlin = one->language == "Kotlin" && stem.ends_with(file);
    if (!stem.ends_with(path) && !kotlin) return false;
    stem.remove_suffix(kotlin ? file.size() : path.size());
    return stem.empty() || stem.ends_with('/');
  });
}

void take_declared(Module& module, const Manifest& manifest, const Draft& draft,
                   const std::function<bool(const std::string&)>& exists) {
  const bool here = manifest.directory == draft.directory;
  if (manifest.facts.entries.empty() || (!here && !counts_below(manifest, draft))) return;
  const bool classes = manifest.reader->ecosystem == "jar";
  const std::string_view prefix = here || classes ? "" : below(draft, manifest.directory);
  for (const ecosystem::Entry& entry : manifest.facts.entries) {
    std::string path = joined(prefix, entry.path);
    if (!is_there(entry, draft, path, exists)) continue;
    module.entries.push_back({std::move(path), entry.how, {manifest.facts.path, entry.line}});
  }
}

}  // namespace quarry::analysis::project
