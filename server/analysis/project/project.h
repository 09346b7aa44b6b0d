// Project: the modules of a tree and what each is built on, each fact with where it was seen.
//
// A module is a directory with a manifest that declares one (ecosystem/facts.h), or the top when
// code lies outside all of those. Facts of a manifest that declares none belong to the module above
// it. The same tree gives the same Project.
//
// Precedence of versions, where several places tell one: the nearest directory, from the module
// upwards; in it the lowest rank of ecosystem/facts.h's Version; then the order of paths. Ranks: 10
// to 19 a file of one language (.nvmrc, rust-toolchain), 20 asdf, 21 mise, 40 to 49 a manager's own
// (volta, Pipfile), 50 and more what a manifest asks for (engines, requires-python, the go line),
// each ecosystem's in its file. Where none of these tells, folders of the build below the module
// (.mvn, gradle/wrapper). A lock file's version stands beside the range, never for it; a framework
// has the version of its own package, never of one that carries it.
//
// Of package managers: what a manifest names (packageManager), then the lock file that comes first
// in the reader's table, then [tool.*] tables; what only builds a package, where no directory above
// has a lock or names one.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/analysis/ecosystem/facts.h"
#include "server/analysis/project/frameworks.h"
#include "server/analysis/project/variables.h"

namespace quarry::analysis::project {

struct Evidence {
  std::string path;
  std::uint32_t line = 0;  // 0: the file as a whole
  bool operator==(const Evidence&) const = default;
  std::string text() const;  // "path:line"
};

struct Named {  // a thing and its version
  std::string name;
  std::string version;
  Evidence at;
};

struct DependencyFact {
  std::string name;
  std::string version;
  ecosystem::Use use = ecosystem::Use::kRuntime;
  std::string ecosystem;
  Evidence at;
  std::string locked = {};  // what a lock file chose for the range; "" when it is no range
};

struct FrameworkFact {
  std::string name;
  std::string version;
  std::string locked;
  FrameworkKind kind = FrameworkKind::kMeta;
  bool by_file = false;  // no dependency, only a file of its
  std::uint32_t port = 0;
  std::string start;
  Evidence at;
  bool has_file = false;     // that an application of it has
  bool peer = false;         // the module is a part for others that have it
  bool development = false;  // only the development depends on it
};

enum class CommandRole : std::uint8_t { kInstall, kBuild, kTest, kLint, kDev, kStart };
std::string_view name_of(CommandRole role);

struct CommandFact {
  CommandRole role = CommandRole::kBuild;
  std::string text;  // run in the module's directory, or at the top where it was seen there
  std::string runs;  // what a script stands for
  Evidence at;
};

struct PortFact {
  std::uint32_t number = 0;
  ecosystem::PortSource source = ecosystem::PortSource::kDefault;
  bool own = true;
  std::string service;
  Evidence at;
  bool udp = false;
};

struct ServiceFact {
  std::string name;
  std::string kind;
  std::string how;
  Evidence at;
};

struct VariableFact {
  std::string name;
  VariableKind kind = VariableKind::kConfig;
  std::string value;  // a default that may be shown
  Evidence at;
};

struct EntryFact {
  std::string path;
  std::string how;
  Evidence at;
  std::string application = {};  // that it holds (source_facts.h)
};

struct Module {
  std::string path;  // "." for the top
  std::string name;
  std::string version;
  std::string language;
  std::string ecosystem;  // of the manifest that decided, "" when there is none
  Evidence at;            // that manifest
  Named runtime;          // "Node.js" "20"; the version that the language needs
  Named manager;
  Evidence lock;  // the nearest file that fixes its dependencies' versions
  std::vector<Named> build_systems;
  std::vector<FrameworkFact> frameworks;  // the first is the primary one
  std::vector<DependencyFact> dependencies;
  std::vector<EntryFact> entries;
  std::vector<CommandFact> commands;  // by role, the preferred first
  std::vector<PortFact> ports;        // own ones first, the most telling first
  std::vector<ServiceFact> services;
  std::vector<VariableFact> variables;
  std::vector<std::string> containers;  // files; those that tell how it runs first
  std::string image;                    // the Dockerfile that makes its image
  bool ignores = false;                 // has a .dockerignore
  std::vector<std::string> settings;
  Named licence;
  std::uint64_t bytes = 0;           // of its own code
  std::vector<std::string> members;  // modules of its workspace, by path
  Evidence member_of;                // the line of a workspace that names this one
  bool secondary = false;            // not to be the main one (aside.h)
  std::string aside;                 // what groups it with other examples and tests (aside.h)

  const FrameworkFact* primary_framework() const;  // null when none; never a test tool
  const CommandFact* command(CommandRole role) const;
  const PortFact* port() const;  // its own
};

struct Finding {
  Evidence at;
  std::string message;
};

struct Reason {
  int points = 0;  // of the score
  std::string text;
};

// How ready the main module is to run in a container: 0 to 100, the sum of the reasons' points.
struct Readiness {
  int score = 0;
  std::vector<Reason> reasons;
};

struct Project {
  // By path. Owners: the projects that hold it, and what is remembered of the last one.
  std::vector<std::shared_ptr<const Module>> modules;
  std::size_t main = 0;   // of modules, when there are any
  std::vector<Named> ci;  // `name`: the system
  std::vector<Finding> findings;
  Readiness readiness;
  std::uint64_t manifests = 0;           // read
  std::uint64_t manifests_left_out = 0;  // beyond the bounds

  const Module* main_module() const { return modules.empty() ? nullptr : modules[main].get(); }
  // Those that stand for themselves first; each half by path.
  std::vector<const Module*> by_weight() const;
};

// The one formula: points per thing that a container image needs.
Readiness readiness_of(const Project& project);

}  // namespace quarry::analysis::project
