#include "server/analysis/modeline.h"

#include <algorithm>

#include "server/analysis/line_pattern.h"

namespace quarry::analysis {
namespace {

constexpr int kVimLines = 5;
constexpr std::size_t kMaxTail = 2048;  // in which the last lines are looked for

// The last `lines` lines of `text`.
std::string_view last_lines(std::string_view text, int lines) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::size_t at = text.size();
  while (lines-- > 0 && at > 0) {
    const std::size_t line_end = text.rfind('\n', at - 1);
    at = line_end == std::string_view::npos ? 0 : line_end;
  }
  return text.substr(at);
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '-' || c == '#' || c == '_' || c == '.';
}

std::optional<LanguageId> by_name_at(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  const auto end = std::ranges::find_if_not(text, is_name_character);
  std::string_view name = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  if (name.ends_with("-mode")) name.remove_suffix(5);
  return name.empty() ? std::nullopt : find_language_by_alias(name);
}

// "-*- c++ -*-", "-*- coding: utf-8; mode: ruby -*-"
std::optional<LanguageId> by_emacs(std::string_view head) {
  const std::size_t open = head.find("-*-");
  if (open == std::string_view::npos) return std::nullopt;
  const std::size_t close = head.find("-*-", open + 3);
  if (close == std::string_view::npos) return std::nullopt;
  std::string_view inside = head.substr(open + 3, close - open - 3);
  if (inside.find('\n') != std::string_view::npos) return std::nullopt;
  if (inside.find(':') == std::string_view::npos) return by_name_at(inside);
  while (!inside.empty()) {
    const std::size_t end = std::min(inside.find(';'), inside.size());
    std::string_view setting = inside.substr(0, end);
    inside.remove_prefix(std::min(end + 1, inside.size()));
    setting.remove_prefix(std::min(setting.find_first_not_of(" \t"), setting.size()));
    const std::size_t colon = setting.find(':');
    std::string_view key = setting.substr(0, colon);
    while (key.ends_with(' ')) key.remove_suffix(1);
    if (colon != std::string_view::npos && (key == "mode" || key == "Mode")) {
      return by_name_at(setting.substr(colon + 1));
    }
  }
  return std::nullopt;
}

std::optional<LanguageId> by_emacs_block(std::string_view tail) {
  // Looking backwards costs a comparison a byte, and hardly any file has one.
  std::size_t block = tail.find("Local Variables:");
  if (block == std::string_view::npos) return std::nullopt;
  block = tail.rfind("Local Variables:");
  const std::size_t mode = tail.find("mode:", block);
  if (mode == std::string_view::npos) return std::nullopt;
  // "indent-tabs-mode: nil" is a setting like any other.
  const char before = tail[mode - 1];
  return before == ' ' || before == '\t' ? by_name_at(tail.substr(mode + 5)) : std::nullopt;
}

// Where "vim:", "vi:" or "ex:" begins that ends with the colon; npos: it does not, or only as the
// end of another word.
std::size_t begin_of_mark(std::string_view text, std::size_t colon) {
  for (const std::string_view word : {"vim", "vi", "ex"}) {
    if (!text.substr(0, colon).ends_with(word)) continue;
    const std::size_t at = colon - word.size();
    const bool own = at == 0 || std::string_view(" \t*#/\n").find(text[at - 1]) < 6;
    return own ? at : std::string_view::npos;
  }
  return std::string_view::npos;
}

std::optional<LanguageId> by_vim(std::string_view lines) {
  for (std::size_t colon = lines.find(':'); colon != std::string_view::npos;
       colon = lines.find(':', colon + 1)) {
    const std::size_t at = begin_of_mark(lines, colon);
    if (at == std::string_view::npos) continue;
    const std::string_view line = lines.substr(at, lines.find('\n', at) - at);
    for (const std::string_view key : {"filetype=", "ft=", "syntax="}) {
      const std::size_t found = line.find(key);
      if (found == std::string_view::npos) continue;
      const char before = line[found - 1];
      if (before != ' ' && before != ':' && before != '\t') continue;
      if (const auto id = by_name_at(line.substr(found + key.size()))) return id;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<LanguageId> language_by_modeline(const Sample& sample) {
  std::string_view tail = sample.tail.empty() ? sample.head : sample.tail;
  tail = tail.substr(tail.size() - std::min(tail.size(), kMaxTail));
  const std::string_view head = sample.head;
  if (const auto id = by_emacs(first_lines(head, 2))) return id;
  if (const auto id = by_vim(first_lines(head, kVimLines))) return id;
  if (const auto id = by_vim(last_lines(tail, kVimLines))) return id;
  return by_emacs_block(tail);
}

}  // namespace quarry::analysis
