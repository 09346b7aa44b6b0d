// salvage_records: what can still be read of a damaged LMDB 0.9 data file.
//
// Read like foreign input, page by page, never mapped. The tree of the newer meta page is walked as
// far as its pages make sense; when something of it could not be read, the older one's after it,
// which the last change did not touch. A record may be found twice: the first one is the newer.
// What is found is not proven to be whole: its checksum tells.
//
// REQUIRES: nobody writes to the file meanwhile. Safe from any thread.

#pragma once

#include <functional>
#include <string_view>

namespace quarry::store {

// Views live for the call.
void salvage_records(
    int fd, const std::function<void(std::string_view key, std::string_view value)>& found);

}  // namespace quarry::store
