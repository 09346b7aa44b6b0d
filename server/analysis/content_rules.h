// Content rules: which of the languages that share an extension a file is written in, by marks in
// its text. Pure; safe from any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/analysis/languages.h"

namespace quarry::analysis {

// In any case.
bool has_content_rules(std::string_view extension);

// Nothing when no mark is found and none of the languages holds without one.
std::optional<LanguageId> language_by_content(std::string_view extension, std::string_view head);

// The language of the extension that holds where no mark is found; nothing when there is none.
std::optional<LanguageId> language_without_marks(std::string_view extension);

// Different for different tables.
std::uint32_t content_rules_version();

}  // namespace quarry::analysis
