#include "server/store/memory_store.h"

#include <vector>

#include "server/store/record.h"

namespace quarry::store {
namespace {

constexpr std::size_t kVisitedAtOnce = 256;
constexpr std::size_t kEntryBytes = 128;  // what a map's node takes beside key and value

std::size_t weight(std::string_view key, std::string_view value) {
  return key.size() + value.size() + kEntryBytes;
}

}  // namespace

MemoryStore::MemoryStore(std::string note, const Options& options) : options_(options) {
  auto content = content_.lock();
  content->stats.mode = "memory";
  content->stats.note = std::move(note);
}

std::optional<std::string> MemoryStore::get(Table table, std::string_view key) {
  auto content = content_.lock();
  ++content->stats.gets;
  const auto found = content->entries.find(Key(table, key));
  if (found == content->entries.end()) return std::nullopt;
  ++content->stats.hits;
  return found->second.value;
}

void MemoryStore::remove(Content& content, std::map<Key, Entry>::iterator entry) {
  const std::size_t bytes = weight(entry->first.second, entry->second.value);
  if (durable(entry->first.first)) {
    content.state_bytes -= bytes;
  } else {
    content.cache_bytes -= bytes;
    content.by_age.erase(entry->second.written);
  }
  content.entries.erase(entry);
}

Result<void> MemoryStore::put(Table table, std::string_view key, std::string_view value) {
  auto content = content_.lock();
  const std::size_t bytes = weight(key, value);
  Key own(table, key);
  const auto old = content->entries.find(own);
  if (durable(table)) {
    const std::size_t freed = old == content->entries.end() ? 0 : weight(key, old->second.value);
    if (content->state_bytes - freed + bytes > options_.state_bytes) {
      return fail(Code::kTooLarge, "the store is full; close sessions that are no longer needed");
    }
  } else if (bytes > options_.cache_bytes) {
    return fail(Code::kTooLarge, "the value is too large for the cache");
  }
  if (old != content->entries.end()) remove(*content, old);
  const std::uint64_t written = ++content->writes;
  if (durable(table)) {
    content->state_bytes += bytes;
  } else {
    while (content->cache_bytes + bytes > options_.cache_bytes) {
      remove(*content, content->entries.find(content->by_age.begin()->second));
    }
    content->cache_bytes += bytes;
    content->by_age.emplace(written, own);
  }
  content->entries.emplace(std::move(own), Entry{std::string(value), written});
  ++content->stats.puts;
  ++content->stats.commits;
  return {};
}

Result<void> MemoryStore::erase(Table table, std::string_view key) {
  auto content = content_.lock();
  const auto found = content->entries.find(Key(table, key));
  if (found != content->entries.end()) remove(*content, found);
  return {};
}

Result<void> MemoryStore::each(
    Table table, const std::function<bool(std::string_view key, std::string_view value)>& visit) {
  // Copied part by part: `visit` may use the store.
  std::vector<std::pair<std::string, std::string>> part;
  Key after(table, "");
  for (bool first = true; first || part.size() == kVisitedAtOnce; first = false) {
    part.clear();
    {
      auto content = content_.lock();
      auto entry =
          first ? content->entries.lower_bound(after) : content->entries.upper_bound(after);
      for (; entry != content->entries.end() && entry->first.first == table &&
             part.size() < kVisitedAtOnce;
           ++entry) {
        part.emplace_back(entry->first.second, entry->second.value);
      }
    }
    for (const auto& [key, value] : part) {
      if (!visit(key, value)) return {};
    }
    if (!part.empty()) after.second = part.back().first;
  }
  return {};
}

StoreStats MemoryStore::stats() const {
  return content_.lock()->stats;
}

}  // namespace quarry::store
