#include "server/edit/patch_names.h"

#include <algorithm>
#include <vector>

namespace quarry::edit {
namespace {

// The text in quotes at the start of `text`, which goes behind them.
std::optional<std::string> take_quoted(std::string_view& text) {
  std::string name;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return name;
    }
    if (text[i] != '\\') {
      name.push_back(text[i]);
      continue;
    }
    if (++i == text.size()) break;
    constexpr std::string_view kLetters = "abtnvfr";
    constexpr std::string_view kMeanings = "\a\b\t\n\v\f\r";
    if (const std::size_t letter = kLetters.find(text[i]); letter != std::string_view::npos) {
      name.push_back(kMeanings[letter]);
    } else if (text[i] >= '0' && text[i] <= '3') {
      int value = 0;
      std::size_t digits = 0;
      for (; digits < 3 && i + digits < text.size(); ++digits) {
        const char c = text[i + digits];
        if (c < '0' || c > '7') break;
        value = value * 8 + (c - '0');
      }
      name.push_back(static_cast<char>(value));
      i += digits - 1;
    } else {
      name.push_back(text[i]);
    }
  }
  return std::nullopt;
}

std::string_view without_first(std::string_view name) {
  const std::size_t slash = name.find('/');
  return slash == std::string_view::npos ? std::string_view() : name.substr(slash + 1);
}

bool belong_together(std::string_view old_name, std::string_view new_name) {
  return old_name == new_name ||
         (!without_first(old_name).empty() && without_first(old_name) == without_first(new_name));
}

}  // namespace

std::optional<std::string> read_name(std::string_view text) {
  if (text.starts_with('"')) return take_quoted(text);
  return std::string(text.substr(0, text.find('\t')));
}

std::optional<std::pair<std::string, std::string>> read_git_names(std::string_view text) {
  if (text.starts_with('"')) {
    auto old_name = take_quoted(text);
    if (!old_name || !text.starts_with(' ')) return std::nullopt;
    auto new_name = read_name(text.substr(1));
    if (!new_name) return std::nullopt;
    return std::pair(std::move(*old_name), std::move(*new_name));
  }
  if (const std::size_t quote = text.find(" \""); quote != std::string_view::npos) {
    auto new_name = read_name(text.substr(quote + 1));
    if (!new_name) return std::nullopt;
    return std::pair(std::string(text.substr(0, quote)), std::move(*new_name));
  }
  // A name may hold blanks: the one between the names has the same name on both sides, with its
  // prefix in the middle of the text, or without it in the middle of what follows the first slash.
  std::vector<std::size_t> candidates = {text.size() / 2};
  if (const std::size_t first = text.find('/'); first != std::string_view::npos) {
    const std::size_t second = text.find('/', (text.size() + first) / 2 + 1);
    if (second != std::string_view::npos) candidates.push_back(text.size() - second + first);
  }
  std::sort(candidates.begin(), candidates.end());
  for (const std::size_t at : candidates) {
    if (at >= text.size() || text[at] != ' ') continue;
    const std::string_view left = text.substr(0, at);
    const std::string_view right = text.substr(at + 1);
    if (belong_together(left, right)) return std::pair(std::string(left), std::string(right));
  }
  return std::nullopt;
}

void strip_prefixes(std::optional<std::string>& old_name, std::optional<std::string>& new_name) {
  if (old_name && new_name) {
    if (*old_name == *new_name) return;
    const bool usual = old_name->starts_with("a/") && new_name->starts_with("b/");
    if (!usual && !belong_together(*old_name, *new_name)) return;
    old_name = std::string(without_first(*old_name));
    new_name = std::string(without_first(*new_name));
    return;
  }
  for (auto* name : {&old_name, &new_name}) {
    if (*name && ((*name)->starts_with("a/") || (*name)->starts_with("b/"))) (*name)->erase(0, 2);
  }
}

}  // namespace quarry::edit
