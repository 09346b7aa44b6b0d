// Second looks: after a search that found nothing, a short one at what would have found something,
// so that "0 matches" is not taken for "there is none". Each takes at most kLookNs.
// Thread-compatible.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "server/search/corpus.h"
#include "server/search/engine.h"
#include "server/search/file_filter.h"
#include "server/search/grep.h"

namespace quarry::search {

inline constexpr std::int64_t kLookNs = 150'000'000;

// What `query` finds in the files that the ignore rules left out of `walk`, with the other case,
// as plain text: "14 in ignored files (include_ignored=true), 3 with ..."; empty when nothing.
// `repeatable` becomes false when time cut it short. `walk` is null when one file was searched.
std::string look_again(const GrepQuery& query, const Engine& engine, const Corpus& corpus,
                       const Walk* walk, const FileFilter& filter, const Stop& stop,
                       bool& repeatable);

// The files that `walk` left out as ignored and those below its ignored directories: calls
// `visit(walk, places)` for one Walk after another. False when `stop` cut it short.
bool each_ignored(const Engine& engine, const Walk& walk, const Stop& stop,
                  const std::function<void(const Walk&, std::vector<Walk::Place>)>& visit);

}  // namespace quarry::search
