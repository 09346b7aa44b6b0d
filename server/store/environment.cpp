#include "server/store/environment.h"

#include <cerrno>
#include <cstdint>
#include <cstring>

#include <lmdb.h>
#include <sys/statvfs.h>

namespace quarry::store {
namespace {

constexpr std::size_t kMostIdleReaders = 64;

Failure failed(int error) {
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
      return fail(Code::kUnavailable, "no space left for the state directory");
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
  if (error != MDB_SUCCESS) return failed(error);
  return {};
}

// LMDB takes the short write that comes before ENOSPC for an input/output error.
bool disk_full(MDB_env* env) {
  constexpr std::uint64_t kNothingLeft = 1U << 20U;
  mdb_filehandle_t file = -1;
  struct statvfs disk {};
  return mdb_env_get_fd(env, &file) == MDB_SUCCESS && fstatvfs(file, &disk) == 0 &&
         disk.f_bavail * disk.f_frsize < kNothingLeft;
}

MDB_val to_val(std::string_view bytes) {
  // LMDB's type is for both directions; it does not write through it here.
  return {bytes.size(), const_cast<char*>(bytes.data())};
}

std::string_view to_view(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

struct CloseCursor {
  void operator()(MDB_cursor* cursor) const { mdb_cursor_close(cursor); }
};

// Calls visit(key, value) for the records from `from` on until it returns false.
template <class Visit>
Result<void> for_each_from(MDB_txn* txn, MDB_dbi table, std::string_view from, Visit visit) {
  MDB_cursor* opened = nullptr;
  TRY(checked(mdb_cursor_open(txn, table, &opened)));
  const std::unique_ptr<MDB_cursor, CloseCursor> cursor(opened);
  MDB_val key = to_val(from);
  MDB_val value{};
  int error = mdb_cursor_get(opened, &key, &value, from.empty() ? MDB_FIRST : MDB_SET_RANGE);
  while (error == MDB_SUCCESS && visit(to_view(key), to_view(value))) {
    error = mdb_cursor_get(opened, &key, &value, MDB_NEXT);
  }
  return error == MDB_NOTFOUND ? Result<void>() : checked(error);
}

template <class Visit>
Result<void> for_each_after(MDB_txn* txn, MDB_dbi table, std::string_view after, Visit visit) {
  return for_each_from(txn, table, after, [&](std::string_view key, std::string_view value) {
    return key == after || visit(key, value);
  });
}

Result<std::vector<KeyValue>> list_after(MDB_txn* txn, MDB_dbi table, std::string_view prefix,
                                         std::string_view after, std::size_t count,
                                         std::size_t bytes) {
  std::vector<KeyValue> out;
  std::size_t copied = 0;
  const auto take = [&](std::string_view key, std::string_view value) {
    if (!key.starts_with(prefix)) return false;
    out.emplace_back(key, value);
    copied += key.size() + value.size();
    return out.size() < count && copied < bytes;
  };
  if (after < prefix) {
    TRY(for_each_from(txn, table, prefix, take));
  } else {
    TRY(for_each_after(txn, table, after, take));
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<Environment>> Environment::open(const std::string& directory,
                                                       const Options& options) {
  MDB_env* env = nullptr;
  TRY(checked(mdb_env_create(&env)));
  std::unique_ptr<Environment> out(new Environment(env, options.map_bytes));
  TRY(checked(mdb_env_set_mapsize(env, options.map_bytes)));
  TRY(checked(mdb_env_set_maxreaders(env, options.max_readers)));
  // Never MDB_WRITEMAP: on a full disk it ends the process with SIGBUS. NOTLS: a transaction
  // belongs to whoever holds it, not to a thread.
  const unsigned int flags = MDB_NOTLS | (options.synchronous ? 0U : MDB_NOSYNC);
  TRY(checked(mdb_env_open(env, directory.c_str(), flags, 0600)));
  out->clear_dead_readers();
  MDB_txn* txn = nullptr;
  TRY(checked(mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn)));
  const int error = mdb_dbi_open(txn, nullptr, 0, &out->table_);
  mdb_txn_abort(txn);
  TRY(checked(error));
  return out;
}

Environment::~Environment() {
  for (MDB_txn* txn : *idle_readers_.lock()) mdb_txn_abort(txn);
  mdb_env_close(env_);
}

int Environment::clear_dead_readers() {
  int cleared = 0;
  return mdb_reader_check(env_, &cleared) == MDB_SUCCESS ? cleared : 0;
}

Result<MDB_txn*> Environment::begin_read() {
  MDB_txn* txn = nullptr;
  {
    auto idle = idle_readers_.lock();
    if (!idle->empty()) {
      txn = idle->back();
      idle->pop_back();
    }
  }
  if (txn != nullptr) {
    const int error = mdb_txn_renew(txn);
    if (error == MDB_SUCCESS) return txn;
    mdb_txn_abort(txn);
    return failed(error);
  }
  int error = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn);
  if (error == MDB_READERS_FULL && clear_dead_readers() > 0) {
    error = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn);
  }
  TRY(checked(error));
  return txn;
}

void Environment::end_read(MDB_txn* txn) {
  mdb_txn_reset(txn);
  auto idle = idle_readers_.lock();
  if (idle->size() < kMostIdleReaders) {
    idle->push_back(txn);
  } else {
    mdb_txn_abort(txn);
  }
}

class Environment::ReadTxn {
 public:
  ReadTxn(Environment& env, MDB_txn* txn) : env_(env), txn_(txn) {}
  ~ReadTxn() { env_.end_read(txn_); }
  ReadTxn(const ReadTxn&) = delete;
  ReadTxn& operator=(const ReadTxn&) = delete;

