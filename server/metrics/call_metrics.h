// CallMetrics: what each tool has cost since start: calls, errors, bytes, latency.
//
// One row per tool, by its index in the tool table. Safe from any thread.

#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "server/metrics/histogram.h"

namespace quarry::metrics {

struct CallRow {
  // Records one call. The mean may lose an update to another thread: it is a hint.
  void record(std::int64_t nanoseconds) {
    latency.record(nanoseconds);
    const std::int64_t mean = recent_ns.load(std::memory_order_relaxed);
    recent_ns.store(mean + (nanoseconds - mean) / 8, std::memory_order_relaxed);
  }

  Histogram latency;
  std::atomic<std::int64_t> recent_ns{0};
  std::atomic<std::uint64_t> errors{0};  // answers with isError
  std::atomic<std::uint64_t> cancelled{0};
  std::atomic<std::uint64_t> bytes{0};  // of answers
};

class CallMetrics {
 public:
  explicit CallMetrics(std::size_t tools) : rows_(tools) {}
  CallRow& row(std::size_t tool) { return rows_[tool]; }
  const CallRow& row(std::size_t tool) const { return rows_[tool]; }

 private:
  std::vector<CallRow> rows_;
};

}  // namespace quarry::metrics
