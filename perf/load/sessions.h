// Sessions through the pipe: what they cost when many are stored, and whether each gets its share.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "perf/load/cases.h"
#include "perf/load/report.h"

namespace quarry::perf {

// Opens `count` sessions, which are on disk when it returns. Returns the handles of the last
// thousand at most.
std::vector<std::string> open_sessions(Peer& server, std::size_t count);

// Looks, updates and openings, `stored` in their names.
std::vector<Case> session_cases(const std::vector<std::string>& handles, std::size_t stored);

// A hundred sessions, each with one call after the other, all with the same mix of small and large
// ones, for so long. The server should keep no answers. Throws std::runtime_error on a wrong one.
Fairness measure_fairness(const std::vector<std::string>& command, double seconds);

}  // namespace quarry::perf
