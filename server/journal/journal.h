// Journal: every change of files, recorded before it is made, with all that it takes to revert it.
//
// A directory of its own, outside every root, shared by the processes of one user:
//
//   lock          head.h: how far the last segment is known to be whole, which entries are open
//   00000001.log  ... segments: frames one after the other, each with its length and checksum
//
// begin() appends a frame with the whole entry and returns when it is on disk (or, without `sync`,
// in the kernel: it then survives the death of the process but not that of the machine) and is
// listed as open. end() appends what became of it. The file `lock` and the last segment stay open.
// What stands behind that which the head says is whole counts: its process was killed before it
// could say so, or the machine lost the head's last word and kept what was waited for. A frame that
// a killed process has left half is overwritten by the next; one that is damaged ends its segment.
//
// Segments go, oldest first, when together they exceed `max_bytes` and when they are older than
// `max_age`; a segment is closed when its first entry is a quarter of that old. An entry that is
// too old is not kept, wherever it lies.
//
// Safe from any thread and between processes. Errors: kUnavailable (disk full or failing, another
// process keeps the lock, the directory was removed), kTooLarge (one entry beyond max_bytes).

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/base/clock.h"
#include "server/base/fd.h"
#include "server/base/guarded.h"
#include "server/base/result.h"
#include "server/journal/entry.h"
#include "server/journal/head.h"

namespace quarry::journal {

// An entry as it is listed: without the old bytes.
struct Listed {
  Entry entry;
  Outcome outcome = Outcome::kOpen;
  Frame frame;
};

class Journal {
 public:
  struct Options {
    std::string directory;  // absolute; made when it is missing
    bool sync = true;
    std::uint64_t max_bytes = std::uint64_t{256} << 20U;
    std::chrono::seconds max_age = std::chrono::hours(24 * 30);
    // A segment is closed when it has grown so large. each() reads whole ones, the last first.
    std::uint64_t segment_bytes = std::uint64_t{4} << 20U;
  };

  static Result<std::unique_ptr<Journal>> open(const Options& options, const Clock& clock);

  Result<void> begin(const Entry& entry);
  // Not waited for: what it says is found out again when it is lost.
  Result<void> end(const std::string& id, Outcome outcome);

  // Strikes it off the list of open entries, whatever became of it.
  Result<void> forget_open(const std::string& id);
  // The entries of `root` and of what lies below it that are open. None when the journal cannot be
  // read now.
  std::vector<OpenEntry> open_entries(const std::string& root);

  // Newest first, until `visit` returns false. A damaged frame hides what follows it in its
  // segment.
  Result<void> each(const std::function<bool(const Listed&)>& visit) const;
  // With the old bytes. kNotFound when it is not there (any more).
  Result<Entry> load(const Frame& frame) const;
  // What became of the entry that lies at `frame`.
  Result<Outcome> outcome_of(const std::string& id, const Frame& frame) const;

  // Of all segments, on disk.
  std::uint64_t bytes() const;

 private:
  // Open descriptors, held from one change to the next.
  struct Files {
    Fd lock;
    Fd segment;
    std::uint64_t segment_number = 0;
    std::int64_t begun_ms = 0;  // its first entry, Unix time; 0: not known, or none
  };
  class Lock;

  Journal(const Options& options, const Clock& clock, Fd directory)
      : options_(options), clock_(clock), directory_(std::move(directory)) {}
  // What errno says; or, once the directory was removed, that.
  [[gnu::cold]] Failure failure(int error) const;
  Result<void> check_there() const;
  std::string name_of(std::uint64_t segment) const;
  // Where the frame lies; the head says so when it is saved.
  Result<Frame> write_frame(Lock& lock, std::string_view frame, bool sync);
  // Opened when it is not the one that is open.
  int open_segment(Files& files, std::uint64_t segment, std::uint64_t& size) const;
  // Makes of the frames behind the head's tail what the head should say of them. What stands there,
  // whole or not.
  Result<std::string> catch_up(Head& head, int segment_fd, std::uint64_t size) const;
  bool is_due(Files& files, const Head& head) const;
  std::int64_t oldest_ms() const;
  std::uint64_t last_segment() const;
  void each_name(const std::function<void(const std::string&)>& visit) const;
  std::vector<std::uint64_t> segments() const;  // ascending
  void prune(std::uint64_t keep);
  Result<std::string> read_segment(std::uint64_t segment) const;

  const Options options_;
  const Clock& clock_;
  const Fd directory_;
  Guarded<Files> files_;
};

}  // namespace quarry::journal
