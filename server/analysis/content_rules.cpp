#include "server/analysis/content_rules.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/analysis/content_table.h"
#include "server/analysis/line_pattern.h"

namespace quarry::analysis {
namespace {

constexpr std::size_t kMaxExtension = 16;
constexpr std::size_t kRareRank = 16;  // of rank_of(): 'g' and what is more frequent is in any line

struct Pattern {
  std::string_view text;
  std::size_t rank;  // of its rule among those of the extension: the first counts
  char first;        // what a line that matches begins with, or '%'
  char next = '\0';  // what follows that, after blanks; 0 when it may be several things
};

char byte_after_first(std::string_view pattern) {
  std::string_view rest = pattern.substr(std::min<std::size_t>(pattern.size(), 1));
  if (rest.starts_with("%_")) rest.remove_prefix(2);
  return rest.empty() || rest[0] == '%' || rest[0] == ' ' ? '\0' : rest[0];
}

// Whether a line that begins with the first byte may match.
bool may_match(std::string_view line, const Pattern& pattern) {
  if (pattern.next == '\0') return true;
  std::size_t at = 1;
  while (at < line.size() && (line[at] == ' ' || line[at] == '\t')) ++at;
  return at < line.size() && line[at] == pattern.next;
}

// A pattern that may match anywhere in a line, if the file holds `word` at all.
struct Floating {
  Pattern pattern;
  std::string word;  // bytes that are in all it matches; "" when there are none
  std::size_t rare;  // of its bytes the one that is rarest in source code
  bool frequent;     // even that one is in most lines
};

struct Rules {
  std::vector<LanguageId> languages;  // by rank
  std::vector<Pattern> patterns;      // that begin with a byte, by that and then by rank
  // Where those of each byte begin; the next one is their end.
  std::array<std::uint16_t, 257> begins{};
  std::vector<Floating> floating;  // the others, by rank
  std::optional<LanguageId> otherwise;

