// The table that `make bench` prints, and the same as JSON.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "perf/load/measure.h"

namespace quarry::perf {

struct Row {
  std::string name;
  std::string floor;  // its name
  std::size_t bytes = 0;
  Pair one_core;          // client and server on one core
  Pair unpinned;          // where the scheduler puts them
  double per_second = 0;  // with 64 in flight; 0 when not measured
  double floor_per_second = 0;
};

// Calls that many sessions got answered in the same time, each with one call after the other.
struct Fairness {
  std::size_t sessions = 0;
  std::size_t slowest = 0;
  std::size_t fastest = 0;
};

struct Report {
  Start start;
  Start floor_start;
  std::vector<Row> rows;
  std::int64_t peak_kib = 0;
  Fairness fairness;
};

void print_report(const Report& report);
std::string report_json(const Report& report);

}  // namespace quarry::perf
