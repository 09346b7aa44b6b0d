// FastProgram: a pattern compiled for scanning lines of ASCII at several GB/s, where the machine
// has the library for it (Hyperscan: x86-64 with SSSE3). The only user of that library.
//
// What it finds is a place in the first line that may match, and never passes over one that does:
// \s, \W and [^x] stand for no line break, and look-around and back-references were left out of
// it. The caller asks an exact engine about the line.
//
// Immutable; const, safe from any thread, each with a FastScratch of its own.

#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "server/search/match_options.h"
#include "server/search/pattern.h"

struct hs_database;
struct hs_scratch;

namespace quarry::search {

// Working memory of one thread. Belongs to one thread.
class FastScratch {
 public:
  FastScratch() = default;
  FastScratch(const FastScratch&) = delete;
  FastScratch& operator=(const FastScratch&) = delete;
  ~FastScratch();

 private:
  friend class FastProgram;
  hs_scratch* scratch_ = nullptr;
  const hs_database* made_for_ = nullptr;
};

class FastProgram {
 public:
  // This build and this machine have it.
  static bool available();
  // Null when they have not, or the pattern is none that is compiled in a few milliseconds: one
  // that can match nothing at all, looks for ends of the text, or counts far.
  static std::unique_ptr<const FastProgram> compile(const std::vector<Token>& tokens,
                                                    const MatchOptions& options);
  FastProgram(const FastProgram&) = delete;
  FastProgram& operator=(const FastProgram&) = delete;
  ~FastProgram();

  // Index of the last byte of the first match in `lines`, which are whole lines of ASCII.
  // nullopt: none. When there is no memory to search with, every line may match: the first byte.
  std::optional<std::size_t> find(std::string_view lines, FastScratch& scratch) const;

 private:
  explicit FastProgram(hs_database* database) : database_(database) {}
  hs_database* database_;
};

}  // namespace quarry::search
