#include "server/search/ignore.h"

#include <algorithm>
#include <bit>

namespace quarry::search {
namespace {

// Drops trailing spaces that no backslash protects, as git's trim_trailing_spaces describes.
std::string_view without_trailing_spaces(std::string_view line) {
  std::size_t keep = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      if (++i == line.size()) return line;
      keep = i + 1;
    } else if (line[i] != ' ') {
      keep = i + 1;
    }
  }
  return line.substr(0, keep);
}

bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?[\\") != std::string_view::npos;
}

std::string folded(std::string_view text, bool fold) {
  std::string out(text);
  if (fold) {
    for (char& c : out) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
  }
  return out;
}

}  // namespace

Result<IgnoreRules> IgnoreRules::parse(std::string_view bytes, bool fold_case) {
  if (bytes.size() > kMaxBytes) return fail(Code::kTooLarge, "over {} bytes", kMaxBytes);
  IgnoreRules rules;
  rules.fold_ = fold_case;
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = line.substr(0, line.find('\0'));
    if (line.empty() || line.front() == '#') continue;
    line = without_trailing_spaces(line);
    if (rules.patterns_.size() >= kMaxPatterns) {
      return fail(Code::kTooLarge, "over {} patterns", kMaxPatterns);
    }
    rules.add(line);
  }
  return rules;
}

void IgnoreRules::add(std::string_view line) {
  const bool negated = line.starts_with('!');
  if (negated) line.remove_prefix(1);
  const bool directories_only = line.ends_with('/');
  if (directories_only) line.remove_suffix(1);
  const bool anchored = line.contains('/');
  if (line.starts_with('/')) line.remove_prefix(1);
  if (line.empty() || line.size() > Glob::kMaxBytes) return;  // no name matches it

  const bool plain = !has_wildcard(line);
  const bool extension = line.size() > 2 && line.starts_with("*.") &&
                         !has_wildcard(line.substr(1)) && !line.substr(2).contains('.');
  auto glob = Glob::compile(line, Glob::Flavour::kIgnore, fold_);
  Pattern pattern{plain || !glob ? Glob::literal(line, fold_) : std::move(*glob),
                  {},
                  {},
                  {},
                  negated,
                  directories_only};
  const auto number = static_cast<std::uint32_t>(patterns_.size());
  const auto index = [&](Index& into, std::string_view key) {
    into.numbers[folded(key, fold_)].push_back(number);
    into.lengths.add(key.size());
  };
  if (plain) {
    index(anchored ? paths_ : names_, line);
  } else if (!anchored && extension) {
    index(extensions_, line.substr(1));
  } else {
    if (!fold_ && !line.contains('\\')) set_fixed(pattern, line);
    if (others_.size() % Ends::kMost == 0) ends_.emplace_back();
    ends_.back().add(others_.size() % Ends::kMost, pattern, anchored);
    others_.push_back({number, static_cast<std::uint16_t>(line.size())});
  }
  patterns_.push_back(std::move(pattern));
}

// REQUIRES: `line` holds no backslash.
void IgnoreRules::set_fixed(Pattern& pattern, std::string_view line) {
  constexpr std::string_view kWild = "*?[";
  pattern.head = line.substr(0, line.find_first_of(kWild));
  // A bracket may hold anything and end anywhere: behind the first one nothing is taken.
  const std::string_view open = line.substr(0, line.find('['));
  if (open.size() == line.size()) pattern.tail = line.substr(line.find_last_of(kWild) + 1);
  for (std::size_t at = pattern.head.size(); at < open.size();) {
    const std::size_t begin = std::min(open.find_first_not_of(kWild, at), open.size());
    at = std::min(open.find_first_of(kWild, begin), open.size());
    if (at - begin > pattern.inside.size()) pattern.inside = open.substr(begin, at - begin);
  }
  // The slashes around a `**` may be one, or stand for nothing.
  if (line.contains("**")) pattern.inside.clear();
  if (pattern.tail.starts_with('/')) pattern.tail.erase(0, 1);
}

void IgnoreRules::Ends::add(std::size_t place, const Pattern& pattern, bool anchored) {
  const std::uint64_t bit = 1ULL << place;
  const auto mark = [&](std::array<std::uint64_t, kLetters>& letters, bool any, char letter) {
    for (std::size_t i = 0; i < kLetters; ++i) {
      if (any || i == static_cast<unsigned char>(letter) % kLetters) letters[i] |= bit;
    }
  };
  mark(first_, pattern.head.empty(), pattern.head.empty() ? '\0' : pattern.head.front());
  mark(last_, pattern.tail.empty(), pattern.tail.empty() ? '\0' : pattern.tail.back());
  if (anchored) anchored_ |= bit;
  if (pattern.directories_only) directories_only_ |= bit;
}

