// Files that have names in several directories of one tree.
//
// A watch tells of a change under the name that it was made through, and of no other. Where a file
// has several names, the directories of the others must count as changed too. Which names are one
// file's, their inodes tell, which are read with the names: nothing is asked for.
//
// Inodes are known by their lowest bits and without their device. Two files that are taken for one
// cost the reading of a directory.
//
// Pure functions; safe from any thread.

#pragma once

#include <cstdint>
#include <unordered_set>
#include <vector>

#include "server/search/tree_node.h"

namespace quarry::search {

using Inodes = std::vector<std::uint32_t>;  // sorted, each once

// The inodes that stand in several directories of the tree, and maybe some others.
Inodes shared_files(const TreeNode& tree);

// In what listings two states of a tree differ.
struct Difference {
  Difference(const TreeNode& before, const TreeNode& now);

  // The inodes of these listings that are there more often than before, and those of `shared`.
  Inodes suspects(const Inodes& shared) const;

  std::unordered_set<const Listing*> fresh;  // of the later state
  std::vector<std::uint32_t> before, now;    // all their inodes, sorted

 private:
  void compare(const TreeNode* old, const TreeNode* fresh_one);
};

// Where one of some inodes stands.
struct SharedPlace {
  std::uint32_t inode;
  const Listing* listing;
  bool operator==(const SharedPlace&) const = default;
};
// All places of `wanted` in the tree, by inode; each once.
std::vector<SharedPlace> places_of(const Inodes& wanted, const TreeNode& tree);

// Brings `shared` up to date for `asked`, which stand at `places`.
void update_shared(Inodes& shared, const Inodes& asked, const std::vector<SharedPlace>& places);

Inodes united(const Inodes& one, const Inodes& other);

}  // namespace quarry::search
