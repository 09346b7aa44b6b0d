#include "server/metrics/histogram.h"

#include <catch2/catch.hpp>

namespace quarry::metrics {
namespace {

TEST_CASE("histogram percentiles are within a bucket of the exact ones") {
  Histogram histogram;
  for (std::int64_t value = 1; value <= 100'000; ++value) histogram.record(value);
  CHECK(histogram.count() == 100'000);
  CHECK(histogram.total_ns() == 100'000ULL * 100'001 / 2);
  for (const double fraction : {0.01, 0.5, 0.95, 0.99, 1.0}) {
    const double exact = fraction * 100'000;
    const auto told = static_cast<double>(histogram.percentile_ns(fraction));
    INFO(fraction << " exact " << exact << " told " << told);
    CHECK(told >= exact);
    CHECK(told <= exact * 1.0626);
  }
}

TEST_CASE("histogram takes nothing, zero, negative and huge values") {
  Histogram histogram;
  CHECK(histogram.percentile_ns(0.5) == 0);
  histogram.record(0);
  histogram.record(-5);
  CHECK(histogram.percentile_ns(1.0) == 0);
  histogram.record(INT64_MAX);
  CHECK(histogram.count() == 3);
  CHECK(histogram.percentile_ns(1.0) > 1'000'000'000'000ULL);
}

}  // namespace
}  // namespace quarry::metrics
