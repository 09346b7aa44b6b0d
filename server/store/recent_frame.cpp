#include "server/store/recent_frame.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "server/base/hash.h"

namespace quarry::store {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t kHeadBytes = kFrameHeadBytes;
constexpr std::size_t kEntriesAt = 4;
constexpr std::size_t kFrameChecksumAt = 8;
constexpr std::size_t kSummedFromByte = 16;
constexpr std::size_t kEntryHeadBytes = 16;
constexpr std::uint32_t kErased = UINT32_MAX;

template <class Number>
Number load(std::string_view bytes, std::size_t at) {
  Number number{};
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

template <class Number>
void append(std::string& out, Number number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

// The bytes of the entry at `at`, or 0 when it does not fit.
std::size_t entry_bytes(std::string_view frame, std::size_t at) {
  if (frame.size() - at < kEntryHeadBytes) return 0;
  const std::uint64_t key = load<std::uint32_t>(frame, at + 8);
  const auto record = load<std::uint32_t>(frame, at + 12);
  const std::uint64_t bytes = kEntryHeadBytes + key + (record == kErased ? 0 : record);
  return bytes <= frame.size() - at ? bytes : 0;
}

bool well_formed(std::string_view frame, std::uint32_t entries) {
  std::size_t at = kHeadBytes;
  for (; entries > 0; --entries) {
    const std::size_t bytes = entry_bytes(frame, at);
    if (bytes == 0) return false;
    at += bytes;
  }
  return at == frame.size();
}

}  // namespace

FrameWriter::FrameWriter(std::string& out, std::uint64_t life) : out_(out) {
  out_.assign(kSummedFromByte, '\0');
  append(out_, life);
}

void FrameWriter::add(std::uint64_t change, std::string_view key,
                      const std::optional<std::string>& record) {
  const std::string_view bytes = record ? std::string_view(*record) : std::string_view();
  const auto key_size = static_cast<std::uint32_t>(key.size());
  const auto record_size = record ? static_cast<std::uint32_t>(bytes.size()) : kErased;
  const std::size_t before = out_.size();
  const std::size_t after = before + kEntryHeadBytes + key.size() + bytes.size();
  out_.resize_and_overwrite(after, [&](char* begin, std::size_t /*room*/) {
    char* const at = begin + before;
    std::memcpy(at, &change, sizeof change);
    std::memcpy(at + 8, &key_size, sizeof key_size);
    std::memcpy(at + 12, &record_size, sizeof record_size);
    char* const behind = std::copy(key.begin(), key.end(), at + kEntryHeadBytes);
    std::copy(bytes.begin(), bytes.end(), behind);
    return after;
  });
  ++entries_;
}

void FrameWriter::finish() {
  const auto bytes = static_cast<std::uint32_t>(out_.size());
  std::memcpy(out_.data(), &bytes, sizeof bytes);
  std::memcpy(out_.data() + kEntriesAt, &entries_, sizeof entries_);
  const std::uint64_t checksum = hash64(std::string_view(out_).substr(kSummedFromByte));
  std::memcpy(out_.data() + kFrameChecksumAt, &checksum, sizeof checksum);
}

std::size_t announced_bytes(std::string_view bytes, std::uint64_t life) {
  if (bytes.size() < kHeadBytes || load<std::uint64_t>(bytes, kSummedFromByte) != life) return 0;
  const std::size_t size = load<std::uint32_t>(bytes, 0);
  return size < kHeadBytes ? 0 : size;
}

std::size_t read_frame(std::string_view bytes, std::uint64_t life, const VisitEntry& visit) {
  const std::size_t size = announced_bytes(bytes, life);
  if (size == 0 || size > bytes.size()) return 0;
  const std::string_view frame = bytes.substr(0, size);
  const auto entries = load<std::uint32_t>(frame, kEntriesAt);
  if (load<std::uint64_t>(frame, kFrameChecksumAt) != hash64(frame.substr(kSummedFromByte)) ||
      !well_formed(frame, entries)) {
    return 0;
  }
  std::size_t at = kHeadBytes;
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::string_view key =
        frame.substr(at + kEntryHeadBytes, load<std::uint32_t>(frame, at + 8));
    const auto record = load<std::uint32_t>(frame, at + 12);
    visit(load<std::uint64_t>(frame, at), key,
          record == kErased
              ? std::nullopt
              : std::optional(frame.substr(at + kEntryHeadBytes + key.size(), record)));
    at += entry_bytes(frame, at);
  }
  return size;
}

}  // namespace quarry::store
