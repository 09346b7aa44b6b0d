// count_matches: how many matches each file of a corpus has. The first half of every search;
// what is shown is read again afterwards, so that memory stays bounded by what is shown.
//
// Files are counted in parallel and the result is the same on every run: the search ends early
// only between waves of files, which do not depend on the threads.

#pragma once

#include <cstdint>
#include <vector>

#include "server/search/corpus.h"
#include "server/search/engine.h"
#include "server/search/matcher.h"
#include "server/search/text_reader.h"

namespace quarry::search {

struct CountOptions {
  std::uint64_t enough = UINT64_MAX;    // matches after which the search may end
  std::uint64_t per_file = UINT32_MAX;  // matches after which a file's count ends
  std::int64_t max_file_bytes = TextReader::kMaxFileBytes;
  // Matchers whose matches are counted too, on the way, as long as the search finds nothing: what
  // would have been found instead. Each to `also_enough`.
  std::vector<const Matcher*> also = {};
  std::uint64_t also_enough = 1000;
  bool fold_line_ends = false;  // a \n of the pattern is \r\n too
};

struct FileCount {
  std::uint32_t matches = 0;
  Skip skip = Skip::kNone;
  bool searched = false;
  bool not_utf8 = false;  // nor anything else that is known; searched as its bytes
  bool decoded = false;   // from an encoding that is not UTF-8
};

struct Counts {
  std::vector<FileCount> files;  // one per file of the corpus
  std::uint64_t matches = 0;
  std::uint64_t files_matched = 0;
  std::uint64_t files_searched = 0;
  std::uint64_t binary = 0;
  std::uint64_t too_large = 0;
  std::uint64_t unreadable = 0;
  std::uint64_t secret = 0;
  std::uint64_t not_utf8 = 0;
  std::uint64_t decoded = 0;
  // Whether they match is not known, since finding out takes too long; with a multiline matcher
  // files, of which those without a match do not count as searched.
  std::uint64_t lines_over_limit = 0;
  std::uint64_t lines_in_pieces = 0;  // files with lines too long to be searched at once
  std::uint64_t in_parts = 0;         // files that should have been searched whole and were not
  std::uint64_t not_reached = 0;      // files left when the search ended early
  std::vector<std::uint64_t> also;    // by CountOptions::also; whole when there are no matches
  bool stopped = false;               // by Stop; not because there was enough
  bool capped = false;                // some file has CountOptions::per_file matches, or more
};

Counts count_matches(const Engine& engine, const Corpus& corpus, const Matcher& matcher,
                     const CountOptions& options, const Stop& stop);

// How TextReader should read for `matcher`.
TextReader::Options reader_options(const Matcher& matcher, std::int64_t max_file_bytes);

}  // namespace quarry::search
