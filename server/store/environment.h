// Environment: one LMDB database file, opened for this process.
//
// No view into the database leaves a transaction. Reads never wait for writes and copy what they
// find. One change at a time: the caller sees to it, in this process and between processes.
//
// Errors: kInternal when the database is damaged, kTooLarge when its map is full, kUnavailable
// when the system refuses (space, permission, memory). After a failed write of LMDB's own pages
// the database is opened again as soon as no transaction of this process is open.
//
// Not to be used in the child of a fork. Safe from any thread, change() excepted.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/guarded.h"
#include "server/base/result.h"

struct MDB_env;
struct MDB_txn;

namespace quarry::store {

using KeyValue = std::pair<std::string, std::string>;

struct Listed {
  std::vector<KeyValue> records;
  bool whole = true;  // nothing follows the last one
};

class Environment {
 public:
  struct Options {
    std::size_t map_bytes = 0;
    unsigned int max_readers = 1024;
    bool synchronous = true;  // a commit returns when it is on disk
  };

  // What one state of the database holds. Short-lived: it keeps pages from being used again.
  class Snapshot {
   public:
    Snapshot(Snapshot&& other) noexcept
        : owner_(other.owner_), txn_(std::exchange(other.txn_, nullptr)), table_(other.table_) {}
    ~Snapshot();
    Snapshot& operator=(Snapshot&&) = delete;

    // Copies the value into `value`; false when there is none.
    Result<bool> find(std::string_view key, std::string& value) const;
    // Records whose key begins with `prefix` and comes after `after`, in key order: as many as
    // `count` and about `bytes` allow, at least one when there is one.
    Result<Listed> list(std::string_view prefix, std::string_view after, std::size_t count,
                        std::size_t bytes) const;
    std::uint64_t id() const;  // of the last change in it
    std::uint64_t records() const;
    std::uint64_t used_bytes() const;

   private:
    friend class Environment;
    Snapshot(Environment& owner, MDB_txn* txn, unsigned int table)
        : owner_(owner), txn_(txn), table_(table) {}
    Environment& owner_;
    MDB_txn* txn_;
    unsigned int table_;
  };

  // What one change may do; lives for the change.
  class Change {
   public:
    static constexpr std::size_t kHeadBytes = 32;

    // As those of a snapshot, with what this change did.
    Result<bool> find(std::string_view key, std::string& value) const;
    Result<Listed> list(std::string_view prefix, std::string_view after, std::size_t count,
                        std::size_t bytes) const;
    std::uint64_t id() const;
    std::uint64_t used_bytes() const;

    // The value is `head` and then `rest`.
    Result<void> put(std::string_view key, std::string_view head, std::string_view rest = {});
    Result<void> erase(std::string_view key);  // absent is fine
    Result<void> clear();
    // Up to `count` records after `after` in key order; of each value the first kHeadBytes.
    Result<std::vector<KeyValue>> sample(std::string_view after, std::size_t count);
    // The part of the map that records take, from 0 to 1, with `more` bytes added.
    double fill(std::size_t more) const;

   private:
    friend class Environment;
    Change(MDB_txn* txn, unsigned int table, std::size_t map_bytes)
        : txn_(txn), table_(table), map_bytes_(map_bytes) {}
    MDB_txn* txn_;
    unsigned int table_;
    std::size_t map_bytes_;
  };

  // `directory` exists; its files have been inspected.
  static Result<std::unique_ptr<Environment>> open(const std::string& directory,
                                                   const Options& options);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  Result<Snapshot> snapshot();
  // Of a snapshot of its own.
  Result<bool> find(std::string_view key, std::string& value);
  Result<Listed> list(std::string_view prefix, std::string_view after, std::size_t count,
                      std::size_t bytes);
  // Committed when `apply` returns a value, else without effect.
  Result<void> change(const std::function<Result<void>(Change&)>& apply);
  // The number of the last change, of any process. Costs a few memory reads.
  std::uint64_t last_change() const;
  // Clears the reader slots of processes that died. Returns how many.
  int clear_dead_readers();
  std::size_t map_bytes() const { return options_.map_bytes; }
  std::uint64_t disk_bytes() const;
  // Whether the database has at least `bytes` of disk, taken for it now if need be: what it grows
  // into finds space then, whoever fills the disk. Where the file system cannot take any ahead, it
  // is as if there were enough.
  bool reserve(std::uint64_t bytes);

 private:
  struct Opened {
    MDB_env* env = nullptr;  // null after a failed opening
    unsigned int table = 0;
    // Reset: they keep a reader slot but hold back no page. At most kMostIdleReaders.
    std::vector<MDB_txn*> idle_readers;
    std::size_t active = 0;  // transactions that are open now
    bool broken = false;     // LMDB refuses to go on: to be opened again
  };

  Environment(std::string directory, const Options& options)
      : directory_(std::move(directory)), options_(options) {}
  Result<void> open_in(Opened& opened) const;
  static void close_in(Opened& opened);
  Result<void> enter(Opened& opened) const;
  void leave(MDB_txn* to_keep);
  void note_broken(int error);

  const std::string directory_;
  const Options options_;
  std::atomic<std::uint64_t> reserved_{0};  // of disk; the file never gives any back
  mutable Guarded<Opened> opened_;
};

}  // namespace quarry::store
