// Second looks: what a search that found nothing would have found otherwise, so that "0 matches" is
// not taken for "there is none": with the other case and as plain text, which is counted on the
// way of the search itself, and in the files that the ignore rules left out, for at most kLookNs.
// Thread-compatible.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/search/corpus.h"
#include "server/search/count_matches.h"
#include "server/search/engine.h"
#include "server/search/file_filter.h"
#include "server/search/grep.h"

namespace quarry::search {

inline constexpr std::int64_t kLookNs = 150'000'000;

// A search that is like another but for one thing.
struct Variant {
  std::shared_ptr<const Matcher> matcher;
  std::string_view how;  // "with the other case (ignore_case=true)"
};
std::vector<Variant> variants_of(const GrepQuery& query);

// What was found by `variants` (`counts` of each, at most `enough`; `whole` unless time was up),
// and what `matcher` finds in the files that the ignore rules left out of `walk`: "14 in ignored
// files (include_ignored=true), 3 with ..."; empty when nothing. `repeatable` becomes false when
// time cut it short. `walk` is null when one file was searched.
struct LookAgain {
  const GrepQuery& query;
  const Engine& engine;
  const Matcher& matcher;
  const Walk* walk;
  const FileFilter& filter;
  const Stop& stop;
};
std::string look_again(const LookAgain& look, const std::vector<Variant>& variants,
                       const Counts& counts, std::uint64_t enough, bool& repeatable);

// The files that `walk` left out as ignored and those below its ignored directories: calls
// `visit(walk, places)` for one Walk after another. False when `stop` cut it short.
bool each_ignored(const Engine& engine, const Walk& walk, const Stop& stop,
                  const std::function<void(const Walk&, std::vector<Walk::Place>)>& visit);

}  // namespace quarry::search
