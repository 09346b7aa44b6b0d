// What the process holds of the machine, read when asked, and giving some of it back.
//
// "Anonymous" memory is heap, stacks and the like; pages of mapped files (the program, its
// libraries, LMDB's files) count in RSS too but are the kernel's to drop.
//
// Safe from any thread.

#pragma once

#include <cstdint>

namespace quarry::metrics {

struct MemoryFigures {
  std::int64_t rss_bytes = 0;  // resident now; 0 when /proc is not readable
  std::int64_t rss_anon_bytes = 0;
  std::int64_t rss_file_bytes = 0;
  std::int64_t rss_peak_bytes = 0;
  std::int64_t heap_live_bytes = 0;  // handed out by the allocator; threads' free lists included
  std::int64_t heap_held_bytes = 0;  // taken from the kernel by the allocator, also after a trim
  std::int64_t page_faults = 0;      // pages the kernel ever had to map, several at a time or one
  std::int64_t threads = 0;
  std::int64_t descriptors = 0;  // open now; 0 when /proc is not readable
};

MemoryFigures read_memory_figures();

// Makes the allocator keep for the next call what a call gives back, up to 4 MiB a thread. Else the
// buffers of an edit in a file of 64 KiB go back to the kernel when it ends, and come again page by
// page: a third of its time. Not more, since of a thread other than the first an idle trim gets
// back what lies between blocks in use, but not what lies behind them. Once, at the start.
void keep_freed_memory();

// What decides about trims, behind an interface so that tests can make it up.
class ProcessMemory {
 public:
  virtual ~ProcessMemory() = default;
  // Resident anonymous bytes, in a few microseconds; 0 when /proc is not readable.
  virtual std::int64_t resident() const = 0;
  // Returns the allocator's free pages to the kernel. Milliseconds for a large heap.
  virtual void give_back() const = 0;
};

// The process's own.
class SystemMemory final : public ProcessMemory {
 public:
  std::int64_t resident() const override;
  void give_back() const override;
};

}  // namespace quarry::metrics
