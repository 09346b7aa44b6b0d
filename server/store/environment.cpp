#include "server/store/environment.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "server/store/lmdb_error.h"

namespace quarry::store {
namespace {

constexpr std::size_t kMostIdleReaders = 64;
constexpr std::uint64_t kReservedAtOnce = std::uint64_t{1} << 20U;

// Takes disk for the first `bytes` of the file, its holes too. False when there is not so much.
bool take_disk(int file, std::uint64_t bytes) {
  int result = -1;
  do {
    result = fallocate(file, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes));
  } while (result != 0 && errno == EINTR);
  return result == 0 || (errno != ENOSPC && errno != EDQUOT);
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

Result<Listed> list_after(MDB_txn* txn, MDB_dbi table, std::string_view prefix,
                          std::string_view after, std::size_t count, std::size_t bytes) {
  Listed out;
  std::size_t copied = 0;
  const auto take = [&](std::string_view key, std::string_view value) {
    if (!key.starts_with(prefix)) return false;
    if (out.records.size() >= count || copied >= bytes) {
      out.whole = false;
      return false;
    }
    out.records.emplace_back(key, value);
    copied += key.size() + value.size();
    return true;
  };
  if (after < prefix) {
    TRY(for_each_from(txn, table, prefix, take));
  } else {
    TRY(for_each_after(txn, table, after, take));
  }
  return out;
}

Result<bool> find_in(MDB_txn* txn, MDB_dbi table, std::string_view key, std::string& value) {
  MDB_val wanted = to_val(key);
  MDB_val found{};
  const int error = mdb_get(txn, table, &wanted, &found);
  if (error == MDB_NOTFOUND) return false;
  TRY(checked(error));
  value.assign(to_view(found));
  return true;
}

std::uint64_t bytes_in(MDB_txn* txn, MDB_dbi table) {
  MDB_stat stat{};
  if (mdb_stat(txn, table, &stat) != MDB_SUCCESS) return UINT64_MAX / 2;
  return (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) * stat.ms_psize;
}

std::uint64_t last_change_of(MDB_env* env) {
  MDB_envinfo info{};
  (void)mdb_env_info(env, &info);
  return info.me_last_txnid;
}

// A reader that is held up between two steps of LMDB while two changes are committed copies a meta
// page that is being written. It shows: its change is not the last one any more.
int settle(MDB_env* env, MDB_txn* txn) {
  constexpr int kMostTries = 16;  // a busy writer, or one that died before it told of its change
  for (int i = 0; i < kMostTries && mdb_txn_id(txn) != last_change_of(env); ++i) {
    mdb_txn_reset(txn);
    const int error = mdb_txn_renew(txn);
    if (error != MDB_SUCCESS) return error;
  }
  return MDB_SUCCESS;
}

}  // namespace

Result<void> Environment::open_in(Opened& opened) const {
  TRY(checked(mdb_env_create(&opened.env)));
  TRY(checked(mdb_env_set_mapsize(opened.env, options_.map_bytes)));
  TRY(checked(mdb_env_set_maxreaders(opened.env, options_.max_readers)));
  // Never MDB_WRITEMAP: on a full disk, or when the file system turns read-only after an error, it
  // ends the process with SIGBUS. NOTLS: a transaction belongs to whoever holds it, not a thread.
  const unsigned int flags = MDB_NOTLS | (options_.synchronous ? 0U : MDB_NOSYNC);
  TRY(checked(mdb_env_open(opened.env, directory_.c_str(), flags, 0600)));
  int cleared = 0;
  mdb_reader_check(opened.env, &cleared);
  MDB_txn* txn = nullptr;
  TRY(checked(mdb_txn_begin(opened.env, nullptr, MDB_RDONLY, &txn)));
  const int error = mdb_dbi_open(txn, nullptr, 0, &opened.table);
  mdb_txn_abort(txn);
  return checked(error);
}

void Environment::close_in(Opened& opened) {
  for (MDB_txn* txn : opened.idle_readers) mdb_txn_abort(txn);
  opened.idle_readers.clear();
  if (opened.env != nullptr) mdb_env_close(opened.env);
  opened.env = nullptr;
}

Result<std::unique_ptr<Environment>> Environment::open(const std::string& directory,
                                                       const Options& options) {
  std::unique_ptr<Environment> out(new Environment(directory, options));
  TRY(out->open_in(*out->opened_.lock()));
  return out;
}

Environment::~Environment() {
  close_in(*opened_.lock());
}

int Environment::clear_dead_readers() {
  auto opened = opened_.lock();
  int cleared = 0;
  return opened->env != nullptr && mdb_reader_check(opened->env, &cleared) == MDB_SUCCESS ? cleared
                                                                                          : 0;
}

// Before a transaction begins.
Result<void> Environment::enter(Opened& opened) const {
  if (opened.broken && opened.active == 0) {
    close_in(opened);
    Result<void> again = open_in(opened);
    if (!again) {
      close_in(opened);
      return again;
    }
    opened.broken = false;
  }
  if (opened.broken) return lmdb_failure(MDB_PANIC);
  ++opened.active;
  return {};
}

// After one ended, or did not begin. `to_keep`: a reader that was reset.
void Environment::leave(MDB_txn* to_keep) {
  auto opened = opened_.lock();
  --opened->active;
  if (to_keep == nullptr) return;
  if (opened->idle_readers.size() < kMostIdleReaders) {
    opened->idle_readers.push_back(to_keep);
  } else {
    mdb_txn_abort(to_keep);
  }
}

void Environment::note_broken(int error) {
  if (error == MDB_PANIC) opened_.lock()->broken = true;
}

Result<Environment::Snapshot> Environment::snapshot() {
  int error = MDB_SUCCESS;
  for (int tries = 0; tries < 2; ++tries) {  // the second one after a new opening
    MDB_env* env = nullptr;
    MDB_txn* txn = nullptr;
    unsigned int table = 0;
    {
      auto opened = opened_.lock();
      TRY(enter(*opened));
      env = opened->env;
      table = opened->table;
      if (!opened->idle_readers.empty()) {
        txn = opened->idle_readers.back();
        opened->idle_readers.pop_back();
      }
    }
    error = txn != nullptr ? mdb_txn_renew(txn) : mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn);
    if (error == MDB_READERS_FULL && txn == nullptr && clear_dead_readers() > 0) {
      error = mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn);
    }
    if (error == MDB_SUCCESS) error = settle(env, txn);
    if (error == MDB_SUCCESS) return Snapshot(*this, txn, table);
    if (txn != nullptr) mdb_txn_abort(txn);
    note_broken(error);
    leave(nullptr);
    if (error != MDB_PANIC) break;
  }
  return lmdb_failure(error);
}

