// LastLook: what the last analysis of a root found, left with the root's Catalogue for the next
// one, which then looks only at the directories that have changed since.
//
// A directory is unchanged as long as the catalogue gives the same Listing for it. All of it holds
// only while the names are the same: those of the tree where it was walked, git's index where that
// tells the files. What no watch sees is found by asking for every file's state again, at the
// latest kMaxLookAgeNs after that was done last.
//
// Thread-compatible.

#pragma once

#include <memory>
#include <vector>

#include "server/analysis/analyze.h"
#include "server/analysis/listing.h"
#include "server/analysis/part_memory.h"
#include "server/analysis/survey.h"

namespace quarry::analysis {

struct LastLook final : search::Companion {
  Listing listing;  // without its index, which the survey has
  Survey survey;
  PartMemory memory;
  std::int64_t checked_ns = 0;           // when every file was last asked for
  std::vector<std::uint32_t> uncovered;  // directories that the catalogue does not tell of

  std::uint64_t held = 0;  // bytes, by the number of files and modules

  std::uint64_t bytes() const override { return held; }
};

// The last look that `options` may go by, or null.
std::unique_ptr<LastLook> take_last_look(const Sources& sources, const AnalyzeOptions& options);

// Brings its listing and survey up to date; `changed` are then the directories whose files may be
// others. False: the names may be, and it is of no use any more. An error on cancellation.
Result<bool> renew(LastLook& look, const Sources& sources, std::vector<std::uint32_t>& changed,
                   const CancelToken& cancel);

// Of one that was made anew.
void find_uncovered(LastLook& look);

// Leaves it for the next one, where there is a place for it.
void leave_last_look(const Sources& sources, const AnalyzeOptions& options,
                     std::unique_ptr<LastLook> look);

}  // namespace quarry::analysis
