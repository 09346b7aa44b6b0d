// Head: what the file `lock` of a journal says: how far its last segment is known to be whole, and
// which entries are open.
//
// Plain values. Thread-compatible.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quarry::journal {

// Where an entry lies.
struct Frame {
  std::uint64_t segment = 1;
  std::uint64_t offset = 0;  // of the frame
  std::uint64_t length = 0;  // of the entry in it, in bytes
  bool operator==(const Frame&) const = default;
};

// One that was begun and not ended: its process is at it, or died.
struct OpenEntry {
  std::string id;
  std::string root;
  Frame frame;
};

struct Head {
  static constexpr std::size_t kMostOpen = 1000;  // the newest

  std::uint64_t segment = 1;    // the last
  std::uint64_t tail = 0;       // of it, in bytes
  std::vector<OpenEntry> open;  // in the order in which they were begun

  void add(OpenEntry entry);
  void remove(std::string_view id);
};

std::string encode(const Head& head);
// How many bytes decode_head() needs, by the first of them.
std::size_t needed_for_head(std::string_view bytes);
// Nullopt when `bytes` do not even say which segment is the last. Of a list that is damaged nothing
// is left, and no byte of the segment is known to be whole: what is open is told by reading it.
std::optional<Head> decode_head(std::string_view bytes);

}  // namespace quarry::journal
