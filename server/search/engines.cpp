#include "server/search/engines.h"

#include <algorithm>

#include "server/base/format.h"
#include "server/base/limits.h"
#include "server/search/regex_run.h"

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
std::optional<Span> regex_line(const RunnableRegex& runnable, std::string_view text,
                               std::size_t from, std::size_t to, MatchScratch& scratch) {
  for (std::size_t end = from; from < to; from = end) {
    end = slice_end(text, from, to, regex_dose(runnable.regex, scratch));
    const auto found = regex_match(runnable, text, from, end, scratch);
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
    if (unicode != nullptr) return regex_finds({*unicode, longest}, text, line, scratch);
    return regex_finds({*ascii, longest}, text, line, scratch);
  }
  return regex_finds({*ascii, longest_ascii()}, text, line, scratch);
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
    if (unicode != nullptr) return regex_line({*unicode, longest}, text, from, to, scratch);
    if (unicode_exact != nullptr) return each_line(*unicode_exact, text, from, to, scratch);
    return regex_line({*ascii, longest}, text, from, to, scratch);
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
  return regex_line({*ascii, longest_ascii()}, text, from, to, scratch);
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
