// salvage_records: what can still be read of a damaged LMDB 0.9 data file.
//
// Read like foreign input, page by page, never mapped. The tree of the newer meta page is walked as
// far as its pages make sense; what lies where something of it could not be read is looked for in
// the tree of the older one, which the last change did not touch. So what the last change erased
// comes back only where the newer tree does not tell. A record may be found twice: the first one is
// the newer.
//
// REQUIRES: nobody writes to the file meanwhile. Safe from any thread.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quarry::store {

struct KeyRange {
  std::string low;
  std::optional<std::string> high;  // not in it; nullopt: no end

  bool holds(std::string_view key) const { return key >= low && (!high || key < *high); }
};

struct Salvaged {
  // That the newer tree says it has; nullopt when none can be read.
  std::optional<std::uint64_t> records;
  // Where something of it could not be read: what was not found elsewhere is known not to be there.
  std::vector<KeyRange> lost;
};

// What is found is not proven to be whole: `found` says whether it is. Views live for the call.
Salvaged salvage_records(
    int fd, const std::function<bool(std::string_view key, std::string_view value)>& found);

}  // namespace quarry::store
