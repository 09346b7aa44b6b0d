#include "server/search/backtracking.h"

#include <array>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "server/base/format.h"

namespace quarry::search {
namespace {

constexpr int kOutOfSteps = -10'001;  // what the call-out ends a match with
constexpr int kToldToStop = -10'002;

struct Steps {
  std::uint64_t taken = 0;
  std::uint64_t most = 0;
  const Stop* stop = nullptr;
};

int count_step(pcre2_callout_block*, void* counted) {
  Steps& steps = *static_cast<Steps*>(counted);
  if (++steps.taken > steps.most) return kOutOfSteps;
  if (steps.taken % Backtracking::kLookSteps == 0 && steps.stop != nullptr && steps.stop->now()) {
    return kToldToStop;
  }
  return 0;
}

bool is_too_large(int error) {
  return error == PCRE2_ERROR_PATTERN_TOO_LARGE || error == PCRE2_ERROR_PATTERN_TOO_COMPLICATED ||
         error == PCRE2_ERROR_PARENTHESES_NEST_TOO_DEEP || error == PCRE2_ERROR_HEAP_FAILED ||
         error == PCRE2_ERROR_QUANTIFIER_TOO_BIG || error == PCRE2_ERROR_LOOKBEHIND_TOO_LONG ||
         error == PCRE2_ERROR_LOOKBEHIND_TOO_COMPLICATED;
}

std::string message_of(int error) {
  std::array<PCRE2_UCHAR, 200> text{};
  pcre2_get_error_message(error, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

}  // namespace

BacktrackScratch::~BacktrackScratch() {
  pcre2_match_data_free(match_);
  pcre2_match_context_free(context_);
}

Result<std::unique_ptr<const Backtracking>> Backtracking::compile(const std::string& pattern,
                                                                  const MatchOptions& options) {
  std::uint32_t flags =
      PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT;
  if (options.ignore_case) flags |= PCRE2_CASELESS;
  if (options.multiline) flags |= PCRE2_DOTALL;
  int error = 0;
  PCRE2_SIZE place = 0;
  pcre2_code* const code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()),
                                         pattern.size(), flags, &error, &place, nullptr);
  if (code == nullptr) {
    return fail(is_too_large(error) ? Code::kTooLarge : Code::kInvalidArgs, "{}",
                message_of(error));
  }
  return std::unique_ptr<const Backtracking>(new Backtracking(code));
}

Backtracking::~Backtracking() {
  pcre2_code_free(code_);
}

Backtracking::Verdict Backtracking::find(std::string_view text, std::size_t from, Span& found,
                                         BacktrackScratch& scratch, const Stop* stop) const {
  if (scratch.context_ == nullptr) {
    scratch.context_ = pcre2_match_context_create(nullptr);
    scratch.match_ = pcre2_match_data_create(1, nullptr);
    if (scratch.context_ == nullptr || scratch.match_ == nullptr) return Verdict::kOverLimit;
    pcre2_set_match_limit(scratch.context_, kMatchLimit);
    pcre2_set_depth_limit(scratch.context_, kDepthLimit);
    pcre2_set_heap_limit(scratch.context_, kHeapKiB);
  }
  Steps steps{.taken = 0, .most = kSteps + kStepsPerByte * text.size(), .stop = stop};
  pcre2_set_callout(scratch.context_, count_step, &steps);
  const int result = pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                 from, 0, scratch.match_, scratch.context_);
  if (result == PCRE2_ERROR_NOMATCH) return Verdict::kNone;
  if (result == kToldToStop) return Verdict::kStopped;
  if (result < 0) return Verdict::kOverLimit;
  const PCRE2_SIZE* const ends = pcre2_get_ovector_pointer(scratch.match_);
  // \K may put the start behind the end.
  found = {std::min(ends[0], ends[1]), std::max(ends[0], ends[1])};
  return Verdict::kFound;
}

}  // namespace quarry::search