  std::span<const Pattern> beginning_with(char c) const {
    const std::size_t byte = static_cast<unsigned char>(c);
    return std::span(patterns).subspan(begins[byte], begins[byte + 1] - begins[byte]);
  }
};

void sort_patterns(Rules& rules) {
  const auto byte = [](const Pattern& one) { return static_cast<unsigned char>(one.first); };
  std::stable_sort(rules.patterns.begin(), rules.patterns.end(),
                   [&](const Pattern& a, const Pattern& b) { return byte(a) < byte(b); });
  for (std::size_t i = 0; i < rules.begins.size(); ++i) {
    const auto from = std::ranges::lower_bound(rules.patterns, i, {}, byte);
    rules.begins[i] = static_cast<std::uint16_t>(from - rules.patterns.begin());
  }
}

// The longest run of bytes that stand for themselves. What goes by letters in either case has none.
std::string word_of(std::string_view pattern) {
  std::string longest;
  std::string run;
  if (pattern.starts_with("%i")) return longest;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool mark = pattern[i] == '%' && i + 1 < pattern.size();
    const bool literal = pattern[i] != ' ' && (!mark || pattern[i + 1] == '%');
    if (literal) run.push_back(pattern[i]);
    if (mark) ++i;
    if (literal && i + 1 < pattern.size()) continue;
    if (run.size() > longest.size()) longest = run;
    run.clear();
  }
  return longest;
}

// By how often English and code have them; what is not named is rarer.
std::size_t rank_of(char c) {
  constexpr std::string_view kFrequent = "etaoinsrlcdupmfhgb_yv<wkxjqz";
  return std::min(kFrequent.find(c), kFrequent.size());
}
std::size_t rarest_byte(std::string_view word) {
  return static_cast<std::size_t>(std::ranges::max_element(word, {}, rank_of) - word.begin());
}

bool holds(std::string_view text, const Floating& one) {
  if (one.word.empty()) return true;
  if (text.size() < one.word.size()) return false;
  if (one.frequent) {
    return memmem(text.data(), text.size(), one.word.data(), one.word.size()) != nullptr;
  }
  const std::size_t last = text.size() - one.word.size() + one.rare;
  for (std::size_t at = one.rare; at <= last; ++at) {
    at = text.find(one.word[one.rare], at);
    if (at > last) return false;
    if (text[at - one.rare] != one.word.front()) continue;
    if (text.compare(at - one.rare, one.word.size(), one.word) == 0) return true;
  }
  return false;
}

std::string_view next_part(std::string_view& list, char separator) {
  const std::size_t end = std::min(list.find(separator), list.size());
  const std::string_view part = list.substr(0, end);
  list.remove_prefix(std::min(end + 1, list.size()));
  return part;
}

using Table = std::unordered_map<std::string_view, Rules>;

Table make_table() {
  Table table;
  for (const ContentRule& rule : kContentRules) {
    const auto language = find_language(rule.language);
    if (!language) continue;  // a test sees to it that there is none
    for (std::string_view extensions = rule.extensions; !extensions.empty();) {
      Rules& rules = table[next_part(extensions, ' ')];
      if (rule.patterns.empty()) rules.otherwise = language;
      for (std::string_view patterns = rule.patterns; !patterns.empty();) {
        const std::string_view text = next_part(patterns, '\n');
        const char c = text.front();
        Pattern pattern{text, rules.languages.size(), c};
        if (c != '%' || text.starts_with("%%")) {
          if (c != '%') pattern.next = byte_after_first(text);
          rules.patterns.push_back(pattern);
        } else {
          std::string word = word_of(text);
          const std::size_t rare = rarest_byte(word);
          const bool frequent = !word.empty() && rank_of(word[rare]) < kRareRank;
          rules.floating.push_back({pattern, std::move(word), rare, frequent});
        }
      }
      rules.languages.push_back(*language);
    }
  }
  for (auto& [extension, rules] : table) sort_patterns(rules);
  return table;
}

const Rules* find_rules(std::string_view extension) {
  static const Table kTable = make_table();
  if (extension.empty() || extension.size() > kMaxExtension) return nullptr;
  const auto exact = kTable.find(extension);
  if (exact != kTable.end()) return &exact->second;
  std::string folded(extension);
  std::ranges::transform(folded, folded.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const auto at = kTable.find(folded);
  return at == kTable.end() ? nullptr : &at->second;
}

// Follows the lines of C: whether they are for C++ alone, which headers of C hold too.
class ForCppOnly {
 public:
  // `line` without leading blanks.
  bool operator()(std::string_view line) {
    if (line.front() != '#') return depth_ > 0;
    line.remove_prefix(1);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const bool opens = line.starts_with("if");
    if (depth_ == 0) {
      if (opens && !line.starts_with("ifndef") && line.find("__cplusplus") < line.size() &&
          line.find('!') == std::string_view::npos) {
        depth_ = 1;
      }
      return false;
    }
    if (opens) ++depth_;
    if (line.starts_with("endif")) --depth_;
    if (depth_ == 1 && line.starts_with("el")) depth_ = 0;
    return true;
  }

 private:
  int depth_ = 0;
};

}  // namespace

bool has_content_rules(std::string_view extension) {
  return find_rules(extension) != nullptr;
}

std::optional<LanguageId> language_by_content(std::string_view extension, std::string_view head) {
  const Rules* rules = find_rules(extension);
  if (rules == nullptr) return std::nullopt;
  std::size_t best = rules->languages.size();
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  std::vector<const Floating*> floating;
  for (const Floating& one : rules->floating) {
    if (holds(head, one)) floating.push_back(&one);
  }
  ForCppOnly for_cpp_only;
  for (std::size_t at = 0; at < head.size() && best > 0;) {
    const std::size_t end = std::min(head.find('\n', at), head.size());
    const std::string_view line = pattern_line(head.substr(at, end - at));
    at = end + 1;
    if (line.empty() || for_cpp_only(line)) continue;
    // Patterns come by rank.
    for (const Floating* one : floating) {
      if (one->pattern.rank >= best) break;
      if (holds(line, *one) && matches_pattern(line, one->pattern.text)) best = one->pattern.rank;
    }
    for (const Pattern& pattern : rules->beginning_with(line.front())) {
      if (pattern.rank >= best) break;
      if (!may_match(line, pattern)) continue;
      if (matches_pattern(line, pattern.text)) best = pattern.rank;
    }
  }
  if (best < rules->languages.size()) return rules->languages[best];
  return rules->otherwise;
}

std::optional<LanguageId> language_without_marks(std::string_view extension) {
  const Rules* rules = find_rules(extension);
  return rules == nullptr ? std::nullopt : rules->otherwise;
}

std::uint32_t content_rules_version() {
  static constexpr std::uint32_t kVersion = [] {
    std::uint32_t hash = 2166136261U;  // FNV-1a
    for (const ContentRule& rule : kContentRules) {
      for (const std::string_view text : {rule.extensions, rule.language, rule.patterns}) {
        for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
        hash = (hash ^ 0xFFU) * 16777619U;
      }
    }
    return hash;
  }();
  return kVersion;
}

}  // namespace quarry::analysis
