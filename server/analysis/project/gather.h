// Gathering: the manifests of a tree, read, and the modules that they make up.

#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/analysis/ecosystem/facts.h"
#include "server/analysis/project/project.h"
#include "server/analysis/project/source_facts.h"

namespace quarry::analysis::project {

inline constexpr std::size_t kMaxManifests = 4000;
inline constexpr std::size_t kMaxModules = 2000;
inline constexpr std::size_t kMaxDependencies = 3000;  // of a module

struct File {
  std::string_view path;
  std::uint64_t size = 0;
  std::string_view language;  // programming language, "" when none
  bool source = true;         // neither vendored, generated nor documentation
  bool own_place = true;      // its directory is not of those
};

// The facts of a manifest; a problem among them when it cannot be read.
using ReadFacts =
    std::function<ecosystem::Facts(const ecosystem::Reader& reader, std::string_view path)>;
// The facts of a source file; nothing when it cannot be read.
using ReadSource =
    std::function<std::optional<SourceFacts>(std::string_view language, std::string_view path)>;
// Calls body(i) for each i below count, in any order or at once.
using ForEach =
    std::function<void(std::size_t count, const std::function<void(std::size_t)>& body)>;

struct Tree {
  std::span<const File> files;  // sorted by path
  ReadFacts facts;
  ReadSource source;
  ForEach for_each;
};

// A manifest with its facts.
struct Manifest {
  const ecosystem::Reader* reader = nullptr;
  std::string_view directory;  // into the path; "" for the top
  ecosystem::Facts facts;
};

// A module in the making.
struct Draft {
  std::string_view directory;
  std::vector<const Manifest*> manifests;           // of itself and of parts below, by path
  std::map<std::string_view, std::uint64_t> bytes;  // by language
  std::vector<const File*> sources;
};

struct Gathered {
  std::vector<Manifest> manifests;           // by path
  std::map<std::string_view, Draft> drafts;  // by directory
  std::map<std::string_view, std::vector<const Manifest*>> by_directory;
  std::uint64_t left_out = 0;
};

std::string_view directory_of(std::string_view path);

// REQUIRES: tree.files lives as long as the result.
Gathered gather(const Tree& tree);

// The whole: gathered and put together.
Project find_project(const Tree& tree);

}  // namespace quarry::analysis::project
