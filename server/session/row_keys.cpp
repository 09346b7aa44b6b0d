#include "server/session/row_keys.h"

#include <algorithm>

#include "server/base/hash.h"

namespace quarry::session::rows {
namespace {

constexpr std::size_t kTimeBytes = 8;
constexpr std::size_t kHashBytes = 16;
// Of kSessionIndex; a hash follows.
constexpr std::string_view kByRoot = "r";
constexpr std::string_view kByLabel = "l";

void append_time(std::string& key, std::uint64_t time) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(time >> static_cast<unsigned>(shift)));
  }
}

std::string timed(std::string_view prefix, std::uint64_t time, std::string_view id) {
  std::string key(prefix);
  append_time(key, time);
  return key.append(id);
}

std::string hashed(std::string_view prefix, std::string_view text) {
  return std::string(prefix).append(root_hash(text));
}

// The newest first.
std::string by_creation(std::string_view prefix, const Record& record) {
  return timed(prefix, ~static_cast<std::uint64_t>(record.created_ms), id_of(record));
}

}  // namespace

std::string default_id(std::string_view root) {
  return std::string(kDefaultHandle).append("-").append(root_hash(root));
}

std::string id_of(const Record& record) {
  return record.handle == kDefaultHandle ? default_id(record.root) : record.handle;
}

std::string state_prefix(std::string_view id) {
  return state_key(id, {});
}

std::string state_key(std::string_view id, std::string_view name) {
  std::string key;
  key.reserve(id.size() + 1 + name.size());
  key.append(id).push_back('\0');
  return key.append(name);
}

std::string_view id_in_state(std::string_view state_key) {
  constexpr std::size_t kDefaultIdBytes = kDefaultHandle.size() + 1 + kHashBytes;
  const bool is_default = state_key.size() > kDefaultIdBytes &&
                          state_key[kDefaultIdBytes] == '\0' &&
                          state_key.substr(0, kDefaultHandle.size()) == kDefaultHandle;
  return state_key.substr(0, is_default ? kDefaultIdBytes : state_key.find('\0'));
}

std::string expiry_key(std::int64_t expires_ms, std::string_view id) {
  return timed(kExpiryPrefix, static_cast<std::uint64_t>(expires_ms), id);
}
std::string forget_key(std::int64_t expired_ms, std::string_view id) {
  return timed(kForgetPrefix, static_cast<std::uint64_t>(expired_ms), id);
}
std::string created_key(const Record& record) {
  return by_creation(kCreatedPrefix, record);
}
std::string root_key(const Record& record) {
  return by_creation(root_prefix(record.root), record);
}
std::string label_key(const Record& record) {
  return by_creation(label_prefix(record.label), record);
}
std::string garbage_key(std::string_view id) {
  return std::string(kGarbagePrefix).append(id);
}

std::string root_prefix(std::string_view root) {
  return hashed(kByRoot, root);
}
std::string label_prefix(std::string_view label) {
  return hashed(kByLabel, label);
}

std::string_view id_in(std::string_view index_key) {
  std::size_t before = 1;
  if (index_key.starts_with(kByRoot) || index_key.starts_with(kByLabel)) before += kHashBytes;
  if (!index_key.starts_with(kGarbagePrefix)) before += kTimeBytes;
  return index_key.substr(std::min(before, index_key.size()));
}

std::string root_totals_key(std::string_view root) {
  return hashed(kRootTotalsPrefix, root);
}
std::string label_totals_key(const Record& record) {
  return label_totals_prefix(record.label) + root_hash(record.root);
}
std::string label_totals_prefix(std::string_view label) {
  return hashed(kLabelTotalsPrefix, label);
}

std::string root_hash(std::string_view root) {
  const auto hash = hash128(root);
  return {hash.data(), hash.size()};
}

}  // namespace quarry::session::rows
