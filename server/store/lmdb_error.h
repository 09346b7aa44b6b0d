// What LMDB's error numbers mean to a caller. Safe from any thread.

#pragma once

#include "server/base/result.h"

namespace quarry::store {

// REQUIRES: not MDB_SUCCESS.
Failure lmdb_failure(int error);
Result<void> checked(int error);

}  // namespace quarry::store
