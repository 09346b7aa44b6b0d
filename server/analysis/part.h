// Part: one of the things that an analysis finds out. All parts look at the same Survey, and each
// fills its own members of the Report: whatever the order and the number of threads, the report is
// the same. Those of a stage run at the same time, and see what the stages before left in memory.
//
// A part that fails leaves its members as they are and costs the report no more than that: a note
// says what is missing.

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/analysis/contents.h"
#include "server/analysis/fact_cache.h"
#include "server/analysis/part_memory.h"
#include "server/analysis/report.h"
#include "server/analysis/survey.h"
#include "server/base/cancel.h"
#include "server/pool/pool.h"

namespace quarry::analysis {

struct PartInput {
  const Survey& survey;
  const Contents& contents;
  FactCache& cache;
  pool::Pool& pool;  // fork_join inside a part is fine
  const CancelToken& cancel;
  PartMemory& memory;
  // The directories of the survey's index, by their numbers, whose files may be others than
  // `memory` has it; all names are the same. Null: nothing is remembered.
  const std::vector<std::uint32_t>* changed = nullptr;
};

struct Part {
  std::string_view name;  // "languages": as the note about its failure says
  // Writes to its own members of the report only; notes go to `notes`, in an order of their own.
  Result<void> (*run)(const PartInput& input, Report& report, std::vector<std::string>& notes);
  int stage = 0;
};

// In the order in which their notes come. parts.cpp lists them.
std::span<const Part> all_parts();

// Runs `parts`, those of a stage at once. REQUIRES: by stages. An error on cancellation only.
Result<void> run_parts(std::span<const Part> parts, const PartInput& input, Report& report);

}  // namespace quarry::analysis
