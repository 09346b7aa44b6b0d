// Selection: the files that one search takes, and which of them it must read.
//
// One file, or those below a directory that the filter takes, on disk or in a snapshot. Where a
// content index knows the tree, files that cannot hold what every match contains are not read; they
// are counted as they would be if they were.
//
// Const members are safe from any thread. Everything in the engine outlives it, and it outlives
// what it selects.

#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "server/search/content_index.h"
#include "server/search/corpus.h"
#include "server/search/count_matches.h"
#include "server/search/engine.h"
#include "server/search/file_filter.h"
#include "server/search/matcher.h"
#include "server/search/stop.h"

namespace quarry::search {

class Selection {
 public:
  // Files to read, and what is known of those that need not be.
  struct Reading {
    Corpus corpus;
    std::uint64_t filtered = 0;  // files that the filter left out
    std::uint64_t unjudged = 0;  // that time did not allow the filter to be asked about
    std::uint64_t searched = 0;
    std::uint64_t binary = 0;
    Sifted::Scan scan = Sifted::Scan::kNo;
    bool dated = true;  // else in path order: time was up

    // As if all had been read.
    void count_unread(Counts& counts) const;
  };

  // `path`: a file, or a directory whose tree is walked. kNotFound, and what opening it says.
  static Result<Selection> make(const Engine& engine, const sandbox::Path& path,
                                const FileFilter& filter, bool include_ignored, const Stop& stop);

  // What a search for any of `matchers` has to read, in path order or the newest first.
  Reading reading(std::span<const Matcher* const> matchers, const Stop& stop,
                  bool newest_first) const;
  // Null: one file.
  const Walk* walk() const { return walk_ && !file_ ? &*walk_ : nullptr; }
  const FileFilter& filter() const { return filter_; }

 private:
  Sifted sift(std::span<const Matcher* const> matchers, const Stop& stop) const;
  Selection(const Engine& engine, const sandbox::Path& path, const FileFilter& filter)
      : engine_(engine), path_(path), filter_(filter) {}

  const Engine& engine_;
  sandbox::Path path_;
  const FileFilter& filter_;
  std::optional<Walk> walk_;
  std::optional<Walk::Place> file_;  // of a snapshot, the one
};

// Leaves in `files.read` what `filter` takes, and counts the rest.
void keep_taken(const Walk& walk, const FileFilter& filter, const Stop& stop, Sifted& files);

}  // namespace quarry::search
