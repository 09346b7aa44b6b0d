// Every tool with its schema, sorted by name: generated from the names of schemas/*.json.

#pragma once

#include <span>
#include <string_view>

#include "tools/tool.h"

namespace quarry::tools {

struct Entry {
  const Tool* tool;
  std::string_view schema;  // the file's bytes
};

std::span<const Entry> all();

}  // namespace quarry::tools
