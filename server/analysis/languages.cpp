#include "server/analysis/languages.h"

#include <algorithm>
#include <array>
#include <string>

#include "server/analysis/language_table.h"

namespace quarry::analysis {
namespace {

struct Key {
  std::string_view text;
  LanguageId id = 0;
};

constexpr std::string_view next_word(std::string_view& list) {
  while (!list.empty() && list.front() == ' ') list.remove_prefix(1);
  const std::size_t end = std::min(list.find(' '), list.size());
  const std::string_view word = list.substr(0, end);
  list.remove_prefix(end);
  return word;
}

using Column = std::string_view LanguageRow::*;

constexpr std::size_t count_words(Column column) {
  std::size_t count = 0;
  for (const LanguageRow& row : kLanguageRows) {
    for (std::string_view list = row.*column; !next_word(list).empty();) ++count;
  }
  return count;
}

// A column of the table, turned into a sorted array when the program is compiled.
template <Column column>
constexpr auto make_keys() {
  std::array<Key, count_words(column)> keys;
  std::size_t at = 0;
  for (std::size_t id = 0; id < kLanguageRows.size(); ++id) {
    std::string_view list = kLanguageRows[id].*column;
    for (std::string_view word = next_word(list); !word.empty(); word = next_word(list)) {
      keys[at++] = {word, static_cast<LanguageId>(id)};
    }
  }
  std::ranges::sort(keys, {}, &Key::text);
  return keys;
}

constexpr auto kByExtension = make_keys<&LanguageRow::extensions>();
constexpr auto kByFileName = make_keys<&LanguageRow::file_names>();
constexpr auto kByInterpreter = make_keys<&LanguageRow::interpreters>();

template <std::size_t N>
constexpr bool distinct(const std::array<Key, N>& keys) {
  return std::ranges::adjacent_find(keys, {}, &Key::text) == keys.end();
}
static_assert(distinct(kByExtension), "an extension stands in two rows");
static_assert(distinct(kByFileName), "a file name stands in two rows");
static_assert(distinct(kByInterpreter), "an interpreter stands in two rows");

template <std::size_t N>
std::optional<LanguageId> find_in(const std::array<Key, N>& keys, std::string_view text) {
  const auto at = std::ranges::lower_bound(keys, text, {}, &Key::text);
  if (at == keys.end() || at->text != text) return std::nullopt;
  return at->id;
}

std::optional<LanguageId> by_file_name(std::string_view name) {
  if (const auto id = find_in(kByFileName, name)) return id;
  // Variants carry a suffix: Makefile.inc, Dockerfile.dev, Kconfig.debug.
  for (const std::string_view stem :
       {"Makefile", "Dockerfile", "Containerfile", "Kconfig", "Kbuild", "Jenkinsfile"}) {
    if (name.size() > stem.size() && name.starts_with(stem) && name[stem.size()] == '.') {
      return find_in(kByFileName, stem);
    }
  }
  return std::nullopt;
}

std::optional<LanguageId> by_extension(std::string_view extension) {
  static constexpr std::size_t kLongest = 24;
  if (extension.size() < 2 || extension.size() > kLongest) return std::nullopt;
  if (const auto id = find_in(kByExtension, extension)) return id;
  std::array<char, kLongest> lower;
  std::ranges::transform(extension, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return find_in(kByExtension, {lower.data(), extension.size()});
}

}  // namespace

std::string_view name_of(LanguageKind kind) {
  static constexpr std::array<std::string_view, 4> kNames = {"programming", "markup", "data",
                                                             "prose"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::size_t language_count() {
  return kLanguageRows.size();
}
std::string_view language_name(LanguageId id) {
  return kLanguageRows[id].name;
}
LanguageKind language_kind(LanguageId id) {
  return kLanguageRows[id].kind;
}

std::optional<LanguageId> find_language(std::string_view name) {
  const auto row = std::ranges::find(kLanguageRows, name, &LanguageRow::name);
  if (row == kLanguageRows.end()) return std::nullopt;
  return static_cast<LanguageId>(row - kLanguageRows.begin());
}

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::string_view extension_of(std::string_view path) {
  const std::string_view name = base_name(path);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return {};
  return name.substr(dot);
}

std::optional<LanguageId> language_by_path(std::string_view path) {
  std::string_view name = base_name(path);
  if (const auto id = by_file_name(name)) return id;
  if (name.ends_with(".in") && name.size() > 3) {
    name.remove_suffix(3);
    if (const auto id = by_file_name(name)) return id;
  }
  return by_extension(extension_of(name));
}

std::optional<LanguageId> language_by_shebang(std::string_view head) {
  if (!head.starts_with("#!")) return std::nullopt;
  std::string_view line = head.substr(2, head.find_first_of("\r\n") - 2);
  std::string_view word = next_word(line);
  std::string_view program = base_name(word);
  if (program == "env") {
    // Options and assignments of env come before the program.
    do {
      word = next_word(line);
    } while (word.starts_with('-') || word.find('=') != std::string_view::npos);
    program = base_name(word);
  }
  if (const auto id = find_in(kByInterpreter, program)) return id;
  // python3.11, ruby2.7, perl5.36
  const std::size_t end = program.find_last_not_of("0123456789.-");
  return end == std::string_view::npos ? std::nullopt
                                       : find_in(kByInterpreter, program.substr(0, end + 1));
}

}  // namespace quarry::analysis
