#include "server/analysis/project/declared.h"

#include <algorithm>
#include <array>

#include "server/analysis/manifest/text.h"
#include "server/analysis/project/place.h"

namespace quarry::analysis::project {
namespace {

constexpr std::size_t kMostDeclared = 500;  // of a manifest

constexpr auto kShown = std::to_array<std::string_view>(
    {"test", "bench", "example", "sample", "demo", "fuzz", "tutorial"});

// The rest of a path in the module, or of its directory itself.
std::string_view below(const Draft& draft, std::string_view path) {
  if (draft.directory.empty()) return path;
  return path.substr(std::min(draft.directory.size() + 1, path.size()));
}

bool holds_sources(const Draft& draft, const std::string& directory) {
  const std::string begin = directory + "/";
  return std::ranges::any_of(
      draft.sources, [&](const File* one) { return below(draft, one->path).starts_with(begin); });
}

// Whether what an entry names is there, where its manifest alone does not prove that.
bool is_there(const ecosystem::Entry& entry, const Manifest& manifest, const Draft& draft,
              const std::string& path, const std::function<bool(const std::string&)>& exists) {
  if (entry.how == ecosystem::kExecutableTarget) return holds_sources(draft, path);
  if (entry.how == ecosystem::kMainOfJar) return has_class(draft, entry.path);
  // Cargo compiles what is in the tree, so that an entry of its is a file of that.
  const bool file = manifest.reader->ecosystem == "cargo" || is_guess(entry);
  return !file || exists(joined(draft.directory, path));
}

// The list of CMake in a directory; null when there is none. REQUIRES: manifests by path.
const Manifest* list_in(const Draft& draft, std::string_view directory) {
  const std::string path = joined(directory, "CMakeLists.txt");
  const auto path_of = [](const Manifest* one) { return std::string_view(one->facts.path); };
  const auto at = std::ranges::lower_bound(draft.manifests, std::string_view(path), {}, path_of);
  return at != draft.manifests.end() && path_of(*at) == path ? *at : nullptr;
}

bool adds(const Manifest& list, std::string_view directory) {
  return std::ranges::any_of(list.facts.members, [&](const ecosystem::Member& one) {
    return !one.optional && joined(list.directory, one.pattern) == directory;
  });
}

// Whether the build of the module's directory goes into the one of a part: by add_subdirectory()
// that stands under no condition, from one to the next.
bool is_built(const Manifest& part, const Draft& draft) {
  std::string_view at = part.directory;
  while (at != draft.directory) {
    std::string_view above = at;
    bool found = false;
    while (!found && above != draft.directory) {
      above = directory_of(above);
      const Manifest* list = list_in(draft, above);
      found = list != nullptr && adds(*list, at);
    }
    if (!found) return false;
    at = above;
  }
  return true;
}

bool counts_below(const Manifest& manifest, const Draft& draft) {
  if (place_of(manifest, draft) != Place::kBelow) return false;
  const std::string_view of = manifest.reader->ecosystem;
  if (of == "cmake") return manifest.facts.no_module && is_built(manifest, draft);
  const bool near = below(draft, manifest.directory).find('/') == std::string_view::npos;
  return (of == "opam" && near && manifest.reader->role == ecosystem::Role::kPart) || of == "jar";
}

// What is built to test or to show something.
bool is_shown(std::string_view name) {
  const std::string lowered = manifest::lower(name);
  return std::ranges::any_of(
      kShown, [&](std::string_view part) { return lowered.find(part) != std::string::npos; });
}

// Where CMake puts a program of a list; "" when that is not known.
std::string built_path(const Manifest& list, const Draft& draft, const std::string& target) {
  const ecosystem::Dependency* output = nullptr;
  for (const Manifest* one : draft.manifests) {
    if (one->reader != list.reader) continue;
    const auto found =
        std::ranges::find(one->facts.shared, ecosystem::kCmakeOutput, &ecosystem::Dependency::name);
    if (found == one->facts.shared.end()) continue;
    if (output != nullptr) return {};
    output = &*found;
  }
  if (output != nullptr) return output->version.empty() ? "" : output->version + "/" + target;
  const std::string_view folder = below(draft, list.directory);
  return folder.empty() ? "build/" + target : joined(joined("build", folder), target);
}

}  // namespace

std::optional<Program> program_of_cmake(const Module& module, const Draft& draft) {
  std::vector<std::pair<const Manifest*, const ecosystem::Script*>> found;
  for (const Manifest* one : draft.manifests) {
    const bool here = one->directory == draft.directory;
    if (one->reader->ecosystem != "cmake" || one->facts.scripts.empty()) continue;
    if (!here && !counts_below(*one, draft)) continue;
    for (const ecosystem::Script& script : one->facts.scripts) {
      if (script.name != ecosystem::kExecutable || is_shown(script.command)) continue;
      if (is_shown(below(draft, one->directory))) continue;
      found.emplace_back(one, &script);
    }
  }
  // One of many that is not called as the project is may be any of its tools.
  const std::string name = manifest::lower(module.name);
  const auto same = [&](const auto& one) { return manifest::lower(one.second->command) == name; };
  auto chosen = std::ranges::find_if(found, same);
  if (chosen == found.end() && found.size() == 1) chosen = found.begin();
  if (chosen == found.end()) return std::nullopt;
  const std::string path = built_path(*chosen->first, draft, chosen->second->command);
  if (path.empty()) return std::nullopt;
  return Program{"./" + path, {chosen->first->facts.path, chosen->second->line}};
}

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
  for (std::size_t i = 0; i < std::min(manifest.facts.entries.size(), kMostDeclared); ++i) {
    const ecosystem::Entry& entry = manifest.facts.entries[i];
    std::string path = joined(prefix, entry.path);
    if (!is_there(entry, manifest, draft, path, exists)) continue;
    module.entries.push_back({std::move(path), entry.how, {manifest.facts.path, entry.line}});
  }
}

}  // namespace quarry::analysis::project
