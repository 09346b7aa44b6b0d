// Practice: what clients ask most, so that the compiler sees where the server spends its time.
//
// The server is one that was built to record a profile (QUARRY_PROFILE=record); it writes it when
// it ends. Nothing is timed. Only the answers of soak.h and those to calls in a row are judged:
// such a server is slow, and may say so of the largest files.

#pragma once

#include <string>
#include <vector>

namespace quarry::perf {

// Plays the calls of every case, one at a time and some in a row, and those of soak.h, which are
// refused and cancelled too. `command` starts the server, its state directory being the last word;
// its root holds what make_corpus() makes. Throws std::runtime_error on a wrong one.
void practise(const std::vector<std::string>& command);

}  // namespace quarry::perf
