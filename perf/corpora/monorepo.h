// A JavaScript monorepo to analyse: made on the spot, the same bytes every time.
//
//   package.json     names packages/* as workspaces
//   packages/pN/     kPackageFiles files each: a package.json with dependencies, sources in
//                    TypeScript, JavaScript, Python, C and CSS of about 1 KiB, a README.md

#pragma once

#include <cstddef>
#include <filesystem>

namespace quarry::perf {

inline constexpr std::size_t kPackageFiles = 50;

// `files` files in all, at least 2; the last package may have fewer.
void make_monorepo(const std::filesystem::path& root, std::size_t files);
// Other content for the manifest of the first package, a new one for each number.
void change_manifest(const std::filesystem::path& root, std::size_t number);

}  // namespace quarry::perf