std::uint64_t IgnoreRules::Ends::candidates(std::string_view path, std::string_view name,
                                            bool is_directory) const {
  const auto of = [](const std::array<std::uint64_t, kLetters>& letters, char letter) {
    return letters[static_cast<unsigned char>(letter) % kLetters];
  };
  // An empty one may match what begins and ends with anything, which stands at every letter.
  const auto first = [](std::string_view text) { return text.empty() ? '\0' : text.front(); };
  const char last = path.empty() ? '\0' : path.back();
  const std::uint64_t by_first =
      (of(first_, first(path)) & anchored_) | (of(first_, first(name)) & ~anchored_);
  return by_first & of(last_, last) & (is_directory ? ~0ULL : ~directories_only_);
}

bool IgnoreRules::matches(const Other& other, std::string_view text, Pace* pace) const {
  const Pattern& pattern = patterns_[other.number];
  if (text.size() < pattern.head.size() || !text.starts_with(pattern.head) ||
      !text.ends_with(pattern.tail) || !text.contains(pattern.inside)) {
    return false;
  }
  // Any pattern may take a look from each place of the text on.
  if (pace != nullptr && pace->over(text.size() * other.length)) return false;
  return pattern.glob.matches(text);
}

void IgnoreRules::look_up(const Index& index, std::string_view key, bool is_directory,
                          std::int64_t& best) const {
  if (!index.lengths.may_have(key.size())) return;
  const auto found = fold_ ? index.numbers.find(folded(key, true)) : index.numbers.find(key);
  if (found == index.numbers.end()) return;
  for (auto number = found->second.rbegin(); number != found->second.rend(); ++number) {
    if (static_cast<std::int64_t>(*number) <= best) return;
    if (patterns_[*number].directories_only && !is_directory) continue;
    best = *number;
    return;
  }
}

// From the last to the first; `best` becomes the number of the first that matches, if it is
// greater.
void IgnoreRules::try_others(std::string_view path, std::string_view name, bool is_directory,
                             Pace* pace, std::int64_t& best) const {
  for (std::size_t block = ends_.size(); block-- > 0;) {
    const Ends& ends = ends_[block];
    std::uint64_t left = ends.candidates(path, name, is_directory);
    while (left != 0) {
      const std::size_t place = Ends::kMost - 1 - static_cast<std::size_t>(std::countl_zero(left));
      left ^= 1ULL << place;
      const Other& other = others_[block * Ends::kMost + place];
      if (static_cast<std::int64_t>(other.number) <= best) return;
      if (!matches(other, ends.anchored(place) ? path : name, pace)) continue;
      best = other.number;
      return;
    }
  }
}

IgnoreRules::Verdict IgnoreRules::judge(std::string_view path, bool is_directory,
                                        Pace* pace) const {
  if (patterns_.empty()) return Verdict::kNone;
  const std::string_view name = path.substr(path.rfind('/') + 1);
  std::int64_t best = -1;
  look_up(names_, name, is_directory, best);
  look_up(paths_, path, is_directory, best);
  const std::size_t dot = name.rfind('.');
  if (dot != std::string_view::npos) look_up(extensions_, name.substr(dot), is_directory, best);
  if (pace != nullptr && pace->over(others_.size())) return Verdict::kNone;
  try_others(path, name, is_directory, pace, best);
  if (best < 0) return Verdict::kNone;
  return patterns_[static_cast<std::size_t>(best)].negated ? Verdict::kIncluded : Verdict::kIgnored;
}

bool ignored(const IgnoreLevel* level, std::string_view path, bool is_directory, Pace* pace) {
  using Verdict = IgnoreRules::Verdict;
  Verdict by_git = Verdict::kNone;
  Verdict by_exclude = Verdict::kNone;
  Verdict by_global = Verdict::kNone;
  bool same_repository = true;
  for (; level != nullptr; level = level->parent.get()) {
    const std::string_view below = path.substr(level->base);
    const Verdict verdict = level->ignore.judge(below, is_directory, pace);
    if (verdict != Verdict::kNone) return verdict == Verdict::kIgnored;
    if (!same_repository) continue;
    if (by_git == Verdict::kNone) by_git = level->git.judge(below, is_directory, pace);
    if (by_exclude == Verdict::kNone) by_exclude = level->exclude.judge(below, is_directory, pace);
    if (by_global == Verdict::kNone) by_global = level->global.judge(below, is_directory, pace);
    same_repository = !level->repository;
  }
  if (by_git != Verdict::kNone) return by_git == Verdict::kIgnored;
  return (by_exclude != Verdict::kNone ? by_exclude : by_global) == Verdict::kIgnored;
}

}  // namespace quarry::search
