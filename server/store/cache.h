// Cache: the cache tables, in an environment of their own that may be emptied at any time.
//
// Not synchronised to disk by commits. When three quarters of its map are used, each put removes
// the older half of a sample. A change waits a little for another process that is just writing,
// but not for one that was stopped while writing: then it fails with kUnavailable.
//
// Keys and records are those of the database. Safe from any thread.

#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/base/guarded.h"
#include "server/base/result.h"
#include "server/store/environment.h"
#include "server/store/state_directory.h"

namespace quarry::store {

class Cache {
 public:
  // `directory` must outlive it.
  Cache(StateDirectory& directory, std::unique_ptr<Environment> environment,
        std::chrono::milliseconds patience)
      : lock_{directory, StateDirectory::Byte::kCacheWriter},
        environment_(std::move(environment)),
        patience_(patience) {}

  Environment& environment() { return *environment_; }
  struct Write {
    std::string key;
    std::optional<std::string> record;  // nullopt: erases
  };
  // In one commit. What is too large for the cache is left out, and told by kTooLarge. `now` is the
  // second of the change.
  Result<void> change(std::span<const Write> writes, std::uint32_t now);

 private:
  struct Sweep {
    std::string position;  // the last key that was looked at
  };

  static Result<void> evict(Environment::Change& change, Sweep& sweep, std::uint32_t now);

  StateDirectory::ByteLock lock_;
  const std::unique_ptr<Environment> environment_;
  const std::chrono::milliseconds patience_;
  Guarded<Sweep> writer_;  // held by the one thread that changes the cache
};

}  // namespace quarry::store
