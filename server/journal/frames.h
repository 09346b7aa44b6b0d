// Frames: what a segment of the journal is made of, one after the other: a header with length and
// checksum, and a payload.
//
// Pure functions; safe from any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/journal/entry.h"

namespace quarry::journal {

inline constexpr char kBegin = 'B';  // an entry
inline constexpr char kEnd = 'E';    // what became of one
inline constexpr std::size_t kFrameHeader = 24;

std::string frame_of(char kind, std::string_view payload);
// The first frame of `bytes`; false when there is no whole one.
bool take_frame(std::string_view bytes, char& kind, std::string_view& payload);

// What the first bytes of a frame say, unchecked.
struct FrameStart {
  char kind = 0;
  std::uint64_t length = 0;  // of the payload
  std::string_view payload;  // as much of it as there is
};
std::optional<FrameStart> find_frame_start(std::string_view bytes);

struct Ended {
  std::string_view id;  // into the payload
  Outcome outcome = Outcome::kOpen;
};

std::string encode_end(std::string_view id, Outcome outcome);
Ended decode_end(std::string_view payload);

}  // namespace quarry::journal
