// RecentLog: changes that were acknowledged and are not in `state` yet: a log that all processes
// share, and what it says in the memory of each.
//
// A change is one frame (recent_frame.h) appended by one write, and a step of the head's position
// (recent_head.h). Bytes that were written survive the death of every process, though not that of
// the machine. What lies behind the position, left by a writer that died between the two or made
// ahead of what will be written, is written over.
//
// Two files take turns: to begin anew, what must stay is written into the other one, and then one
// store makes that the log. So a change that was acknowledged is at every moment in the log that is
// in force. Each takes 4 MiB of disk at most while it is not.
//
// A reader compares the position (one memory read) and reads what has come since. Where a writer
// began anew meanwhile it starts over.
//
// Errors: kInternal, the log is damaged; kUnavailable, the system refuses; kTooLarge, there is no
// room for what is to be written. Nothing was changed.
//
// Reading is safe from any thread. append() and restart() are for one at a time among all
// processes; the caller sees to it.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/base/fd.h"
#include "server/base/guarded.h"
#include "server/base/result.h"
#include "server/store/recent_head.h"
#include "server/store/state_directory.h"

namespace quarry::store {

struct RecentRecord {
  std::uint64_t change = 0;
  std::optional<std::string> record;  // nullopt: erased
};

class RecentLog {
 public:
  using Records = std::vector<std::pair<std::string, RecentRecord>>;
  using Writes = std::map<std::string, std::optional<std::string>, std::less<>>;

  struct Part {
    Records records;                // in key order
    bool whole = true;              // nothing follows the last one
    std::uint64_t last_change = 0;  // that is in it
    RecentHead::Position position;
  };
  struct Opened {
    std::unique_ptr<RecentLog> log;
    bool begun_anew = false;  // because there was a damaged one
    // Of a log that was damaged and is set aside, what can be read, and its epoch. Without its
    // head, 0 unless it is `covered_epoch`.
    Records salvaged;
    std::size_t recovered = 0;  // of these, that the state does not hold
    std::uint64_t salvaged_epoch = 0;
  };
  // Keeps what was salvaged.
  using Keep = std::function<Result<void>(Opened& damaged)>;

  // The log in the directory `name` of the state directory, made when it is not there. It is read
  // whole; where nobody else has it open, a damaged one is moved aside as `<name>.damaged`, after
  // `keep`, so that it is met again by the next one if this process is killed meanwhile.
  // `covered_epoch`: the log's epoch as far as the state knows it.
  // REQUIRES: the state directory's opening lock.
  static Result<Opened> open(const StateDirectory& directory, const std::string& name,
                             std::uint64_t covered_epoch = 0, const Keep& keep = {});

  std::uint64_t epoch() const { return head_->epoch(); }
  // The writer's lock, for PageLock.
  std::atomic<std::uint64_t>& writer() { return head_->writer(); }
  // Another one than before when something may have changed.
  RecentHead::Position position() const { return head_->position(); }

  // The number of the change that wrote `key` last, 0 when none is here; its record is copied into
  // `record` unless it was `erased`.
  Result<std::uint64_t> find(std::string_view key, std::string& record, bool& erased);
  // Records whose key begins with `prefix` and comes after `after`: as many as `count` and about
  // `bytes` allow, at least one when there is one.
  Result<Part> list(std::string_view prefix, std::string_view after, std::size_t count,
                    std::size_t bytes);
  struct Size {
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;  // of their keys and themselves; the log is longer, never shorter
  };
  Result<Size> size();

  // All of `writes` under the next change's number.
  Result<void> append(const Writes& writes);
  // Begins anew without what changes up to `last` wrote, unless later ones wrote it again. With 0
  // nothing is forgotten but what was written over.
  Result<void> restart(std::uint64_t last);
  // Gives the disk back what the file has that is not in force. As append() and restart().
  void give_back();

  std::uint64_t disk_bytes() const;

 private:
  // What this process has read of the log.
  struct Read {
    using ByOrder = std::map<std::string, RecentRecord, std::less<>>;

    RecentHead::Position position;
    ByOrder records;
    // The same by key: in a stream of changes a way down the tree would be most of a look-up.
    std::unordered_map<std::string_view, ByOrder::iterator> by_key;
    std::uint64_t record_bytes = 0;  // of keys and records
    std::string bytes;               // reused

    void note(std::uint64_t change, std::string_view key, std::optional<std::string_view> record);
    void forget(std::uint64_t last);  // what changes up to it wrote
    void clear();
  };

  RecentLog(Fd folder, std::array<Fd, 2> files, std::unique_ptr<RecentHead> head)
      : folder_(std::move(folder)), files_(std::move(files)), head_(std::move(head)) {}
  static Result<std::unique_ptr<RecentLog>> open_files(const StateDirectory& directory,
                                                       const std::string& name);
  std::uint64_t life(std::uint64_t resets) const { return head_->epoch() + resets; }
  int file(std::uint64_t resets) const { return files_[resets % 2].get(); }
  Result<void> catch_up(Read& read) const;
  Result<void> read_on(Read& read, RecentHead::Position position) const;
  Result<void> write_at(RecentHead::Position position) const;
  void extend(RecentHead::Position position);

  const Fd folder_;
  const std::array<Fd, 2> files_;
  const std::unique_ptr<RecentHead> head_;
  std::string frame_;                    // the writer's, reused
  std::array<std::uint64_t, 2> made_{};  // bytes of the files, as far as the writer here knows
  Guarded<Read> read_;
};

}  // namespace quarry::store
