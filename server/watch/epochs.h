// Epochs: the state of a tree as two numbers, which differ from earlier ones whenever what they
// stand for may have changed.
//
// `tree` stands for everything below the root except the inside of git directories, and for their
// info/exclude and config, and those of the submodules in them, which say what is ignored. `git`
// stands for what a repository's state is read from: HEAD, index, refs, config. It is known only
// where all of that lies in the root's own `.git`. A change of git's index alone, such as
// `git status` makes, leaves `tree` as it is.

#pragma once

#include <array>
#include <cstdint>

namespace quarry::watch {

struct Epochs {
  std::uint64_t tree = 1;
  std::uint64_t git = 1;
  bool git_known = true;
  bool operator==(const Epochs&) const = default;
};

// What an answer holds for: made from Epochs or from a Fingerprint; equal ones are the same state
// of the same tree.
struct Version {
  std::array<std::uint64_t, 2> tree{};
  std::array<std::uint64_t, 2> git{};  // zeros for what does not depend on it
  bool operator==(const Version&) const = default;
};

}  // namespace quarry::watch
