// Environment: one LMDB database file, opened for this process.
//
// Transactions exist only inside these functions; no view into the database leaves one. Reads
// never wait for writes and copy what they find. One change at a time: the caller sees to it, in
// this process and between processes.
//
// Errors: kInternal when the database is damaged, kTooLarge when its map is full, kUnavailable
// when the system refuses (space, permission, memory).
//
// Not to be used in the child of a fork. Safe from any thread, change() excepted.

#pragma once

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

class Environment {
 public:
  struct Options {
    std::size_t map_bytes = 0;
    unsigned int max_readers = 1024;
    bool synchronous = true;  // a commit returns when it is on disk
  };

  // What one change may do; lives for the change.
  class Change {
   public:
    static constexpr std::size_t kHeadBytes = 32;

    // Copies the value into `value`; false when there is none.
    Result<bool> find(std::string_view key, std::string& value);
    // As Environment::list with a prefix of any length.
    Result<std::vector<KeyValue>> list(std::string_view prefix, std::string_view after,
                                       std::size_t count);
    Result<void> put(std::string_view key, std::string_view value);
    Result<void> erase(std::string_view key);  // absent is fine
    Result<void> clear();
    // Up to `count` records after `after` in key order; of each value the first kHeadBytes.
    Result<std::vector<KeyValue>> sample(std::string_view after, std::size_t count);
    // The part of the map that records take, from 0 to 1, with `more` bytes added.
    double fill(std::size_t more);

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

  // Copies the value into `value`; false when there is none.
  Result<bool> find(std::string_view key, std::string& value);
  // Records whose key begins with `prefix` and comes after `after`, in key order: as many as
  // `count` and about `bytes` allow, at least one when there is one.
  Result<std::vector<KeyValue>> list(std::string_view prefix, std::string_view after,
                                     std::size_t count, std::size_t bytes);
  // Committed when `apply` returns a value, else without effect.
  Result<void> change(const std::function<Result<void>(Change&)>& apply);
  // The number of the last change, of any process. Costs a memory read.
  std::uint64_t last_change() const;
  // Clears the reader slots of processes that died. Returns how many.
  int clear_dead_readers();

 private:
  class ReadTxn;
  Environment(MDB_env* env, std::size_t map_bytes) : env_(env), map_bytes_(map_bytes) {}
  Result<MDB_txn*> begin_read();
  void end_read(MDB_txn* txn);

  MDB_env* env_;
  std::size_t map_bytes_;
  unsigned int table_ = 0;
  // Reset: they keep a reader slot but hold back no page. At most kMostIdleReaders.
  Guarded<std::vector<MDB_txn*>> idle_readers_;
};

}  // namespace quarry::store
