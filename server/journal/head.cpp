#include "server/journal/head.h"

#include <cstring>

#include "server/base/bytes.h"
#include "server/base/hash.h"

namespace quarry::journal {
namespace {

struct Start {
  std::uint64_t segment = 0;
  std::uint64_t tail = 0;
  std::uint64_t length = 0;    // of the list
  std::uint64_t checksum = 0;  // of the list
};
static_assert(sizeof(Start) == 32);

}  // namespace

void Head::add(OpenEntry entry) {
  if (open.size() >= kMostOpen) open.erase(open.begin());
  open.push_back(std::move(entry));
}

void Head::remove(std::string_view id) {
  std::erase_if(open, [id](const OpenEntry& entry) { return entry.id == id; });
}

std::string encode(const Head& head) {
  std::string list;
  ByteWriter out(list);
  for (const OpenEntry& entry : head.open) {
    out.string(entry.id).string(entry.root);
    out.number(entry.frame.segment).number(entry.frame.offset).number(entry.frame.length);
  }
  const Start start{
      .segment = head.segment, .tail = head.tail, .length = list.size(), .checksum = hash64(list)};
  std::string bytes(sizeof start, '\0');
  std::memcpy(bytes.data(), &start, sizeof start);
  return bytes.append(list);
}

std::size_t needed_for_head(std::string_view bytes) {
  Start start;
  if (bytes.size() < sizeof start) return sizeof start;
  std::memcpy(&start, bytes.data(), sizeof start);
  return sizeof start + start.length;
}

std::optional<Head> decode_head(std::string_view bytes) {
  Start start;
  if (bytes.size() < sizeof start) return std::nullopt;
  std::memcpy(&start, bytes.data(), sizeof start);
  Head head{.segment = start.segment, .tail = start.tail, .open = {}};
  const std::string_view list = bytes.substr(sizeof start, start.length);
  if (list.size() != start.length || hash64(list) != start.checksum) {
    head.tail = 0;
    return head;
  }
  ByteReader in(list);
  while (in.ok() && !in.at_end()) {
    OpenEntry entry;
    entry.id = in.string();
    entry.root = in.string();
    entry.frame.segment = in.number();
    entry.frame.offset = in.number();
    entry.frame.length = in.number();
    if (in.ok()) head.open.push_back(std::move(entry));
  }
  return head;
}

}  // namespace quarry::journal
