// VerdictSheets: the verdicts of a tree's files, kept in the FactCache: a few records, each with
// the files of some directories, so that a changed file costs one small record.
//
// load() once; find() and replace() of different directories are safe at the same time; save()
// after all of them.

#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "server/analysis/fact_cache.h"
#include "server/analysis/verdict.h"
#include "server/base/guarded.h"
#include "server/pool/pool.h"

namespace quarry::analysis {

class VerdictSheets {
 public:
  struct Entry {
    std::uint64_t name = 0;  // hash of the path
    Identity identity = 0;
    Verdict verdict;
  };

  // `files`: how many the tree has.
  VerdictSheets(FactCache& cache, std::string_view top, std::size_t files);

  void load(pool::Pool& pool);
  // The kept verdict of a path at its sheet, whatever its identity; null when there is none.
  const Entry* find(std::string_view directory, std::uint64_t name) const;
  // The entries of a directory as they are now, and whether they differ from those kept.
  void replace(std::string_view directory, std::span<const Entry> entries, bool changed);
  void save();

  static std::uint64_t name_of(std::string_view path);

 private:
  struct Sheet {
    std::vector<Entry> kept;  // sorted by name
    std::vector<Entry> now;
    bool changed = false;
  };
  std::size_t sheet_of(std::string_view directory) const;
  std::string key_of(std::size_t sheet) const;

  FactCache& cache_;
  const std::string top_;
  const Maker maker_;
  std::vector<Sheet> kept_;
  // What is to be kept from now on, by sheet.
  Guarded<std::vector<Sheet>> now_;
};

}  // namespace quarry::analysis
