// RecentFrame: one change in the log of recent changes, whole or not there at all.
//
//   0  u32  bytes of the frame        8  u64  XXH3-64 of all bytes from 16 on
//   4  u32  entries                  16  u64  life: which use of the file it belongs to
//                                    24  the entries, each: u64 number of its change, u32 bytes of
//                                        the key, u32 bytes of the record (all ones: erased), both
//
// in little-endian order. Files are written over without being emptied: a frame of another life is
// none. Pure functions; safe from any thread.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace quarry::store {

class FrameWriter {
 public:
  FrameWriter(std::string& out, std::uint64_t life);
  void add(std::uint64_t change, std::string_view key, const std::optional<std::string>& record);
  // Completes the frame. Nothing may be added after.
  void finish();

 private:
  std::string& out_;
  std::uint32_t entries_ = 0;
};

using VisitEntry = std::function<void(std::uint64_t change, std::string_view key,
                                      std::optional<std::string_view> record)>;

inline constexpr std::size_t kFrameHeadBytes = 24;

// The length that a frame of that life says it has, by its first kFrameHeadBytes; 0 when `bytes`
// are fewer or no such frame begins with them.
std::size_t announced_bytes(std::string_view bytes, std::uint64_t life);

// Calls `visit` for each entry of the frame at the start of `bytes` and returns its length; 0,
// without a call, when there is no whole frame of that life.
std::size_t read_frame(std::string_view bytes, std::uint64_t life, const VisitEntry& visit);

}  // namespace quarry::store
