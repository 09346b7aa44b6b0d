// What a search found, entry by entry, here and by the peer.
//
// Grep: the number of matching lines of each file, and number and text of the first ten thousand
// lines in path order; glob and list: each path. What differs by a rule is left out: files that are
// no UTF-8 or hold a NUL, which the two take for text by other rules, what is in .git, files for
// secrets, as many as the answer says, and the text of long lines, which is cut here.

#pragma once

#include <string>

#include "perf/load/peer.h"
#include "perf/load/search_cases.h"

namespace quarry::perf {

// What of it is not the same; empty: nothing. `server` has the tree as its root and takes answers
// of up to kContentTokens.
inline constexpr int kContentTokens = 500'000;
std::string content_difference(Peer& server, const SearchCase& search, const std::string& tree);

}  // namespace quarry::perf
