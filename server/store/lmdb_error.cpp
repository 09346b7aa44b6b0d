#include "server/store/lmdb_error.h"

#include <cerrno>

#include <lmdb.h>

namespace quarry::store {

Failure lmdb_failure(int error) {
  switch (error) {
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case MDB_BAD_VALSIZE:
      return fail(Code::kTooLarge, "the store is full");
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
    case MDB_CURSOR_FULL:
    case MDB_PAGE_FULL:
      return fail(Code::kInternal, "the store is damaged; it is set aside at the next start");
    case MDB_PANIC:  // a meta page could not be written; what was committed before is whole
      return fail(Code::kUnavailable, "the store stopped after a failed write; start quarry again");
    case MDB_READERS_FULL:
      return fail(Code::kUnavailable, "too many processes read the store; call again later");
    case ENOSPC:
    case EDQUOT:
      return fail(
          Code::kUnavailable,
          "no space left for the state directory; close sessions that are no longer needed, "
          "free space on its disk, or start quarry with another --state-dir");
    case EIO:
      return fail(Code::kUnavailable, "the disk of the state directory fails or is full");
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return fail(Code::kUnavailable, "out of memory or descriptors for the store");
    case EACCES:
    case EPERM:
    case EROFS:
      return fail(Code::kUnavailable, "the state directory cannot be written to");
    default:
      return fail(Code::kUnavailable, "the store fails: {}", mdb_strerror(error));
  }
}

Result<void> checked(int error) {
  if (error != MDB_SUCCESS) return lmdb_failure(error);
  return {};
}

}  // namespace quarry::store
