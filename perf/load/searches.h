// Searches: grep beside ripgrep, glob and list_directory beside fd, on one tree, in one run, turn
// about.
//
// First is a fresh server, from its start to the answer; scanned is the same question to a server
// that has answered before and keeps nothing (--no-cache); indexed is that to one with the names
// and the index of contents, learnt before, and a question that it has not answered yet. CPU is
// that of the whole process. Before a question is timed its answers are compared entry by entry
// (search_contents.h), and on the way what they count: the same but for a thousandth, which is what
// the two may take for text.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace quarry::perf {

struct SearchOptions {
  std::string tree;
  std::string only;    // cases whose name holds this
  std::size_t rounds;  // of each case
  std::string readme;  // a file whose table is replaced (search_report.h); may be empty
};

// Prints a row for each case. False when an answer is wrong or a peer is not installed. `command`
// starts a server without its root.
bool compare_searches(const std::vector<std::string>& command, const SearchOptions& options);

}  // namespace quarry::perf
