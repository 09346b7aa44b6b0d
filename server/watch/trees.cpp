#include "server/watch/trees.h"

namespace quarry::watch {
namespace {

constexpr std::int64_t kSweepNs = 60'000'000'000;

}  // namespace

Trees::Trees(const Clock& clock, Background* background, const TreeLimits& limits,
             std::function<void(std::uint64_t)> on_dropped)
    : clock_(clock),
      background_(background),
      limits_(limits),
      on_dropped_(std::move(on_dropped)),
      anchor_(std::make_shared<Anchor>()) {
  *anchor_->trees.lock() = this;
  state_.lock()->swept_ns = clock_.steady_ns();
}

Trees::~Trees() {
  *anchor_->trees.lock() = nullptr;
}

std::shared_ptr<Tree> Trees::find(const std::shared_ptr<const sandbox::Workspace>& files) {
  std::shared_ptr<Tree> tree;
  std::shared_ptr<Tree> replaced;  // destroyed without the lock
  bool sweep_now = false;
  {
    auto state = state_.lock();
    std::shared_ptr<Tree>& known = state->trees[files.get()];
    if (!known || !known->is_of(files)) {
      replaced = std::move(known);
      known = std::make_shared<Tree>(++state->serials, files, clock_, quota_, limits_);
    }
    tree = known;
    sweep_now = background_ == nullptr && clock_.steady_ns() - state->swept_ns > kSweepNs;
  }
  if (replaced) on_dropped_(replaced->serial());
  ask_for_sweep();
  if (sweep_now) sweep();
  return tree;
}

void Trees::sweep() {
  std::vector<std::shared_ptr<Tree>> dropped;
  bool left = false;
  {
    auto state = state_.lock();
    const std::int64_t now = clock_.steady_ns();
    state->swept_ns = now;
    std::erase_if(state->trees, [&](auto& one) {
      if (!one.second->gone() && now - one.second->used_ns() <= kUnusedNs) return false;
      dropped.push_back(std::move(one.second));
      return true;
    });
    left = !state->trees.empty();
  }
  for (const auto& tree : dropped) on_dropped_(tree->serial());
  sweep_due_.store(false);
  if (left) ask_for_sweep();
}

void Trees::ask_for_sweep() {
  if (background_ == nullptr || sweep_due_.load(std::memory_order_relaxed)) return;
  if (sweep_due_.exchange(true)) return;
  background_->after(std::chrono::milliseconds(kSweepNs / 1'000'000), [anchor = anchor_] {
    // Held meanwhile: the trees must not go away under the sweep.
    const auto trees = anchor->trees.lock();
    if (*trees != nullptr) (*trees)->sweep();
  });
}

std::vector<Standing> Trees::standing() const {
  std::vector<std::shared_ptr<Tree>> trees;
  {
    auto state = state_.lock();
    for (const auto& one : state->trees) trees.push_back(one.second);
  }
  std::vector<Standing> all;
  all.reserve(trees.size());
  for (const auto& tree : trees) all.push_back(tree->standing());
  return all;
}

std::size_t Trees::watched() const {
  return quota_.used.load(std::memory_order_relaxed);
}

}  // namespace quarry::watch
