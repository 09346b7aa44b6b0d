// How many bytes two texts have in common at their start, and at their end. Pure; safe from any
// thread.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace quarry::edit {

inline constexpr std::size_t kComparedAtOnce = 4096;

inline std::size_t common_start(std::string_view a, std::string_view b) {
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t at = 0;
  while (most - at >= kComparedAtOnce &&
         std::memcmp(a.data() + at, b.data() + at, kComparedAtOnce) == 0) {
    at += kComparedAtOnce;
  }
  while (at < most && a[at] == b[at]) ++at;
  return at;
}

inline std::size_t common_end(std::string_view a, std::string_view b) {
  const std::size_t most = std::min(a.size(), b.size());
  const char* const a_end = a.data() + a.size();
  const char* const b_end = b.data() + b.size();
  std::size_t size = 0;
  while (most - size >= kComparedAtOnce &&
         std::memcmp(a_end - size - kComparedAtOnce, b_end - size - kComparedAtOnce,
                     kComparedAtOnce) == 0) {
    size += kComparedAtOnce;
  }
  while (size < most && *(a_end - size - 1) == *(b_end - size - 1)) ++size;
  return size;
}

}  // namespace quarry::edit
