// Modelines: the language that a file names for an editor: "-*- mode: c++ -*-" or a "Local
// Variables:" block of emacs, "vim: set ft=perl:" of vim. Pure; safe from any thread.

#pragma once

#include <optional>

#include "server/analysis/contents.h"
#include "server/analysis/languages.h"

namespace quarry::analysis {

// Looked for in the first and last five lines, as vim does, emacs' in the first two.
std::optional<LanguageId> language_by_modeline(const Sample& sample);

}  // namespace quarry::analysis
