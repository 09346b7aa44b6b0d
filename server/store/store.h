// Store: what survives the process. Two halves below one state directory: durable tables
// (sessions, ...) and cache tables (may be deleted at any time).
//
// Values carry a version and a checksum; a value that fails either is treated as absent and
// counted. Keys of hashed tables may have any length (stored by their hash, with the full key
// beside the value, compared on read). Keys of ordered tables are 1 to kMaxOrderedKeyBytes long
// and kept as they are, so that they can be scanned in the order of their bytes.
//
// Durable tables change in transactions, all or nothing, one after another across all processes;
// what was acknowledged survives the death of any process. With Durability::kFull a change is
// acknowledged when it is on disk; with kNormal it is acknowledged at once, survives kill -9, and
// is on disk a few milliseconds later (a power cut may take the last ones, together and whole; how
// many are known to be lost is said in stats()).
// Reads never wait for writes and see every acknowledged change of every process.
//
// Several processes share one state directory; one Store per directory in each of them (a second
// one works in memory). Not to be used in the child of a fork. Dead readers are cleared at open. A
// damaged environment is moved aside (one is kept), what can be read of it is taken over, with one
// line on stderr. Where the directory cannot be used (not writable, a network file system, owned by
// another user, writable by others, a newer version's, no space), the store works in memory, says
// why in stats() and with one line on stderr.
//
// Opening is lazy: constructing touches nothing on disk; the first use (stats() is one) opens.
//
// Safe from any thread.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/background.h"
#include "server/base/result.h"

namespace quarry::store {

// Below 64: durable; from 64 on: cache. kSessionState, kSessionIndex and kTotals are ordered.
enum class Table : std::uint8_t {
  kSessions = 1,
  kSessionState = 2,
  kSessionIndex = 3,
  kTotals = 4,
  kAnalysis = 64,
  kGit = 65,
  kTexts = 66,  // what the content index knows of files
};

enum class Durability : std::uint8_t { kFull, kNormal };

inline constexpr std::size_t kMaxOrderedKeyBytes = 480;

// What a function sees record by record; false: enough. Views live for the call.
using Visit = std::function<bool(std::string_view key, std::string_view value)>;

// What Store::generation() never is.
inline constexpr std::uint64_t kNoGeneration = UINT64_MAX;

// What one change of durable tables sees and does; lives for the call that it is given to.
class Transaction {
 public:
  virtual ~Transaction() = default;
  // The store's, as long as it is what get() finds: when the change did nothing yet, and nothing
  // else that is not committed lies before it. Else kNoGeneration.
  virtual std::uint64_t generation() const { return kNoGeneration; }
  // As this transaction left it.
  virtual std::optional<std::string> get(Table table, std::string_view key) = 0;
  virtual Result<void> put(Table table, std::string_view key, std::string_view value) = 0;
  virtual Result<void> erase(Table table, std::string_view key) = 0;  // absent is fine
  // Of an ordered table: the records whose key begins with `prefix` and comes after `after`, in
  // key order. `visit` must not use the transaction.
  virtual Result<void> scan(Table table, std::string_view prefix, std::string_view after,
                            const Visit& visit) = 0;
};

// The note of a store that is in memory because that was asked for.
inline constexpr std::string_view kChosen = "chosen";

struct StoreStats {
  std::string mode;  // "lmdb" or "memory"
  std::string note;  // why memory; else what became of a damaged store at opening
  std::uint64_t gets = 0;
  std::uint64_t hits = 0;
  std::uint64_t puts = 0;
  std::uint64_t commits = 0;
  std::uint64_t damaged = 0;   // values that failed their checksum or version, damaged pages met
  std::uint64_t flushes = 0;   // how often acknowledged changes were brought to disk
  std::uint64_t pending = 0;   // records that are not on disk yet
  std::uint64_t salvaged = 0;  // records that were taken over from a damaged store at opening
  std::uint64_t waits = 0;     // for another process that was just writing
  struct Space {
    std::uint64_t disk_bytes = 0;
    std::uint64_t used_bytes = 0;
    std::uint64_t limit_bytes = 0;
  };
  Space recent, state, cache;  // not of a store in memory
};

struct Entry {
  std::string key;
  std::string value;
};

struct Written {
  bool durable = true;  // on disk; never so of a store in memory
  // The store's with this change and none after it, if it is known.
  std::uint64_t generation = kNoGeneration;
};

class Store {
 public:
  struct Options {
    Durability durability = Durability::kNormal;
    // Where acknowledged changes are brought to disk. Null: by the change that finds the last such
    // work a while ago, and by flush(). Must outlive the store.
    Background* background = nullptr;
    // Between tries to open what could not be opened, as long as nothing was kept instead.
    std::chrono::milliseconds retry{5000};
  };

