// Result: a value or an Error, for every function that may fail.
//
// Nothing throws across a room's boundary; a function that may fail returns a Result. The codes
// are closed: mcp/errors.cpp maps each to the wire. Messages are written for the caller, who is a
// model: lower case, no full stop, the thing named, what would work; never a host path outside
// the root and never a foreign library's text alone.
//
// Built on tl::expected because clang 14 does not compile libstdc++ 12's std::expected.

#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "server/base/format.h"

namespace quarry {

enum class Code {
  kInvalidArgs,  // the caller can fix the arguments
  kNotFound,
  kDenied,       // policy or the file system forbids it
  kConflict,     // something changed in between
  kTooLarge,     // over a stated limit
  kCancelled,    // by the client; no answer follows
  kTimeout,      // the call's deadline
  kUnavailable,  // busy, or a part of the machine is missing
  kInternal,     // our own fault
};

struct Error {
  Code code;
  std::string message;
};

template <class T = void>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

using Failure = tl::unexpected<Error>;

// fail(Code::kNotFound, "no file '{}'", name), to be returned.
template <class... Args>
[[nodiscard, gnu::cold]] Failure fail(Code code, fmt::format_string<Args...> text, Args&&... args) {
  return Failure(Error{code, fmt::format(text, std::forward<Args>(args)...)});
}

// Hands an error on. Out of the way, as fail() is: calls that succeed do not load its code.
[[nodiscard, gnu::cold, gnu::noinline]] inline Failure hand_on(Error&& error) {
  return Failure(std::move(error));
}
[[nodiscard, gnu::cold, gnu::noinline]] inline Failure hand_on(const Error& error) {
  return Failure(error);
}

}  // namespace quarry

#define QUARRY_JOIN_(a, b) a##b
#define QUARRY_JOIN(a, b) QUARRY_JOIN_(a, b)

// TRY(expr): returns expr's error from the enclosing function. The name is new each time, so that
// an expr may hold a lambda that uses TRY itself.
#define TRY(...) QUARRY_TRY_(QUARRY_JOIN(try_, __COUNTER__), __VA_ARGS__)
#define QUARRY_TRY_(result, ...)                           \
  do {                                                     \
    auto&& result = (__VA_ARGS__);                         \
    if (!result) [[unlikely]]                              \
      return ::quarry::hand_on(std::move(result).error()); \
  } while (false)

// TRY_ASSIGN(decl, expr): declares or assigns decl from expr's value, or returns its error.
#define TRY_ASSIGN(decl, ...) QUARRY_TRY_ASSIGN_(QUARRY_JOIN(try_, __COUNTER__), decl, __VA_ARGS__)
#define QUARRY_TRY_ASSIGN_(result, decl, ...)            \
  auto result = (__VA_ARGS__);                           \
  if (!result) [[unlikely]]                              \
    return ::quarry::hand_on(std::move(result).error()); \
  decl = std::move(*result)
