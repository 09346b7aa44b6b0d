// Histogram: latencies in nanoseconds, in buckets that are at most 1/16 wide (four bits below the
// leading one), up to about 18 minutes. Recording is two relaxed atomic adds.
//
// Percentiles are the upper edge of the bucket that holds them: at most 6.25 % too high.
// Safe from any thread; a reader sees some recent state, not one instant.

#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace quarry::metrics {

class Histogram {
 public:
  void record(std::int64_t nanoseconds) {
    const auto value = static_cast<std::uint64_t>(nanoseconds > 0 ? nanoseconds : 0);
    buckets_[bucket(value)].fetch_add(1, std::memory_order_relaxed);
    total_.fetch_add(value, std::memory_order_relaxed);
  }

  std::uint64_t count() const;
  std::uint64_t total_ns() const { return total_.load(std::memory_order_relaxed); }
  // `fraction` in (0, 1]; 0 when nothing was recorded.
  std::uint64_t percentile_ns(double fraction) const;

 private:
  static constexpr unsigned kFineBits = 4;
  static constexpr unsigned kOctaves = 40;
  static constexpr std::size_t kBuckets = kOctaves << kFineBits;

  static std::size_t bucket(std::uint64_t value) {
    if (value < (1U << kFineBits)) return static_cast<std::size_t>(value);
    const auto octave = static_cast<unsigned>(std::bit_width(value)) - kFineBits;
    const std::uint64_t fine = (value >> (octave - 1)) & ((1U << kFineBits) - 1);
    const std::size_t index = (static_cast<std::size_t>(octave) << kFineBits) + fine;
    return index < kBuckets ? index : kBuckets - 1;
  }
  static std::uint64_t upper_edge(std::size_t index);

  std::array<std::atomic<std::uint64_t>, kBuckets> buckets_{};
  std::atomic<std::uint64_t> total_{0};
};

}  // namespace quarry::metrics
