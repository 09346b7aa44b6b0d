// Languages: what a file is written in, by its name, extension or interpreter.
//
// Kinds follow what a reader counts as the code of a project: programming and markup languages
// make up the percentages, data and prose do not. Constant data; safe from any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace quarry::analysis {

enum class LanguageKind : std::uint8_t { kProgramming, kMarkup, kData, kProse };
std::string_view name_of(LanguageKind kind);

// A row of the table. Ids are not stable across versions: store names.
using LanguageId = std::uint16_t;

std::size_t language_count();
std::string_view language_name(LanguageId id);
LanguageKind language_kind(LanguageId id);
std::optional<LanguageId> find_language(std::string_view name);
// By name or another name of it, in any case and with '-' for blanks, as modelines and
// .gitattributes write them.
std::optional<LanguageId> find_language_by_alias(std::string_view name);
// A shell: scripts that start others begin with it.
bool is_shell(LanguageId id);
// Different for different tables.
std::uint32_t language_table_version();

// ".cpp" of "src/main.cpp": from the last dot of the last component, with it; "" when there is
// none or it is the first character.
std::string_view extension_of(std::string_view path);
std::string_view base_name(std::string_view path);

// By the whole name ("Makefile", "Dockerfile.dev") or two extensions together (".blade.php"); ".in"
// stands for what it is a template of.
std::optional<LanguageId> language_by_name(std::string_view path);
// The same, then by the extension, exact and then in lower case. Contested extensions give their
// usual owner.
std::optional<LanguageId> language_by_path(std::string_view path);

// By an extension alone, in the same way.
std::optional<LanguageId> language_by_extension(std::string_view extension);

// By the first line of a script: "#!/usr/bin/env -S python3.11 -u" is Python.
std::optional<LanguageId> language_by_shebang(std::string_view head);

// ".png", ".zip": no text in any language, not worth being opened.
bool is_binary_extension(std::string_view extension);

}  // namespace quarry::analysis
