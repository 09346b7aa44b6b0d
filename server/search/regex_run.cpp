#include "server/search/regex_run.h"

#include <algorithm>
#include <array>
#include <ctime>

namespace quarry::search {
namespace {

using re2::RE2;

// RE2 takes up to 10 ns for an instruction of its program and a byte while it makes states, and up
// to 5 where it cannot keep them (measured with `(.{0,90}1.{90}|.{0,80}0.{90}){2}zq` on zeros and
// ones): a dose takes some 8 ms at the worst.
constexpr std::int64_t kDoseWork = 800'000;
constexpr std::size_t kLeastDose = 256;
constexpr std::size_t kMostDose = 256 << 10;
// Most patterns take 1 ns for a byte however large they are. Such a one gets more.
constexpr std::size_t kTameDose = 8 << 10;
constexpr std::int64_t kTameNsPerByte = 8;
// What may run without a look, when it was seen to take no longer.
constexpr std::int64_t kUnseenNs = 3'000'000;
constexpr std::int64_t kUnseenNsPerByte = 2;
// Of pieces that overlap.
constexpr double kPieceNs = 4'000'000;
constexpr std::size_t kMostPiece = 64 << 10;
constexpr std::int64_t kJudgeNs = 25'000'000;
// A text that takes longer than this is given up.
constexpr std::int64_t kGiveUpNs = 200'000'000;

std::int64_t processor_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::size_t least_dose(const RE2& regex) {
  const auto program = static_cast<std::size_t>(std::max(regex.ProgramSize(), 1));
  return std::clamp(static_cast<std::size_t>(kDoseWork) / program, kLeastDose, kMostDose);
}

// Runs RE2 over text[from, to); asks Stop when that is due.
bool run(const RE2& regex, std::string_view text, std::size_t from, std::size_t to,
         re2::StringPiece* found, MatchScratch& scratch) {
  // A clock read takes as long as a short match: only what is about a dose is timed.
  const auto work = static_cast<std::int64_t>(to - from) * regex.ProgramSize();
  const bool timed = work >= kDoseWork / 2 && to - from <= regex_dose(regex, scratch);
  const std::int64_t began_ns = timed ? processor_ns() : 0;
  const bool matched = regex.Match(re2::StringPiece(text.data(), text.size()), from, to,
                                   RE2::UNANCHORED, found, found == nullptr ? 0 : 1);
  const std::size_t end =
      matched && found != nullptr
          ? static_cast<std::size_t>(found->data() + found->size() - text.data())
          : to;
  const auto bytes = static_cast<std::int64_t>(end - from + 1);
  RegexPace& pace = scratch.regex;
  if (timed) {
    const bool tame = processor_ns() - began_ns <= kTameNsPerByte * bytes;
    pace.tame = tame ? &regex : nullptr;
  }
  pace.credit -= bytes * regex.ProgramSize();
  if (pace.credit <= 0) {
    pace.credit = kDoseWork;
    scratch.stopped = scratch.stopped || (scratch.stop != nullptr && scratch.stop->now());
  }
  return matched;
}

// Tries text[from, to) piece by piece, up to the first with a match, and judges how fast that was.
// Twice if need be: the states that were made stay, and a moment in which the machine did something
// else is no judgement.
bool judge(const RE2& regex, std::string_view text, std::size_t from, std::size_t to,
           MatchScratch& scratch) {
  RegexPace& pace = scratch.regex;
  bool found = false;
  for (int round = 0; round < 2; ++round) {
    const std::int64_t began_ns = processor_ns();
    std::size_t at = from;
    for (found = false; at < to && !found;) {
      const std::size_t end = std::min(at + regex_dose(regex, scratch), to);
      found = run(regex, text, at, end, nullptr, scratch);
      if (scratch.stopped) return false;
      at = end;
      if (processor_ns() - began_ns > kJudgeNs) break;
    }
    const std::int64_t took_ns = processor_ns() - began_ns;
    const auto bytes = static_cast<std::int64_t>(at - from);
    const bool fast = took_ns <= kUnseenNs + kUnseenNsPerByte * bytes;
    pace.judged = &regex;
    pace.from = from;
    pace.to = fast ? at : to;
    pace.slow_ns = fast ? 0 : static_cast<double>(took_ns) / static_cast<double>(bytes);
    if (fast) break;
  }
  return found;
}

bool is_judged(const RE2& regex, std::size_t from, std::size_t to, const RegexPace& pace) {
  return pace.judged == &regex && from >= pace.from && to <= pace.to;
}

void tell_over_limit(const RE2& regex, MatchScratch& scratch) {
  const bool multiline = !regex.options().never_nl();
  scratch.over_limit += multiline && scratch.regex.told ? 0 : 1;
  scratch.regex.told = true;
}

bool find_in_pieces(const RunnableRegex& runnable, std::string_view text, std::size_t from,
                    std::size_t to, re2::StringPiece* found, MatchScratch& scratch) {
  const RE2& regex = runnable.regex;
  const auto affordable = static_cast<std::size_t>(kPieceNs / scratch.regex.slow_ns);
  const std::size_t piece = std::max(std::min(affordable, kMostPiece), least_dose(regex));
  const bool exact = runnable.longest <= piece / 2;
  const std::int64_t began_ns = processor_ns();
  for (std::size_t at = from; processor_ns() - began_ns < kGiveUpNs; at += piece / 2) {
    const std::size_t end = std::min(at + piece, to);
    bool matched = run(regex, text, at, end, found, scratch);
    if (scratch.stopped) return false;
    if (matched && exact && found != nullptr && end < to) {
      // Near the end one that begins sooner, or is to be longer, may go on beyond the piece.
      const auto begin = static_cast<std::size_t>(found->data() - text.data());
      const std::size_t sure = std::max(at, end - runnable.longest);
      matched = run(regex, text, std::min(begin, sure), std::min(begin + runnable.longest + 1, to),
                    found, scratch);
    }
    if (matched && !exact) {
      ++scratch.in_pieces;
      if (!regex.options().never_nl()) tell_over_limit(regex, scratch);
    }
    if (matched) return true;
    if (end == to && exact) return false;
    if (end == to) break;
  }
  tell_over_limit(regex, scratch);
  return false;
}

bool find(const RunnableRegex& runnable, std::string_view text, std::size_t from, std::size_t to,
          re2::StringPiece* found, MatchScratch& scratch) {
  const RE2& regex = runnable.regex;
  if (to - from > regex_dose(regex, scratch)) {
    if (!is_judged(regex, from, to, scratch.regex)) {
      if (judge(regex, text, from, to, scratch) && found == nullptr) return true;
      if (scratch.stopped) return false;
    }
    if (scratch.regex.slow_ns > 0) return find_in_pieces(runnable, text, from, to, found, scratch);
  }
  const bool matched = run(regex, text, from, to, found, scratch);
  return matched && !scratch.stopped;
}

}  // namespace

std::size_t regex_dose(const RE2& regex, const MatchScratch& scratch) {
  const std::size_t least = least_dose(regex);
  return scratch.regex.tame == &regex ? std::max(least, kTameDose) : least;
}

bool regex_finds(const RunnableRegex& runnable, std::string_view text, Span within,
                 MatchScratch& scratch) {
  return find(runnable, text, within.begin, within.end, nullptr, scratch);
}

std::optional<Span> regex_match(const RunnableRegex& runnable, std::string_view text,
                                std::size_t from, std::size_t to, MatchScratch& scratch) {
  re2::StringPiece found;
  if (!find(runnable, text, from, to, &found, scratch)) return std::nullopt;
  if (runnable.in_group) {
    const auto end = static_cast<std::size_t>(found.data() + found.size() - text.data());
    std::array<re2::StringPiece, 2> groups;
    const auto start = static_cast<std::size_t>(found.data() - text.data());
    if (runnable.regex.Match(re2::StringPiece(text.data(), text.size()), start, end,
                             RE2::ANCHOR_START, groups.data(), 2)) {
      found = groups[1];
    }
  }
  const auto begin = static_cast<std::size_t>(found.data() - text.data());
  return Span{begin, begin + found.size()};
}

}  // namespace quarry::search
