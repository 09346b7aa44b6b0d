// Contested extensions: those that several languages share, decided by what else is in the tree
// where a file's content does not tell. A `.h` is C++ where there are more C++ than C sources.
//
// Pure functions; safe from any thread.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "server/analysis/languages.h"

namespace quarry::analysis {

struct Neighbours {
  std::unordered_map<std::string_view, std::uint64_t> by_extension;  // source files of the tree
  std::function<bool(std::string_view)> at_top;  // whether the top directory holds this file
};

bool is_contested(std::string_view extension);

// Counts a source file, whatever directory it lies in.
void add_neighbour(Neighbours& neighbours, std::string_view path);

// The language of a file that nobody has read: by its name, its neighbours, its extension.
std::optional<LanguageId> language_among(std::string_view path, const Neighbours& neighbours);

// Nothing when the neighbours do not tell.
std::optional<LanguageId> decide_contested(std::string_view extension,
                                           const Neighbours& neighbours);

}  // namespace quarry::analysis
