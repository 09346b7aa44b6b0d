// Stored: a tree's facts as bytes for the cache, with what must still be true for them to hold.
//
// The encoding is compact and versioned; decode() takes nothing it does not understand whole.
// Pure functions; safe from any thread.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/analysis/report.h"
#include "server/sandbox/workspace.h"

namespace quarry::analysis {

// Raise when a detector, a table or the encoding changes: answers of older versions do not hold.
inline constexpr std::uint32_t kDetectorVersion = 1;

// A file whose content went into the facts, as it was; no stamp when it could not be opened.
struct Dependency {
  std::string path;
  std::optional<sandbox::Stamp> stamp;
  bool operator==(const Dependency&) const = default;
};

struct Stored {
  TreeFacts tree;
  std::vector<Dependency> dependencies;
  bool operator==(const Stored&) const = default;
};

std::string encode(const Stored& stored);
std::optional<Stored> decode(std::string_view bytes);

}  // namespace quarry::analysis
