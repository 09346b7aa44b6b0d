// Store: what survives the process. Two LMDB environments below one state directory:
// `state` (sessions; durable) and `cache` (may be deleted at any time).
//
// Values carry a version and a checksum; a value that fails either is treated as absent and
// counted. Writes of the state environment are grouped: one commit at a time, with everything (up
// to 1000 records) that came during the last one; put() returns when the commit that holds the
// record is on disk, and a lone put does not wait for company. Reads never wait for writes. Keys
// of any length are accepted (stored by their hash, with the full key beside the value, compared
// on read).
//
// Several processes share one state directory; one Store per directory in each of them (a second
// one works in memory). Not to be used in the child of a fork. Dead readers are cleared at open. A
// damaged environment is moved aside (one is kept) and started anew, with one line on stderr.
// Where the directory cannot be used (not writable, a network file system, owned by another user,
// writable by others, another version's, no space), the store works in memory, says why in stats()
// and with one line on stderr.
//
// Opening is lazy: constructing touches nothing on disk; the first use (stats() is one) opens.
//
// Safe from any thread.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/result.h"

namespace quarry::store {

// Tables of the state environment are durable, those of the cache environment are not.
enum class Table : std::uint8_t { kSessions = 1, kAnalysis = 64, kGit = 65 };

struct StoreStats {
  std::string mode;  // "lmdb" or "memory"
  std::string note;  // why memory
  std::uint64_t gets = 0;
  std::uint64_t hits = 0;
  std::uint64_t puts = 0;
  std::uint64_t commits = 0;
  std::uint64_t damaged = 0;  // values that failed their checksum or version, damaged pages met
};

class Store {
 public:
  virtual ~Store() = default;

  // `directory` is created with mode 0700 when missing. Does not fail; see above.
  static std::unique_ptr<Store> at(std::string directory);
  static std::unique_ptr<Store> in_memory();

  // A copy of the value. Absent, damaged and unreadable are all nullopt.
  virtual std::optional<std::string> get(Table table, std::string_view key) = 0;
  // kTooLarge: over a limit, or the durable half is full. kUnavailable: the disk is full or another
  // process keeps the store locked.
  virtual Result<void> put(Table table, std::string_view key, std::string_view value) = 0;
  virtual Result<void> erase(Table table, std::string_view key) = 0;
  // Calls visit(key, value) for every whole record until it returns false. Views live for the call.
  virtual Result<void> each(
      Table table,
      const std::function<bool(std::string_view key, std::string_view value)>& visit) = 0;
  virtual StoreStats stats() const = 0;
};

// $QUARRY_STATE_DIR, else $XDG_STATE_HOME/quarry, else ~/.local/state/quarry; empty without HOME.
std::string default_state_directory();

}  // namespace quarry::store