  virtual ~Store() = default;

  // `directory` is created with mode 0700 when missing. Does not fail; see above.
  static std::unique_ptr<Store> at(std::string directory, const Options& options);
  static std::unique_ptr<Store> at(std::string directory) { return at(std::move(directory), {}); }
  // `note`: why, for stats().
  static std::unique_ptr<Store> in_memory(std::string note = std::string(kChosen));

  virtual Durability durability() const = 0;
  // Whether anything survives the process.
  virtual bool lasts() const { return true; }
  // A copy of the value; absent and damaged are both nullopt. An error when the store cannot be
  // read, which says nothing of the value.
  virtual Result<std::optional<std::string>> read(Table table, std::string_view key) = 0;
  // The same, where what cannot be read counts as absent.
  std::optional<std::string> get(Table table, std::string_view key) {
    auto value = read(table, key);
    return value ? std::move(*value) : std::nullopt;
  }
  // kTooLarge: over a limit, or the durable half is full. kUnavailable: the disk is full or another
  // process keeps the store locked.
  virtual Result<void> put(Table table, std::string_view key, std::string_view value) = 0;
  // As put() of each, one after the other; one commit, where it is a cache table. An error of one
  // keeps none of the others from being stored.
  virtual Result<void> put_all(Table table, std::span<const Entry> entries);
  virtual Result<void> erase(Table table, std::string_view key) = 0;
  // Calls `visit` for every whole record until it returns false; it may use the store.
  virtual Result<void> each(Table table, const Visit& visit) = 0;
  // Of an ordered table: as Transaction::scan, and `visit` may use the store.
  virtual Result<void> scan(Table table, std::string_view prefix, std::string_view after,
                            const Visit& visit) = 0;

  // Changes durable tables: all that `work` did, or nothing when it or the commit fails. `work` may
  // be called again when a try came to nothing, so it has no other effect that counts; it does no
  // I/O. Errors as put(), and those of `work`.
  using Work = std::function<Result<void>(Transaction&)>;
  virtual Result<Written> change(const Work& work) = 0;
  // Returns when all that was acknowledged before is on disk.
  virtual Result<void> flush() = 0;
  // Differs from an earlier one when a durable table may have changed since, in any process. Costs
  // two memory reads.
  virtual std::uint64_t generation() const = 0;

  // How often something of the durable tables was found to be lost, at the opening or since: what
  // depends on several records may not agree any more.
  virtual std::uint64_t doubts() const { return 0; }
  // What depends on several records agrees again. Until this is called, processes that open the
  // store later are in doubt, too.
  virtual void settle_doubts() {}

  // Whether a record of `key` may be one of those. What is not there and cannot have been lost was
  // erased.
  virtual bool may_have_lost(Table /*table*/, std::string_view /*key*/) const { return true; }

  virtual StoreStats stats() const = 0;
};

// $QUARRY_STATE_DIR, else $XDG_STATE_HOME/quarry, else ~/.local/state/quarry; empty without HOME.
std::string default_state_directory();

}  // namespace quarry::store
