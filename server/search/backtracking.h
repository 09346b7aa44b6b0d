// Backtracking: a pattern with look-around, back-references or the like, matched under limits.
// The only user of PCRE2.
//
// The time such a match takes may grow beyond all bounds with the text, so every step is counted
// (a call-out stands before each item of the pattern): at most kSteps and kStepsPerByte for each
// byte of the text; every kLookSteps Stop is asked. What runs over is kOverLimit, never a guess.
//
// Immutable; const, safe from any thread, each with a BacktrackScratch of its own.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/base/result.h"
#include "server/search/match_options.h"
#include "server/search/stop.h"

struct pcre2_real_code_8;
struct pcre2_real_match_context_8;
struct pcre2_real_match_data_8;

namespace quarry::search {

// Working memory of one thread. Belongs to one thread.
class BacktrackScratch {
 public:
  BacktrackScratch() = default;
  BacktrackScratch(const BacktrackScratch&) = delete;
  BacktrackScratch& operator=(const BacktrackScratch&) = delete;
  ~BacktrackScratch();

 private:
  friend class Backtracking;
  pcre2_real_match_context_8* context_ = nullptr;
  pcre2_real_match_data_8* match_ = nullptr;
};

class Backtracking {
 public:
  static constexpr std::uint64_t kSteps = 100'000;
  static constexpr std::uint64_t kStepsPerByte = 16;
  static constexpr std::uint64_t kLookSteps = 64;
  static constexpr std::uint32_t kMatchLimit = 1'000'000;  // of backtracks from one place
  static constexpr std::uint32_t kDepthLimit = 20'000;
  static constexpr std::uint32_t kHeapKiB = 16 * 1024;

  enum class Verdict : std::uint8_t { kNone, kFound, kOverLimit, kStopped };

  // `pattern`: in Dialect::kBacktracking. kInvalidArgs, or kTooLarge, with the library's words.
  static Result<std::unique_ptr<const Backtracking>> compile(const std::string& pattern,
                                                             const MatchOptions& options);
  Backtracking(const Backtracking&) = delete;
  Backtracking& operator=(const Backtracking&) = delete;
  ~Backtracking();

  // The first match in `text` that begins at `from` or later; what lies before is looked at.
  Verdict find(std::string_view text, std::size_t from, Span& found, BacktrackScratch& scratch,
               const Stop* stop) const;

 private:
  explicit Backtracking(pcre2_real_code_8* code) : code_(code) {}
  pcre2_real_code_8* code_;
};

}  // namespace quarry::search