Environment::Snapshot::~Snapshot() {
  if (txn_ == nullptr) return;
  mdb_txn_reset(txn_);
  owner_.leave(txn_);
}

Result<bool> Environment::Snapshot::find(std::string_view key, std::string& value) const {
  return find_in(txn_, table_, key, value);
}

Result<Listed> Environment::Snapshot::list(std::string_view prefix, std::string_view after,
                                           std::size_t count, std::size_t bytes) const {
  return list_after(txn_, table_, prefix, after, count, bytes);
}

std::uint64_t Environment::Snapshot::id() const {
  return mdb_txn_id(txn_);
}

std::uint64_t Environment::Snapshot::records() const {
  MDB_stat stat{};
  return mdb_stat(txn_, table_, &stat) == MDB_SUCCESS ? stat.ms_entries : UINT64_MAX;
}

std::uint64_t Environment::Snapshot::used_bytes() const {
  return bytes_in(txn_, table_);
}

Result<bool> Environment::find(std::string_view key, std::string& value) {
  TRY_ASSIGN(const Snapshot now, snapshot());
  return now.find(key, value);
}

Result<Listed> Environment::list(std::string_view prefix, std::string_view after, std::size_t count,
                                 std::size_t bytes) {
  TRY_ASSIGN(const Snapshot now, snapshot());
  return now.list(prefix, after, count, bytes);
}

