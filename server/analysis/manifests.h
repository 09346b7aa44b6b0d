// Manifests: the files that tell how a project is built, packed and checked, by their names.
//
// Names only: nothing is opened. Constant data; safe from any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace quarry::analysis {

enum class ManifestRole : std::uint8_t { kBuild, kContainer, kCi };
std::string_view name_of(ManifestRole role);

struct ManifestKind {
  std::string_view pattern;  // "name", "*suffix", "prefix*", or "directory/*suffix"
  std::string_view build_system;
  ManifestRole role = ManifestRole::kBuild;
  std::string_view shown = {};  // what answers call it; the pattern when empty
  std::string_view name() const { return shown.empty() ? pattern : shown; }
};

std::size_t manifest_kind_count();
const ManifestKind& manifest_kind(std::size_t index);
// By a path relative to the project's top.
std::optional<std::size_t> find_manifest_kind(std::string_view path);

}  // namespace quarry::analysis
