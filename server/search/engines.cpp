#include "server/search/engines.h"

#include <algorithm>
#include <ctime>

#include "server/base/format.h"
#include "server/base/limits.h"

namespace quarry::search {
namespace {

using re2::RE2;
using Verdict = Backtracking::Verdict;

constexpr std::size_t kNone = std::string_view::npos;
// Compiling the fast program takes as long as RE2 takes for about this much text.
constexpr std::size_t kFastAfterBytes = 1 << 20;
// A required text is worth looking for while a line with it comes in more bytes than this.
constexpr std::uint64_t kBytesPerNeedle = 512;
constexpr std::uint64_t kNeedlesBeforeJudging = 64;
constexpr std::size_t kNearBytes = 256;  // lines that are no ASCII are one run within so many
constexpr std::uint64_t kLinesPerLook = 16;

// How much text RE2 is given without asking Stop in between. It takes up to 1.2 ns for an
// instruction of its program and a byte, where it cannot keep the states it makes (measured with
// `(.{0,90}1.{90}|.{0,80}0.{90}){2}zq` on zeros and ones): a slice takes 15 ms at the worst.
constexpr std::size_t kLeastAtOnce = 1 << 10;
constexpr std::size_t kMostAtOnce = 256 << 10;
// A text that takes longer than this is given up: it could not be stopped.
constexpr std::int64_t kSlowNs = 50'000'000;

std::size_t at_once(const RE2& regex) {
  const auto program = static_cast<std::size_t>(std::max(regex.ProgramSize(), 1));
  return std::clamp(static_cast<std::size_t>(MatchScratch::kCredit) / program, kLeastAtOnce,
                    kMostAtOnce);
}

// RE2 has looked at `bytes`.
void spend(const RE2& regex, std::size_t bytes, MatchScratch& scratch) {
  scratch.credit -= static_cast<std::int64_t>(bytes + 1) * regex.ProgramSize();
  if (scratch.credit > 0) return;
  scratch.credit = MatchScratch::kCredit;
  if (scratch.stop != nullptr && scratch.stop->now()) scratch.stopped = true;
}

std::int64_t processor_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

bool has_match(const RE2& regex, std::string_view text, std::size_t from, std::size_t to) {
  return regex.Match(re2::StringPiece(text.data(), text.size()), from, to, RE2::UNANCHORED, nullptr,
                     0);
}

// Tries text[from, to) piece by piece, up to the first with a match: whether all of it may be given
// to RE2 at once.
bool vet(const RE2& regex, std::string_view text, std::size_t from, std::size_t to,
         MatchScratch& scratch) {
  const std::size_t most = at_once(regex);
  if (to - from <= most) return true;
  if (scratch.vetted_by == &regex && from >= scratch.vetted_from && to <= scratch.vetted_to) {
    return true;
  }
  const std::int64_t began_ns = processor_ns();
  std::size_t at = from;
  for (bool found = false; at < to && !found;) {
    const std::size_t end = std::min(at + most, to);
    found = has_match(regex, text, at, end);
    spend(regex, end - at, scratch);
    if (scratch.stopped) return false;
    if (processor_ns() - began_ns > kSlowNs) {
      ++scratch.over_limit;
      return false;
    }
    at = end;
  }
  scratch.vetted_by = &regex;
  scratch.vetted_from = from;
  scratch.vetted_to = at;
  return true;
}

bool regex_matches(const RE2& regex, std::string_view text, Span line, MatchScratch& scratch) {
  if (!vet(regex, text, line.begin, line.end, scratch)) return false;
  const bool found = has_match(regex, text, line.begin, line.end);
  spend(regex, line.end - line.begin, scratch);
  return found && !scratch.stopped;
}

bool backtrack(const Backtracking& engine, std::string_view text, Span line,
               MatchScratch& scratch) {
  Span found{};
  const Verdict verdict = engine.find(text.substr(line.begin, line.end - line.begin), 0, found,
                                      scratch.backtrack, scratch.stop);
  scratch.over_limit += verdict == Verdict::kOverLimit ? 1 : 0;
  scratch.stopped = scratch.stopped || verdict == Verdict::kStopped;
  return verdict == Verdict::kFound;
}

// Whole lines of text[from, to) from its start on, as many as RE2 is given at once, at least one.
std::size_t slice_end(std::string_view text, std::size_t from, std::size_t to, std::size_t most) {
  if (to - from <= most) return to;
  const std::size_t before = text.substr(from, most).rfind('\n');
  if (before != kNone) return from + before + 1;
  const std::size_t after = text.substr(0, to).find('\n', from + most);
  return after == kNone ? to : after + 1;
}

// By RE2, over many lines at once.
std::optional<Span> regex_line(const RE2& regex, std::string_view text, std::size_t from,
                               std::size_t to, MatchScratch& scratch) {
  const std::size_t most = at_once(regex);
  for (std::size_t end = from; from < to; from = end) {
    end = slice_end(text, from, to, most);
    const auto found = match(regex, text, from, end, scratch);
    if (scratch.stopped) return std::nullopt;
    // Behind the last line break there is no line.
    if (found && (found->begin < end || text[end - 1] != '\n')) {
      return line_around(text, found->begin, from, end);
    }
  }
  return std::nullopt;
}

}  // namespace

RE2::Options regex_options(const MatchOptions& options) {
  RE2::Options out;
  out.set_log_errors(false);
  out.set_max_mem(standard(Limit::kPatternMemory));
  out.set_never_nl(!options.multiline);
  out.set_dot_nl(options.multiline);
  out.set_case_sensitive(!options.ignore_case);
  return out;
}

std::string backtracking_text(std::string_view pattern, const std::vector<Token>& tokens,
                              const MatchOptions& options) {
  if (shape_of(tokens).known) {
    if (auto text = write_pattern(tokens, Dialect::kBacktracking, options)) return *text;
  }
  return options.word ? fmt::format("(*UCP)(?m)(?<!\\w)(?:{})(?!\\w)", pattern)
                      : fmt::format("(*UCP)(?m){}", pattern);
}

std::unique_ptr<RE2> make_regex(const std::vector<Token>& tokens, Dialect dialect,
                                const MatchOptions& options) {
  const auto text = write_pattern(tokens, dialect, options);
  if (!text) return nullptr;
  return std::make_unique<RE2>(*text, regex_options(options));
}

std::optional<Span> match(const RE2& regex, std::string_view text, std::size_t from, std::size_t to,
                          MatchScratch& scratch) {
  if (!vet(regex, text, from, to, scratch)) return std::nullopt;
  re2::StringPiece found;
  if (!regex.Match(re2::StringPiece(text.data(), text.size()), from, to, RE2::UNANCHORED, &found,
                   1)) {
    spend(regex, to - from, scratch);
    return std::nullopt;
  }
  spend(regex, static_cast<std::size_t>(found.data() + found.size() - text.data()) - from, scratch);
  const auto begin = static_cast<std::size_t>(found.data() - text.data());
  return Span{begin, begin + found.size()};
}

Span line_around(std::string_view text, std::size_t at, std::size_t from, std::size_t to) {
  const std::size_t before = at == from ? kNone : text.substr(from, at - from).rfind('\n');
  const std::size_t after = text.substr(0, to).find('\n', at);
  return {before == kNone ? from : from + before + 1, after == kNone ? to : after};
}

void Engines::make_unicode() {
  std::call_once(unicode_made, [this] {
    unicode = make_regex(tokens, Dialect::kUnicode, options);
    if (unicode != nullptr && unicode->ok()) return;
    unicode = nullptr;
    auto made = Backtracking::compile(backtracking_text(pattern, tokens, options), options);
    if (made) unicode_exact = std::move(*made);
    fell_to_ascii = !made;
  });
}

bool Engines::line_matches(std::string_view text, Span line, MatchScratch& scratch) {
  if (exact != nullptr) return backtrack(*exact, text, line, scratch);
  if (find_non_ascii(text, line.begin, line.end) < line.end) {
    make_unicode();
    if (unicode == nullptr && unicode_exact != nullptr) {
      return backtrack(*unicode_exact, text, line, scratch);
    }
    if (unicode != nullptr) return regex_matches(*unicode, text, line, scratch);
  }
  return regex_matches(*ascii, text, line, scratch);
}

std::optional<Span> Engines::each_line(const Backtracking& engine, std::string_view text,
                                       std::size_t from, std::size_t to, MatchScratch& scratch) {
  for (std::uint64_t lines = 1; from < to && !scratch.stopped; ++lines) {
    if (lines % kLinesPerLook == 0 && scratch.stop != nullptr && scratch.stop->now()) {
      scratch.stopped = true;
      break;
    }
    const Span line = line_around(text, from, from, to);
    if (backtrack(engine, text, line, scratch)) return line;
    from = line.end + 1;
  }
  return std::nullopt;
}

void Engines::know(std::string_view text, std::size_t from, std::size_t to, MatchScratch& scratch) {
  if (from >= scratch.known_from && from < scratch.known_to) return;
  scratch.known_from = from;
  const auto line_end = [&](std::size_t at) {
    const std::size_t end = text.find('\n', at);
    return end == kNone || end + 1 > to ? to : end + 1;
  };
  std::size_t high = find_non_ascii(text, from, to);
  const std::size_t begin = high == to ? to : line_around(text, high, from, to).begin;
  scratch.known_ascii = begin > from;
  if (scratch.known_ascii) {
    scratch.known_to = begin;
    return;
  }
  std::size_t end = from;
  do {
    end = line_end(high);
    high = find_non_ascii(text, end, std::min(to, end + kNearBytes));
  } while (high < std::min(to, end + kNearBytes));
  scratch.known_to = end;
}

bool Engines::is_ascii(std::string_view text, std::size_t from, std::size_t to,
                       MatchScratch& scratch) {
  // A text is asked about from one match after another.
  const bool within = from >= scratch.plain_from && from <= scratch.plain_to;
  if (!within || (to > scratch.plain_to && scratch.high_at != scratch.plain_to)) {
    scratch.plain_from = from;
    scratch.plain_to = find_non_ascii(text, from, to);
    scratch.high_at = scratch.plain_to < to ? scratch.plain_to : kNone;
  }
  return to <= scratch.plain_to;
}

bool Engines::needle_pays(const MatchScratch& scratch) const {
  if (needle.empty()) return false;
  return fast.load() == nullptr || scratch.needle_lines < kNeedlesBeforeJudging ||
         scratch.needle_bytes > scratch.needle_lines * kBytesPerNeedle;
}

std::optional<Span> Engines::in_run(std::string_view text, std::size_t from, std::size_t to,
                                    bool is_ascii, MatchScratch& scratch, bool& sure) {
  if (!is_ascii) {
    sure = true;
    if (exact != nullptr) return each_line(*exact, text, from, to, scratch);
    make_unicode();
    if (unicode != nullptr) return regex_line(*unicode, text, from, to, scratch);
    if (unicode_exact != nullptr) return each_line(*unicode_exact, text, from, to, scratch);
    return regex_line(*ascii, text, from, to, scratch);
  }
  if (const FastProgram* const program = fast.load()) {
    const auto last = program->find(text.substr(from, to - from), scratch.fast);
    if (!last) return std::nullopt;
    return line_around(text, from + *last, from, to);
  }
  if (ascii == nullptr) {
    sure = true;
    return each_line(*exact, text, from, to, scratch);
  }
  sure = exact == nullptr;
  return regex_line(*ascii, text, from, to, scratch);
}

void Engines::expect(std::size_t bytes) {
  if (plain || fast.load() != nullptr) return;
  if (expected.fetch_add(bytes) + bytes < kFastAfterBytes) return;
  std::call_once(fast_made, [this] {
    fast_program = FastProgram::compile(tokens, options);
    fast.store(fast_program.get());
  });
}

}  // namespace quarry::search
