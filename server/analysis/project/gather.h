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
  bool documents = false;     // its directory is one of documentation or examples
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
  bool mobile = false;                              // of a mobile app (is_mobile)
  std::vector<const Manifest*> manifests;           // of itself and of parts below, by path
  std::map<std::string_view, std::uint64_t> bytes;  // by language
  // The same of what the module is made of: without its tests, tools and what it serves as it is.
  std::map<std::string_view, std::uint64_t> weights;
  std::vector<const File*> sources;
  const File* page = nullptr;  // of the top, where no manifest declares a module: its index.html
};

// Whether code outside all modules makes the top a module.
struct TopRule {
  bool declared = false;       // by a manifest
  bool lonely = false;         // there is no module
  bool told = false;           // manifests tell of a project, whatever code there is
  const File* page = nullptr;  // index.html of a site that has nothing else
  bool added = false;
};

struct Gathered {
  std::vector<Manifest> manifests;           // by path
  std::map<std::string_view, Draft> drafts;  // by directory
  std::map<std::string_view, std::vector<const Manifest*>> by_directory;
  std::vector<const File*> loose;  // code of no draft
  Draft orphans;                   // manifests of no draft, at the top
  TopRule top;
  std::uint64_t left_out = 0;
};

std::string_view directory_of(std::string_view path);
std::string joined(std::string_view directory, std::string_view name);

// REQUIRES: tree.files lives as long as the result.
Gathered gather(const Tree& tree);
// The draft whose files lie in `directory`; null when there is none.
Draft* draft_above(std::string_view directory, std::map<std::string_view, Draft>& drafts);
// Counts a draft's bytes and weights by its sources.
void count_bytes(Draft& draft);
// Whether the top is a module as the sizes are now, by what gather() found.
bool wants_top(const Gathered& gathered);
// Whether a manifest's project is a mobile app's.
bool is_mobile(const Manifest& manifest);
// Whether it is a package.json that only says how the files beside it are to be read, as
// {"type": "commonjs"} does: no module where another lies above.
bool is_marker(const Manifest& manifest);
// Whether an entry counts only where there is such a file, as its manifest does not declare it.
bool is_guess(const ecosystem::Entry& entry);
// Whether a folder of a mobile app is what its framework made for a platform.
bool is_platform(std::string_view name);

// What is remembered of a project, to bring it up to date.
struct Memory {
  std::vector<File> files;
  Gathered gathered;  // of `files`
  Project project;
  std::shared_ptr<const Module> own_main;  // the main module before it took from the top
  std::vector<Finding> unread;             // files that are not read for what they are
};

// The whole: gathered and put together. REQUIRES: tree.files are memory.files.
void find_project(const Tree& tree, Memory& memory);
// Brings it up to date after files in `changed`, directories, may have become others; their sizes
// in memory.files are those of now. False: more than some modules may be another, and the memory
// is of no use any more.
bool renew_project(const Tree& tree, std::span<const std::string_view> changed, Memory& memory);

}  // namespace quarry::analysis::project
