// Noise: files whose diffs say nothing to a reader: lock files, generated and minified code.
//
// Told from the path, and for generated code from the usual marks in the first lines that the
// patch shows. Pure functions; safe from any thread.

#pragma once

#include <string_view>

namespace quarry::git {

// "lock file", "minified", "generated", or "" for a file that is worth showing.
std::string_view noise_of(std::string_view path, std::string_view patch);

}  // namespace quarry::git
