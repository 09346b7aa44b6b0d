// What the process holds of the machine, read when asked. Safe from any thread.

#pragma once

#include <cstdint>

namespace quarry::metrics {

struct MemoryFigures {
  std::int64_t rss_bytes = 0;  // resident now; 0 when /proc is not readable
  std::int64_t rss_peak_bytes = 0;
  std::int64_t heap_live_bytes = 0;  // handed out by the allocator
  std::int64_t heap_held_bytes = 0;  // taken from the kernel by the allocator
  std::int64_t threads = 0;
  std::int64_t descriptors = 0;  // open now; 0 when /proc is not readable
};

MemoryFigures read_memory_figures();

}  // namespace quarry::metrics
