// Renewal: what is gathered of a project, brought up to date after files changed whose names are
// the same. Thread-compatible.

#pragma once

#include "server/analysis/project/gather.h"

namespace quarry::analysis::project {

// Whether a module sees of a manifest above it what it saw before.
bool same_from_below(const ecosystem::Facts& before, const ecosystem::Facts& after);

class Renewal {
 public:
  // `dirty`: one for each draft; set where its module may have become another.
  Renewal(const Tree& tree, Gathered& gathered, std::vector<bool>& dirty)
      : tree_(tree), gathered_(gathered), dirty_(dirty) {}

  // `changed`: directories. False: which modules there are may be another.
  bool run(std::span<const std::string_view> changed);

 private:
  bool take(Manifest& manifest, ecosystem::Facts fresh);
  void touch(std::string_view directory, bool below);

  const Tree& tree_;
  Gathered& gathered_;
  std::vector<bool>& dirty_;
};

}  // namespace quarry::analysis::project
