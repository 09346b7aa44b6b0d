#include "server/search/shared_files.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <tuple>

namespace quarry::search {
namespace {

// A set of inodes that says "maybe" without a look at more than one bit.
class Sieve {
 public:
  explicit Sieve(std::size_t inodes)
      : log2_(static_cast<unsigned>(std::bit_width(std::max<std::size_t>(inodes, 64) * 8))),
        bits_((std::size_t{1} << log2_) / 64) {}

  bool maybe(std::uint32_t inode) const {
    const std::uint32_t at = place(inode);
    return (bits_[at / 64] >> (at % 64) & 1U) != 0;
  }
  void add(std::uint32_t inode) {
    const std::uint32_t at = place(inode);
    bits_[at / 64] |= std::uint64_t{1} << (at % 64);
  }

 private:
  std::uint32_t place(std::uint32_t inode) const {
    return static_cast<std::uint32_t>(std::uint64_t{inode * 0x9e3779b1U} >> (32 - log2_));
  }

  const unsigned log2_;
  std::vector<std::uint64_t> bits_;
};

// Calls body(inode) for all in the listing that may have other names.
template <class Body>
void each_inode(const Listing& listing, const Body& body) {
  for (const WalkEntry& entry : listing.entries) {
    if (entry.kind != sandbox::Kind::kDirectory && entry.inode != 0) body(entry.inode);
  }
}

template <class Body>
void each_listing(const TreeNode& node, const Body& body) {
  body(*node.listing);
  for (const auto& child : node.children) each_listing(*child, body);
}

const TreeNode* child_of(const TreeNode* node, std::string_view name) {
  const WalkEntry* const entry = node == nullptr ? nullptr : node->listing->find(name);
  if (entry == nullptr || entry->child < 0) return nullptr;
  return node->children[static_cast<std::size_t>(entry->child)].get();
}

void sort_unique(Inodes& inodes) {
  std::ranges::sort(inodes);
  inodes.erase(std::unique(inodes.begin(), inodes.end()), inodes.end());
}

}  // namespace

Inodes shared_files(const TreeNode& tree) {
  Sieve seen(tree.counts.entries);
  Inodes twice;
  each_listing(tree, [&](const Listing& listing) {
    each_inode(listing, [&](std::uint32_t inode) {
      if (seen.maybe(inode)) twice.push_back(inode);
      seen.add(inode);
    });
  });
  sort_unique(twice);
  Inodes shared;
  update_shared(shared, twice, places_of(twice, tree));
  return shared;
}

Difference::Difference(const TreeNode& before_top, const TreeNode& now_top) {
  compare(&before_top, &now_top);
  std::ranges::sort(before);
  std::ranges::sort(now);
}

// Of a directory as it was and as it is; null: not there.
void Difference::compare(const TreeNode* old, const TreeNode* fresh_one) {
  if (old == fresh_one) return;
  const bool same = old != nullptr && fresh_one != nullptr && old->listing == fresh_one->listing;
  if (same) {
    for (std::size_t i = 0; i < old->children.size(); ++i) {
      compare(old->children[i].get(), fresh_one->children[i].get());
    }
    return;
  }
  if (old != nullptr) {
    each_inode(*old->listing, [&](std::uint32_t inode) { before.push_back(inode); });
    for (const auto& child : old->children) {
      const TreeNode* const there = child_of(fresh_one, child->listing->path.name());
      if (there == nullptr) compare(child.get(), nullptr);
    }
  }
  if (fresh_one != nullptr) {
    fresh.insert(fresh_one->listing.get());
    each_inode(*fresh_one->listing, [&](std::uint32_t inode) { now.push_back(inode); });
    for (const auto& child : fresh_one->children) {
      compare(child_of(old, child->listing->path.name()), child.get());
    }
  }
}

Inodes Difference::suspects(const Inodes& shared) const {
  Inodes found;
  std::ranges::set_difference(now, before, std::back_inserter(found));
  if (!shared.empty()) {
    for (const auto* const inodes : {&before, &now}) {
      std::ranges::set_intersection(shared, *inodes, std::back_inserter(found));
    }
  }
  sort_unique(found);
  return found;
}

std::vector<SharedPlace> places_of(const Inodes& wanted, const TreeNode& tree) {
  std::vector<SharedPlace> places;
  if (wanted.empty()) return places;
  Sieve sieve(wanted.size());
  for (const std::uint32_t inode : wanted) sieve.add(inode);
  each_listing(tree, [&](const Listing& listing) {
    each_inode(listing, [&](std::uint32_t inode) {
      if (!sieve.maybe(inode) || !std::ranges::binary_search(wanted, inode)) return;
      places.push_back({inode, &listing});
    });
  });
  std::ranges::stable_sort(places, {}, &SharedPlace::inode);
  places.erase(std::unique(places.begin(), places.end()), places.end());
  return places;
}

void update_shared(Inodes& shared, const Inodes& asked, const std::vector<SharedPlace>& places) {
  Inodes next;
  std::ranges::set_difference(shared, asked, std::back_inserter(next));
  for (std::size_t i = 1; i < places.size(); ++i) {
    if (places[i].inode == places[i - 1].inode) next.push_back(places[i].inode);
  }
  sort_unique(next);
  shared = std::move(next);
}

Inodes united(const Inodes& one, const Inodes& other) {
  Inodes all;
  std::ranges::set_union(one, other, std::back_inserter(all));
  return all;
}

}  // namespace quarry::search
