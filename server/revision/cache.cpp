#include "server/revision/cache.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "server/base/hash.h"

namespace quarry::revision {
namespace {

constexpr std::size_t kEntryBytes = 256;  // of an entry besides its object

}  // namespace

Cache::Key Cache::key(std::string_view root, const search::ObjectId& id) {
  Key key;
  const auto place = hash128(root);
  std::ranges::copy(place, std::ranges::copy(id, key.begin()).out);
  return key;
}

// An object's id is as good as random.
std::size_t Cache::Hash::operator()(const Key& key) const {
  std::size_t hash = 0;
  std::memcpy(&hash, key.data(), sizeof hash);
  return hash;
}

Cache::Entry Cache::find(const Key& key) {
  auto state = state_.lock();
  const auto found = state->at.find(key);
  ++(found == state->at.end() ? state->stats.misses : state->stats.hits);
  return found == state->at.end() ? Entry{} : state->entries[found->second];
}

void Cache::keep(const Key& key, search::Snapshot::Content content) {
  const std::size_t bytes = content->capacity();
  keep({key, bytes, std::move(content), nullptr});
}

void Cache::keep(const Key& key, std::shared_ptr<const search::TreeNode> tree) {
  const std::size_t bytes = tree->counts.bytes;
  keep({key, bytes, nullptr, std::move(tree)});
}

void Cache::keep(Entry entry) {
  entry.bytes += kEntryBytes;
  if (entry.bytes > most_ / 8) return;
  std::vector<Entry> gone;  // freed when the lock is gone
  auto state = state_.lock();
  if (state->at.contains(entry.key)) return;
  while (state->stats.bytes + entry.bytes > most_) {
    // The multiplier of Knuth's MMIX; its high bits are the good ones.
    state->random = state->random * 6364136223846793005U + 1442695040888963407U;
    Entry& victim = state->entries[(state->random >> 32U) % state->entries.size()];
    state->at.erase(victim.key);
    state->stats.bytes -= victim.bytes;
    std::swap(victim, state->entries.back());
    if (&victim != &state->entries.back()) {
      state->at[victim.key] = static_cast<std::size_t>(&victim - state->entries.data());
    }
    gone.push_back(std::move(state->entries.back()));
    state->entries.pop_back();
  }
  state->stats.bytes += entry.bytes;
  state->at.emplace(entry.key, state->entries.size());
  state->entries.push_back(std::move(entry));
}

Cache::Stats Cache::stats() const {
  auto state = state_.lock();
  Stats stats = state->stats;
  stats.objects = state->entries.size();
  return stats;
}

}  // namespace quarry::revision
