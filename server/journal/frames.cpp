#include "server/journal/frames.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "server/base/bytes.h"
#include "server/base/hash.h"

namespace quarry::journal {
namespace {

constexpr std::uint32_t kMagic = 0x314A5551;  // "QUJ1"

struct Header {
  std::uint32_t magic = kMagic;
  char kind = 0;
  std::array<char, 3> unused{};
  std::uint64_t length = 0;
  std::uint64_t checksum = 0;  // of kind and payload
};
static_assert(sizeof(Header) == kFrameHeader);

std::uint64_t checksum_of(char kind, std::string_view payload) {
  return hash64(payload) ^ (static_cast<std::uint64_t>(kind) << 56U);
}

}  // namespace

std::string frame_of(char kind, std::string_view payload) {
  Header header;
  header.kind = kind;
  header.length = payload.size();
  header.checksum = checksum_of(kind, payload);
  std::string frame(sizeof header, '\0');
  std::memcpy(frame.data(), &header, sizeof header);
  return frame.append(payload);
}

bool take_frame(std::string_view bytes, char& kind, std::string_view& payload) {
  Header header;
  if (bytes.size() < sizeof header) return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  bytes.remove_prefix(sizeof header);
  if (header.magic != kMagic || header.length > bytes.size()) return false;
  payload = bytes.substr(0, header.length);
  kind = header.kind;
  return checksum_of(kind, payload) == header.checksum;
}

std::optional<FrameStart> find_frame_start(std::string_view bytes) {
  Header header;
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != kMagic) return std::nullopt;
  return FrameStart{.kind = header.kind,
                    .length = header.length,
                    .payload = bytes.substr(sizeof header, header.length)};
}

std::string encode_end(std::string_view id, Outcome outcome) {
  std::string payload;
  ByteWriter(payload).string(id).number(static_cast<std::uint64_t>(outcome));
  return payload;
}

Ended decode_end(std::string_view payload) {
  ByteReader in(payload);
  Ended ended;
  ended.id = in.string();
  ended.outcome = static_cast<Outcome>(std::min<std::uint64_t>(in.number(), 3));
  return ended;
}

}  // namespace quarry::journal
