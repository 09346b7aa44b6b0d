#include "server/search/replacement_template.h"

#include <optional>

#include "server/base/format.h"
#include "server/base/utf8.h"

namespace quarry::search {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<int> as_number(std::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  int number = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

// A reference at the start of a text: how long it is, and what it names.
struct Reference {
  std::size_t length = 0;  // 0: there is none
  std::string_view name;   // digits or a name
  bool exact = false;      // in brackets: all of it is the name
};

Reference find_reference(std::string_view text) {
  const bool dollar = text[0] == '$';
  if (text.size() < 2) return {};
  if (dollar && text[1] == '&') return {.length = 2, .name = "0", .exact = true};
  if (is_digit(text[1])) {
    const std::size_t digits = text.size() > 2 && is_digit(text[2]) ? 2 : 1;
    return {.length = 1 + digits, .name = text.substr(1, digits)};
  }
  const std::string_view open = dollar ? "${" : "\\g<";
  if (!text.starts_with(open)) return {};
  const std::size_t close = text.find(dollar ? '}' : '>');
  if (close == std::string_view::npos || close == open.size()) return {};
  return {
      .length = close + 1, .name = text.substr(open.size(), close - open.size()), .exact = true};
}

}  // namespace

ReplacementTemplate::ReplacementTemplate(std::string_view text) {
  add_text(text);
}

void ReplacementTemplate::add_text(std::string_view text) {
  if (text.empty()) return;
  if (pieces_.empty() || pieces_.back().group >= 0) pieces_.push_back({});
  pieces_.back().text.append(text);
}

Result<ReplacementTemplate> ReplacementTemplate::parse(std::string_view text, int groups,
                                                       const std::map<std::string, int>& names) {
  ReplacementTemplate made;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t special = text.find_first_of("$\\", at);
    made.add_text(text.substr(at, special - at));
    if (special == std::string_view::npos) break;
    const std::string_view rest = text.substr(special);
    at = special;
    if (rest.starts_with("$$")) {
      made.add_text("$");
      at += 2;
      continue;
    }
    if (rest.starts_with("\\\\") && find_reference(rest.substr(1)).length > 0) {
      const std::size_t length = find_reference(rest.substr(1)).length;
      made.add_text(rest.substr(1, length));
      at += 1 + length;
      continue;
    }
    Reference reference = find_reference(rest);
    if (reference.length == 0) {
      made.add_text(rest.substr(0, 1));
      ++at;
      continue;
    }
    std::optional<int> group = as_number(reference.name);
    if (group && *group > groups && !reference.exact && reference.name.size() == 2) {
      // One digit, and the other is text.
      group = as_number(reference.name.substr(0, 1));
      --reference.length;
    }
    if (!group) {
      const auto named = names.find(std::string(reference.name));
      if (named != names.end()) group = named->second;
    }
    if (!group || *group > groups) {
      std::string shown;
      utf8::append_repaired(shown, utf8::clip(rest.substr(0, reference.length), 60));
      return fail(
          Code::kInvalidArgs,
          "argument 'replacement' refers to '{}', which is no group of the pattern ({} {}); "
          "write $$ for a dollar sign, and two backslashes for one before a digit",
          shown, groups, groups == 1 ? "group" : "groups");
    }
    made.asks_for_groups_ = made.asks_for_groups_ || *group > 0;
    made.pieces_.push_back({.group = *group, .text = {}});
    at += reference.length;
  }
  return made;
}

bool ReplacementTemplate::append(std::string& out, std::span<const std::string_view> groups,
                                 std::size_t most) const {
  const std::size_t begin = out.size();
  for (const Piece& piece : pieces_) {
    const std::string_view text = piece.group < 0 ? std::string_view(piece.text)
                                                  : groups[static_cast<std::size_t>(piece.group)];
    if (text.size() > most - (out.size() - begin)) return false;
    out.append(text);
  }
  return true;
}

}  // namespace quarry::search
