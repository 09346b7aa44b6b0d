// Trees: the Tree of each root in use, found by its workspace.
//
// A tree lives as long as its workspace, that is the last session on the root, and no longer than
// kUnusedNs after its last use: watches cost the kernel memory. sweep() lets go of such trees; it
// is called in the background, where there is one, and by find() otherwise.
//
// Safe from any thread.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "server/base/background.h"
#include "server/watch/tree.h"

namespace quarry::watch {

class Trees {
 public:
  static constexpr std::int64_t kUnusedNs = 300'000'000'000;

  // `clock` and `background` (may be null) outlive the trees. `on_dropped` hears of each tree that
  // is let go of, on the thread that does it, with no lock held.
  Trees(const Clock& clock, Background* background, const TreeLimits& limits,
        std::function<void(std::uint64_t serial)> on_dropped);
  ~Trees();

  std::shared_ptr<Tree> find(const std::shared_ptr<const sandbox::Workspace>& files);
  void sweep();
  std::vector<Standing> standing() const;
  std::size_t watched() const;  // directories, of all trees
  const TreeLimits& limits() const { return limits_; }

 private:
  struct State {
    std::map<const sandbox::Workspace*, std::shared_ptr<Tree>> trees;
    std::uint64_t serials = 0;
    std::int64_t swept_ns = 0;
  };
  // What a sweep in the background may still reach after the Trees are gone.
  struct Anchor {
    Guarded<Trees*> trees;
  };

  void ask_for_sweep();

  const Clock& clock_;
  Background* background_;
  const TreeLimits limits_;
  const std::function<void(std::uint64_t)> on_dropped_;
  Quota quota_;  // before the trees, which use it
  const std::shared_ptr<Anchor> anchor_;
  std::atomic<bool> sweep_due_{false};  // asked of the background
  mutable Guarded<State> state_;
};

}  // namespace quarry::watch
