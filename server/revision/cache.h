// Cache: trees of commits and contents of blobs that searches of revisions have read, in memory.
//
// Objects are named by their content and so never out of date; what is kept for one root is not
// found for another, which may not hold it. All together take at most the bytes that were allowed.
// What goes is chosen at random: a search reads a tree from its start, so that of one larger than
// the cache the least recently used would always be what is wanted next.
//
// Safe from any thread.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/base/guarded.h"
#include "server/base/limits.h"
#include "server/search/snapshot.h"

namespace quarry::revision {

class Cache {
 public:
  struct Stats {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t objects = 0;
    std::uint64_t bytes = 0;
  };
  // An object of one root's repository.
  using Key = std::array<char, 36>;

  explicit Cache(std::size_t most_bytes = standard<std::size_t>(Limit::kRevisionBytes))
      : most_(most_bytes) {}

  static Key key(std::string_view root, const search::ObjectId& id);

  // Null when it is not kept.
  search::Snapshot::Content find_content(const Key& key) { return find(key).content; }
  std::shared_ptr<const search::TreeNode> find_tree(const Key& key) { return find(key).tree; }
  // What takes more than an eighth of the cache is not kept.
  void keep(const Key& key, search::Snapshot::Content content);
  void keep(const Key& key, std::shared_ptr<const search::TreeNode> tree);
  Stats stats() const;

 private:
  struct Entry {
    Key key{};
    std::size_t bytes = 0;
    // One of the two. Owners: the cache and the searches that use them.
    search::Snapshot::Content content;
    std::shared_ptr<const search::TreeNode> tree;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  struct State {
    std::vector<Entry> entries;
    std::unordered_map<Key, std::size_t, Hash> at;  // into entries
    std::uint64_t random = 1;
    Stats stats;
  };

  Entry find(const Key& key);
  void keep(Entry entry);

  const std::size_t most_;
  mutable Guarded<State> state_;
};

}  // namespace quarry::revision
