// FUZZ_CHECK: says what did not hold and aborts, in every kind of build.

#pragma once

#include <cstdio>
#include <cstdlib>

namespace quarry {

[[noreturn]] inline void fuzz_failed(const char* file, int line, const char* what) {
  std::fprintf(stderr, "%s:%d: %s\n", file, line, what);
  std::abort();
}

}  // namespace quarry

#define FUZZ_CHECK(...) \
  ((__VA_ARGS__) ? void() : ::quarry::fuzz_failed(__FILE__, __LINE__, #__VA_ARGS__))
