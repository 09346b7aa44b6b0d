// The wire between GitClient and quarry-git: requests, answers, and their bytes.
//
// A frame is its body's length (u32, little-endian) and the body. A request's body is the
// operation (u8), the time it may take (u64, milliseconds) and the operation's options; an
// answer's is a Reply's head and then the result, or a message. Both sides use the same field
// lists, so they cannot drift apart; there is one build of both, hence no version number.
//
// Decoding trusts nothing: a length or count that the remaining bytes cannot hold, an enumerator
// out of range or bytes left over fail. Strings are bytes, not text.
//
// Pure functions; safe from any thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/result.h"
#include "server/git/client.h"

namespace quarry::git::protocol {

inline constexpr std::size_t kHeadBytes = 4;
inline constexpr std::size_t kMaxRequestBytes = 16u << 20;
inline constexpr std::size_t kMaxAnswerBytes = 256u << 20;

enum class Operation : std::uint8_t {
  kStatus,
  kLog,
  kDiff,
  kFacts,
  kTrackedFiles,
  kFileAt,
  kTreeFiles,
  kBlobs
};
inline constexpr std::uint8_t kOperations = 8;

struct Nothing {};

struct Head {
  Operation operation = Operation::kStatus;
  std::uint64_t budget_ms = 0;
};

// What every answer starts with. `worn`: the helper has grown too large to be kept.
struct Reply {
  bool ok = false;
  bool worn = false;
  Code code = Code::kInternal;  // when not ok, with `message`
  std::string message;
};

// Appends a whole frame to `out` and returns nothing; kTooLarge when the body is over `limit`.
template <class Options>
Result<void> append_request(std::string& out, const Head& head, const Options& options);
template <class Answer>
Result<void> append_answer(std::string& out, bool worn, const Result<Answer>& answer);

// `body` is a frame without its length.
Result<Head> parse_head(std::string_view& body);  // drops what it read from `body`
template <class Options>
Result<Options> parse_options(std::string_view body);
// The helper's own error comes back as it was; `worn` is set in both cases.
template <class Answer>
Result<Answer> parse_answer(std::string_view body, bool& worn);

// The body's length from a frame's first kHeadBytes bytes.
std::uint32_t frame_length(const char* head);

}  // namespace quarry::git::protocol
