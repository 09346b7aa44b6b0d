// PartMemory: what the parts of an analysis leave for the next one of the same tree, each its own
// member. Thread-compatible.

#pragma once

#include <vector>

#include "server/analysis/contents.h"
#include "server/analysis/project/gather.h"
#include "server/analysis/report.h"
#include "server/analysis/tally.h"

namespace quarry::analysis {

struct LanguageMemory {
  std::vector<Judged> judged;        // of each file, by its number
  std::vector<Identity> identities;  // of the content that was judged; 0: none that can be told
  std::vector<DirectorySums> sums;   // of each directory
  std::vector<ExtensionChoice> choices;
};

struct ManifestMemory {
  std::vector<ManifestFact> manifests;
  std::uint64_t left_out = 0;
};

struct PartMemory {
  LanguageMemory languages;
  ManifestMemory manifests;
  project::Memory project;
  std::vector<ExtensionChoice> choices;  // that `project` was found with
};

}  // namespace quarry::analysis
