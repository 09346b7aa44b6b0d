// A loose object's file: inflated and checked.
//
// The file is one zlib stream of "<type> <decimal size>\0" and exactly that many bytes. Anything
// else (cut short, longer, another size than it says, trailing bytes) is an error.
//
// Pure functions; safe from any thread.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "server/base/result.h"

namespace quarry::git::helper {

struct LooseHeader {
  std::string_view type;  // "commit", "tree", "blob" or "tag"; static storage
  std::size_t size = 0;
};

// `file` may be its beginning alone. kInternal when it is damaged.
Result<LooseHeader> parse_loose_header(std::string_view file);
// Fills `into`, which holds header.size bytes. kInternal when the file is damaged.
Result<void> inflate_loose(std::string_view file, const LooseHeader& header, char* into);

}  // namespace quarry::git::helper