 private:
  Environment& env_;
  MDB_txn* txn_;
};

Result<bool> Environment::find(std::string_view key, std::string& value) {
  TRY_ASSIGN(MDB_txn* const txn, begin_read());
  const ReadTxn ending(*this, txn);
  MDB_val wanted = to_val(key);
  MDB_val found{};
  const int error = mdb_get(txn, table_, &wanted, &found);
  if (error == MDB_NOTFOUND) return false;
  TRY(checked(error));
  value.assign(to_view(found));
  return true;
}

Result<std::vector<KeyValue>> Environment::list(std::string_view prefix, std::string_view after,
                                                std::size_t count, std::size_t bytes) {
  TRY_ASSIGN(MDB_txn* const txn, begin_read());
  const ReadTxn ending(*this, txn);
  return list_after(txn, table_, prefix, after, count, bytes);
}

std::uint64_t Environment::last_change() const {
  MDB_envinfo info{};
  (void)mdb_env_info(env_, &info);
  return info.me_last_txnid;
}

Result<void> Environment::change(const std::function<Result<void>(Change&)>& apply) {
  MDB_txn* txn = nullptr;
  TRY(checked(mdb_txn_begin(env_, nullptr, 0, &txn)));
  Change change(txn, table_, map_bytes_);
  Result<void> applied = apply(change);
  if (!applied) {
    mdb_txn_abort(txn);
    return applied;
  }
  const int error = mdb_txn_commit(txn);
  return checked(error == EIO && disk_full(env_) ? ENOSPC : error);
}

Result<bool> Environment::Change::find(std::string_view key, std::string& value) {
  MDB_val wanted = to_val(key);
  MDB_val found{};
  const int error = mdb_get(txn_, table_, &wanted, &found);
  if (error == MDB_NOTFOUND) return false;
  TRY(checked(error));
  value.assign(to_view(found));
  return true;
}

Result<std::vector<KeyValue>> Environment::Change::list(std::string_view prefix,
                                                        std::string_view after, std::size_t count) {
  return list_after(txn_, table_, prefix, after, count, SIZE_MAX);
}

Result<void> Environment::Change::put(std::string_view key, std::string_view value) {
  MDB_val at = to_val(key);
  MDB_val what = to_val(value);
  return checked(mdb_put(txn_, table_, &at, &what, 0));
}

Result<void> Environment::Change::erase(std::string_view key) {
  MDB_val at = to_val(key);
  const int error = mdb_del(txn_, table_, &at, nullptr);
  return error == MDB_NOTFOUND ? Result<void>() : checked(error);
}

Result<void> Environment::Change::clear() {
  return checked(mdb_drop(txn_, table_, 0));
}

Result<std::vector<KeyValue>> Environment::Change::sample(std::string_view after,
                                                          std::size_t count) {
  std::vector<KeyValue> out;
  TRY(for_each_after(txn_, table_, after, [&](std::string_view key, std::string_view value) {
    out.emplace_back(key, value.substr(0, kHeadBytes));
    return out.size() < count;
  }));
  return out;
}

double Environment::Change::fill(std::size_t more) {
  MDB_stat stat{};
  if (mdb_stat(txn_, table_, &stat) != MDB_SUCCESS) return 1;
  const std::size_t pages = stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
  return static_cast<double>(pages * stat.ms_psize + more) / static_cast<double>(map_bytes_);
}

}  // namespace quarry::store