std::uint64_t Environment::last_change() const {
  auto opened = opened_.lock();
  return opened->env != nullptr ? last_change_of(opened->env) : 0;
}

std::uint64_t Environment::disk_bytes() const {
  auto opened = opened_.lock();
  mdb_filehandle_t file = -1;
  struct stat status {};
  if (opened->env == nullptr || mdb_env_get_fd(opened->env, &file) != MDB_SUCCESS ||
      fstat(file, &status) != 0) {
    return 0;
  }
  return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

bool Environment::reserve(std::uint64_t bytes) {
  if (bytes <= reserved_.load(std::memory_order_relaxed)) return true;
  const auto opened = opened_.lock();
  mdb_filehandle_t file = -1;
  struct stat status {};
  if (opened->env == nullptr || mdb_env_get_fd(opened->env, &file) != MDB_SUCCESS ||
      fstat(file, &status) != 0) {
    return true;  // it is for the change to say what is wrong
  }
  const std::uint64_t least = std::max(bytes, static_cast<std::uint64_t>(status.st_size));
  std::uint64_t held = static_cast<std::uint64_t>(status.st_blocks) * 512;
  if (held < least) {
    held = least + kReservedAtOnce;
    if (!take_disk(file, held)) {
      held = least;
      if (!take_disk(file, held)) return false;
    }
  }
  reserved_.store(held, std::memory_order_relaxed);
  return true;
}

Result<void> Environment::change(const std::function<Result<void>(Change&)>& apply) {
  MDB_env* env = nullptr;
  MDB_txn* txn = nullptr;
  unsigned int table = 0;
  for (int tries = 0; txn == nullptr; ++tries) {
    {
      auto opened = opened_.lock();
      TRY(enter(*opened));
      env = opened->env;
      table = opened->table;
    }
    const int error = mdb_txn_begin(env, nullptr, 0, &txn);
    if (error == MDB_SUCCESS) break;
    txn = nullptr;
    note_broken(error);
    leave(nullptr);
    if (error != MDB_PANIC || tries > 0) return lmdb_failure(error);
  }
  Change change(txn, table, options_.map_bytes);
  Result<void> applied = apply(change);
  if (applied) {
    const int error = mdb_txn_commit(txn);
    applied = checked(error == EIO && disk_full(env) ? ENOSPC : error);
  } else {
    mdb_txn_abort(txn);
  }
  leave(nullptr);
  return applied;
}

Result<bool> Environment::Change::find(std::string_view key, std::string& value) const {
  return find_in(txn_, table_, key, value);
}

Result<Listed> Environment::Change::list(std::string_view prefix, std::string_view after,
                                         std::size_t count, std::size_t bytes) const {
  return list_after(txn_, table_, prefix, after, count, bytes);
}

std::uint64_t Environment::Change::id() const {
  return mdb_txn_id(txn_);
}

std::uint64_t Environment::Change::used_bytes() const {
  return bytes_in(txn_, table_);
}

Result<void> Environment::Change::put(std::string_view key, std::string_view head,
                                      std::string_view rest) {
  MDB_val at = to_val(key);
  MDB_val what{head.size() + rest.size(), nullptr};
  TRY(checked(mdb_put(txn_, table_, &at, &what, MDB_RESERVE)));
  auto* bytes = static_cast<char*>(what.mv_data);
  std::copy(head.begin(), head.end(), bytes);
  std::copy(rest.begin(), rest.end(), bytes + head.size());
  return {};
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

double Environment::Change::fill(std::size_t more) const {
  return static_cast<double>(used_bytes() + more) / static_cast<double>(map_bytes_);
}

}  // namespace quarry::store
