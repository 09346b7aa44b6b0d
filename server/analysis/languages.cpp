#include "server/analysis/languages.h"

#include <algorithm>
#include <array>
#include <string>

#include "server/analysis/language_table.h"
#include "server/analysis/rare_language_table.h"

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

constexpr auto kRows = [] {
  std::array<LanguageRow, kLanguageRows.size() + kRareLanguageRows.size()> rows{};
  const auto end = std::ranges::copy(kLanguageRows, rows.begin()).out;
  std::ranges::copy(kRareLanguageRows, end);
  return rows;
}();

using Column = std::string_view LanguageRow::*;

constexpr std::size_t count_words(Column column) {
  std::size_t count = 0;
  for (const LanguageRow& row : kRows) {
    for (std::string_view list = row.*column; !next_word(list).empty();) ++count;
  }
  return count;
}

// A column of the table, turned into a sorted array when the program is compiled.
template <Column column>
constexpr auto make_keys() {
  std::array<Key, count_words(column)> keys;
  std::size_t at = 0;
  for (std::size_t id = 0; id < kRows.size(); ++id) {
    std::string_view list = kRows[id].*column;
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
constexpr auto kByAlias = make_keys<&LanguageRow::aliases>();

template <std::size_t N>
constexpr bool distinct(const std::array<Key, N>& keys) {
  return std::ranges::adjacent_find(keys, {}, &Key::text) == keys.end();
}
static_assert(distinct(kByExtension), "an extension stands in two rows");
static_assert(distinct(kByFileName), "a file name stands in two rows");
static_assert(distinct(kByInterpreter), "an interpreter stands in two rows");
static_assert(distinct(kByAlias), "an alias stands in two rows");

// Text that no language is written in. Sorted.
constexpr auto kBinaryExtensions = std::to_array<std::string_view>({
    ".7z",   ".a",    ".ai",   ".bin",   ".bmp", ".bz2",  ".class",  ".dat",  ".db",    ".dll",
    ".dmg",  ".doc",  ".docx", ".dylib", ".ear", ".egg",  ".eot",    ".exe",  ".flac",  ".gif",
    ".gz",   ".icns", ".ico",  ".iso",   ".jar", ".jpeg", ".jpg",    ".ko",   ".lz4",   ".mo",
    ".mov",  ".mp3",  ".mp4",  ".o",     ".odt", ".ogg",  ".otf",    ".pack", ".pdf",   ".png",
    ".ppt",  ".pptx", ".psd",  ".pyc",   ".rar", ".so",   ".sqlite", ".tar",  ".tgz",   ".tif",
    ".tiff", ".ttf",  ".war",  ".wasm",  ".wav", ".webm", ".webp",   ".woff", ".woff2", ".xls",
    ".xlsx", ".xz",   ".zip",  ".zst",
});
static_assert(std::ranges::is_sorted(kBinaryExtensions));

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

template <std::size_t N>
std::optional<LanguageId> find_in(const std::array<Key, N>& keys, std::string_view text) {
  const auto at = std::ranges::lower_bound(keys, text, {}, &Key::text);
  if (at == keys.end() || at->text != text) return std::nullopt;
  return at->id;
}

// Whether a file name of the table is of a length and ends in a byte: most names are not in it.
class FileNames {
 public:
  constexpr FileNames() {
    for (const Key& key : kByFileName) {
      const std::size_t size = std::min(key.text.size(), kSizes - 1);
      ends_[size][static_cast<unsigned char>(key.text.back()) % 64] = true;
    }
  }
  bool may_hold(std::string_view name) const {
    return !name.empty() &&
           ends_[std::min(name.size(), kSizes - 1)][static_cast<unsigned char>(name.back()) % 64];
  }

 private:
  static constexpr std::size_t kSizes = 32;
  std::array<std::array<bool, 64>, kSizes> ends_{};
};
constexpr FileNames kFileNames;

std::optional<LanguageId> by_file_name(std::string_view name) {
  if (kFileNames.may_hold(name)) {
    if (const auto id = find_in(kByFileName, name)) return id;
  }
  // Variants carry a suffix: Makefile.inc, Dockerfile.dev, Kconfig.debug.
  static constexpr auto kStems = std::to_array<std::string_view>(
      {"Makefile", "Dockerfile", "Containerfile", "Kconfig", "Kbuild", "Jenkinsfile"});
  for (const std::string_view stem : kStems) {
    if (name.size() > stem.size() && name.starts_with(stem) && name[stem.size()] == '.') {
      return find_in(kByFileName, stem);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<LanguageId> language_by_extension(std::string_view extension) {
  static constexpr std::size_t kLongest = 24;
  if (extension.size() < 2 || extension.size() > kLongest) return std::nullopt;
  if (const auto id = find_in(kByExtension, extension)) return id;
  std::array<char, kLongest> folded;
  std::ranges::transform(extension, folded.begin(), lower);
  return find_in(kByExtension, {folded.data(), extension.size()});
}

std::string_view name_of(LanguageKind kind) {
  static constexpr std::array<std::string_view, 4> kNames = {"programming", "markup", "data",
                                                             "prose"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::size_t language_count() {
  return kRows.size();
}
std::string_view language_name(LanguageId id) {
  return kRows[id].name;
}
LanguageKind language_kind(LanguageId id) {
  return kRows[id].kind;
}

std::optional<LanguageId> find_language(std::string_view name) {
  const auto row = std::ranges::find(kRows, name, &LanguageRow::name);
  if (row == kRows.end()) return std::nullopt;
  return static_cast<LanguageId>(row - kRows.begin());
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

std::optional<LanguageId> find_language_by_alias(std::string_view name) {
  std::string folded(name.substr(0, 64));
  std::ranges::transform(folded, folded.begin(), lower);
  if (const auto id = find_in(kByAlias, folded)) return id;
  const auto same = [&](std::string_view row) {
    return std::ranges::equal(
        folded, row, [](char a, char b) { return a == lower(b) || (a == '-' && b == ' '); });
  };
  const auto row = std::ranges::find_if(kRows, same, &LanguageRow::name);
  if (row == kRows.end()) return std::nullopt;
  return static_cast<LanguageId>(row - kRows.begin());
}

bool is_shell(LanguageId id) {
  return kRows[id].name == "Shell";
}

std::uint32_t language_table_version() {
  static constexpr std::uint32_t kVersion = [] {
    std::uint32_t hash = 2166136261U;  // FNV-1a
    for (const LanguageRow& row : kRows) {
      for (const std::string_view text :
           {row.name, row.extensions, row.file_names, row.interpreters, row.aliases}) {
        for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
        hash = (hash ^ 0xFFU) * 16777619U;
      }
      hash = (hash ^ static_cast<std::uint32_t>(row.kind)) * 16777619U;
    }
    return hash;
  }();
  return kVersion;
}

bool is_binary_extension(std::string_view extension) {
  return std::ranges::binary_search(kBinaryExtensions, extension);
}

std::optional<LanguageId> language_by_name(std::string_view path) {
  std::string_view name = base_name(path);
  if (const auto id = by_file_name(name)) return id;
  if (name.ends_with(".in") && name.size() > 3) {
    name.remove_suffix(3);
    if (const auto id = by_file_name(name)) return id;
  }
  const std::size_t last = name.rfind('.');
  if (last == std::string_view::npos || last == 0) return std::nullopt;
  const std::string_view longer = extension_of(name.substr(0, last));
  return longer.empty() ? std::nullopt : find_in(kByExtension, name.substr(last - longer.size()));
}

std::optional<LanguageId> language_by_path(std::string_view path) {
  if (const auto id = language_by_name(path)) return id;
  std::string_view name = base_name(path);
  if (name.ends_with(".in") && name.size() > 3) name.remove_suffix(3);
  return language_by_extension(extension_of(name));
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
