// Lock files: the versions that they resolved, of packages that a module may name itself.
//
// A name is that of the registry; where a lock file tells versions apart by who asks, "who:name":
// a package's directory ("packages/api:express"), or a range ("express@^4.18.0"). What only other
// packages need is left out where the file tells it apart. Read line by line or value by value,
// never as a whole tree: they are the largest of all manifests. Pure; safe from any thread.

#pragma once

#include <utility>

#include "server/analysis/ecosystem/facts.h"

namespace quarry::analysis::ecosystem {

inline constexpr std::size_t kMostLocked = 20'000;  // of one file
inline constexpr std::size_t kMostVersionBytes = 80;

inline void add_locked(Facts& facts, std::string name, std::string_view version) {
  if (name.empty() || version.empty() || version.size() > kMostVersionBytes) return;
  if (facts.locked.size() < kMostLocked) {
    facts.locked.push_back({std::move(name), std::string(version)});
  }
}

void read_package_lock(const Source& source, Facts& facts);  // npm, versions 1 to 3
void read_yarn_lock(const Source& source, Facts& facts);     // of yarn 1 and later ones
void read_pnpm_lock(const Source& source, Facts& facts);     // versions 5 to 9
void read_bun_lock(const Source& source, Facts& facts);
void read_package_tables(const Source& source, Facts& facts);  // Cargo, Poetry, uv, PDM
void read_pipfile_lock(const Source& source, Facts& facts);
void read_composer_lock(const Source& source, Facts& facts);
void read_specs_lock(const Source& source, Facts& facts);  // "    name (1.2.3)": Bundler, Paket
void read_mix_lock(const Source& source, Facts& facts);
void read_pubspec_lock(const Source& source, Facts& facts);
void read_nuget_lock(const Source& source, Facts& facts);

// Sorts what a reader found.
void order_locked(Facts& facts);

// The version that `locked`, in order, has for a dependency: asked for by `range`, in `directory`
// below the lock file's. "" when it has none, or several and the range does not tell.
std::string_view locked_version(const std::vector<Locked>& locked, std::string_view directory,
                                std::string_view name, std::string_view range);

}  // namespace quarry::analysis::ecosystem
