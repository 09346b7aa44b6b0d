#include "server/store/settled.h"

namespace quarry::store {
namespace {

constexpr std::size_t kEntryBytes = 96;  // of a node, its place and the heads of its strings

}  // namespace

void Settled::Entries::begin(std::uint64_t at) {
  state = at;
  by_key.clear();
  bytes = 0;
}

void Settled::Entries::put(std::string_view key, std::optional<std::string_view> record) {
  const std::size_t more = kEntryBytes + key.size() + (record ? record->size() : 0);
  if (more > kMostBytes / 4) return static_cast<void>(by_key.erase(std::string(key)));
  if (bytes + more > kMostBytes) begin(state);
  bytes += more;
  auto known = by_key.find(key);
  if (known == by_key.end()) {
    known = by_key.emplace(key, std::nullopt).first;
  } else {
    bytes -= kEntryBytes + key.size() + (known->second ? known->second->size() : 0);
  }
  if (!record) {
    known->second.reset();
  } else if (known->second) {
    known->second->assign(*record);
  } else {
    known->second.emplace(*record);
  }
}

Settled::Known Settled::find(std::uint64_t state, std::string_view key, std::string& record) const {
  const auto entries = entries_.lock();
  if (entries->state != state) return Known::kNo;
  const auto known = entries->by_key.find(key);
  if (known == entries->by_key.end()) return Known::kNo;
  if (!known->second) return Known::kAbsent;
  record.assign(*known->second);
  return Known::kPresent;
}

void Settled::note(std::uint64_t state, std::string_view key,
                   std::optional<std::string_view> record) {
  auto entries = entries_.lock();
  if (entries->state != state) {
    // While this process writes, a later change may be its own: wrote() will tell.
    if (entries->writing || entries->state > state) return;
    entries->begin(state);
  }
  entries->put(key, record);
}

void Settled::wrote(std::uint64_t state, const Layer& pending) {
  auto entries = entries_.lock();
  entries->writing = false;
  // Changes are numbered one by one: was there another one in between, nothing older is known.
  if (entries->state + 1 != state) entries->begin(state);
  entries->state = state;
  for (const auto& [key, record] : pending.records) {
    entries->put(key, record ? std::optional<std::string_view>(*record) : std::nullopt);
  }
}

void Settled::failed() {
  auto entries = entries_.lock();
  entries->writing = false;
  entries->begin(0);  // whether it has a number is not known
}

}  // namespace quarry::store
