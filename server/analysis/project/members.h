// Workspaces: which modules the patterns of their manifests name. Patterns only choose among the
// modules that were found below a workspace, so that none leads out of the tree or around in it.
// const, safe from any thread.

#pragma once

#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "server/analysis/project/gather.h"

namespace quarry::analysis::project {

class Workspaces {
 public:
  // REQUIRES: `manifests` live as long.
  explicit Workspaces(std::span<const Manifest> manifests);

  // Whether a workspace above names the directory.
  bool names(std::string_view directory) const;

  // Fills the members of the modules that are workspaces, and where each member is named: by the
  // nearest manifest, one of the module's own ecosystem before others.
  // REQUIRES: modules are sorted by path, the top first.
  void add_members(std::vector<Module>& modules) const;

  // Whether the workspaces of an ecosystem in the directory `at` do not hold the module in
  // `directory` below it, so that their lock file says nothing of it. Members that a workspace has
  // without naming them (Cargo's, by their paths) are not left out unless it says so.
  bool leave_out(std::string_view at, std::string_view ecosystem, std::string_view directory) const;

 private:
  struct Pattern {
    std::vector<std::string_view> parts;
    bool excluded;
    std::uint32_t line;
  };
  struct Workspace {
    const Manifest* manifest;
    std::string_view whole;  // the ecosystem whose modules are all of it, "" when it names them
    std::vector<Pattern> patterns;
  };
  // The last pattern that decides on a path below the workspace; null when none names it.
  static const Pattern* decides(const Workspace& workspace, std::string_view below);

  std::map<std::string_view, std::vector<Workspace>> by_directory_;
};

}  // namespace quarry::analysis::project
