// Where two lists of lines differ.
//
// Myers, "An O(ND) Difference Algorithm and Its Variations" (1986); where more than kMostDistance
// lines differ, all between the common start and end is one run. Pure; safe from any thread.

#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace quarry::edit {

inline constexpr std::size_t kMostDistance = 1000;  // lines removed and added

// [a, a_end) of the one by [b, b_end) of the other.
struct LineRun {
  std::size_t a, a_end, b, b_end;
};

// In order; the lines between two runs are the same in both, one by one.
std::vector<LineRun> differing_runs(std::span<const std::string_view> a,
                                    std::span<const std::string_view> b);

}  // namespace quarry::edit
