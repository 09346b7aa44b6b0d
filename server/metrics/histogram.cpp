#include "server/metrics/histogram.h"

#include <cmath>

namespace quarry::metrics {

std::uint64_t Histogram::upper_edge(std::size_t index) {
  const std::size_t octave = index >> kFineBits;
  const std::uint64_t fine = index & ((1U << kFineBits) - 1);
  if (octave == 0) return fine;
  return (((1ULL << kFineBits) + fine + 1) << (octave - 1)) - 1;
}

std::uint64_t Histogram::count() const {
  std::uint64_t sum = 0;
  for (const auto& bucket : buckets_) sum += bucket.load(std::memory_order_relaxed);
  return sum;
}

std::uint64_t Histogram::percentile_ns(double fraction) const {
  const std::uint64_t all = count();
  if (all == 0) return 0;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(all)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i].load(std::memory_order_relaxed);
    if (seen >= wanted) return upper_edge(i);
  }
  return upper_edge(kBuckets - 1);
}

}  // namespace quarry::metrics
