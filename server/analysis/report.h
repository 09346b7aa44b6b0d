// Report: what analyze() answers. Plain structs; every fact carries where it was seen.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/analysis/project/project.h"
#include "server/git/client.h"

namespace quarry::analysis {

struct LanguageFact {
  std::string name;
  std::string kind;  // "programming" or "markup"
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  std::uint32_t permille = 0;  // of all bytes in the list
  std::string evidence;        // its largest file
  bool operator==(const LanguageFact&) const = default;
};

// Files that are in no percentage, and why.
struct LeftOut {
  std::string reason;  // "vendored", "generated", "documentation", "data and prose", "unrecognised"
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  std::vector<std::string> evidence;  // the directories, patterns or kinds that hold most of it
  bool operator==(const LeftOut&) const = default;
};

struct ManifestFact {
  std::string kind;          // "package.json", "*.csproj", "GitHub Actions workflow"
  std::string build_system;  // "npm", "MSBuild"
  std::string role;          // "build", "container", "ci"
  std::uint64_t count = 0;
  std::vector<std::string> paths;  // nearest the top first; a prefix of all
  bool operator==(const ManifestFact&) const = default;
};

// What depends only on the files and their contents.
struct TreeFacts {
  std::vector<LanguageFact> languages;  // most bytes first
  std::string main_language;            // the largest programming language, else markup; "" if none
  std::vector<LeftOut> left_out;
  std::vector<ManifestFact> manifests;   // build, container, ci; nearest the top first
  std::uint64_t manifests_left_out = 0;  // in vendored, generated or documentation directories
  std::uint64_t files = 0;               // looked at, all reasons together
  std::uint64_t bytes = 0;
  std::uint64_t submodules = 0;  // not looked into
  std::vector<std::string> notes;
  bool operator==(const TreeFacts&) const = default;
};

// Where the list of files comes from.
enum class Origin : std::uint8_t { kWalk, kIndex, kRevision };
std::string_view name_of(Origin origin);  // "git index"

struct Report {
  TreeFacts tree;
  project::Project project;
  Origin origin = Origin::kWalk;
  std::string commit;            // of a revision, full
  std::uint64_t files_read = 0;  // because nothing was kept of them; not part of the answer
  std::optional<git::RepositoryFacts> git;
  std::string git_missing;         // why there are none
  std::vector<std::string> notes;  // about this run, after tree.notes
  bool repeatable = true;          // the same tree and repository give the same report
};

}  // namespace quarry::analysis
