#include "server/analysis/content_rules.h"

#include <algorithm>
#include <bitset>
#include <map>
#include <string>
#include <vector>

#include "server/analysis/content_table.h"
#include "server/analysis/line_pattern.h"

namespace quarry::analysis {
namespace {

constexpr std::size_t kMaxExtension = 16;

struct Pattern {
  std::string_view text;
  std::size_t rank;  // of its rule among those of the extension: the first counts
  char first;        // what a line that matches begins with, or '%'
};

// A pattern that may match anywhere in a line, if the file holds `word` at all.
struct Floating {
  Pattern pattern;
  std::string word;  // bytes that are in all it matches; "" when there are none
  std::size_t rare;  // of its bytes the one that is rarest in source code
};

struct Rules {
  std::vector<LanguageId> languages;  // by rank
  std::vector<Pattern> patterns;      // that begin with a byte, by rank
  std::bitset<256> firsts;            // those bytes
  std::vector<Floating> floating;     // the others, by rank
  std::optional<LanguageId> otherwise;
};

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

// Letters by how often English and code have them; what is no letter is rarer.
std::size_t rarest_byte(std::string_view word) {
  constexpr std::string_view kFrequent = "etaoinsrlcdupmfhgbyvwkxjqz_";
  std::size_t rarest = 0;
  std::size_t best = 0;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const std::size_t rank = std::min(kFrequent.find(word[i]), kFrequent.size());
    if (rank > best) rarest = i;
    best = std::max(best, rank);
  }
  return rarest;
}

bool holds(std::string_view text, const Floating& one) {
  if (one.word.empty()) return true;
  if (text.size() < one.word.size()) return false;
  const std::size_t last = text.size() - one.word.size() + one.rare;
  for (std::size_t at = one.rare; at <= last; ++at) {
    at = text.find(one.word[one.rare], at);
    if (at > last) return false;
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

using Table = std::map<std::string, Rules, std::less<>>;

Table make_table() {
  Table table;
  for (const ContentRule& rule : kContentRules) {
    const auto language = find_language(rule.language);
    if (!language) continue;  // a test sees to it that there is none
    for (std::string_view extensions = rule.extensions; !extensions.empty();) {
      Rules& rules = table[std::string(next_part(extensions, ' '))];
      if (rule.patterns.empty()) rules.otherwise = language;
      for (std::string_view patterns = rule.patterns; !patterns.empty();) {
        const std::string_view text = next_part(patterns, '\n');
        const char c = text.front();
        const Pattern pattern{text, rules.languages.size(), c};
        if (c != '%' || text.starts_with("%%")) {
          rules.patterns.push_back(pattern);
          rules.firsts.set(static_cast<unsigned char>(c));
        } else {
          std::string word = word_of(text);
          const std::size_t rare = rarest_byte(word);
          rules.floating.push_back({pattern, std::move(word), rare});
        }
      }
      rules.languages.push_back(*language);
    }
  }
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
  std::vector<const Pattern*> floating;
  for (const Floating& one : rules->floating) {
    if (holds(head, one)) floating.push_back(&one.pattern);
  }
  ForCppOnly for_cpp_only;
  while (!head.empty() && best > 0) {
    const std::size_t end = std::min(head.find('\n'), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 1, head.size()));
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos || for_cpp_only(line.substr(begin))) continue;
    // Patterns come by rank.
    for (const Pattern* pattern : floating) {
      if (pattern->rank >= best) break;
      if (begins_with(line, pattern->text)) best = pattern->rank;
    }
    if (!rules->firsts[static_cast<unsigned char>(line[begin])]) continue;
    for (const Pattern& pattern : rules->patterns) {
      if (pattern.rank >= best) break;
      if (pattern.first == line[begin] && begins_with(line, pattern.text)) best = pattern.rank;
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
