// inspect_data_file: whether an LMDB 0.9 data file is sound, found out without mapping it.
//
// LMDB trusts its file: reading a page that lies past the end of a truncated file is SIGBUS, a
// wild offset SIGSEGV. So before an environment is opened its file is read like foreign input.
//
// Always: both meta pages, and the file's size against the last page they name. When asked to be
// thorough, or when the file is shorter than that: every page that can be reached from the newer
// meta page lies in the file, is used once, and its entries lie in it. (A sound file may be a
// little shorter than its last page: LMDB does not write pages that a transaction took and gave
// back.)
//
// REQUIRES: nobody writes to the file meanwhile. Safe from any thread.

#pragma once

#include "server/base/result.h"

namespace quarry::store {

// kInternal names what is wrong; kUnavailable when the file cannot be read.
Result<void> inspect_data_file(int fd, bool thorough);

}  // namespace quarry::store
