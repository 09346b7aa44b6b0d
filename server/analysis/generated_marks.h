// Marks of generated files: what programs write into what they make, and the shape of minified
// code. Pure; safe from any thread.

#pragma once

#include <string_view>

#include "server/analysis/contents.h"

namespace quarry::analysis {

bool is_marked_generated(std::string_view extension, const Sample& sample);

}  // namespace quarry::analysis
