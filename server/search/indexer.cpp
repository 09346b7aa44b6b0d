#include "server/search/indexer.h"

#include <algorithm>
#include <chrono>

#include "server/search/catalogue.h"

namespace quarry::search {

void Indexer::learn(const std::shared_ptr<Catalogue>& catalogue) {
  if (catalogue->contents() == nullptr || !catalogue->begin_learning()) return;
  parts_.background.after(std::chrono::milliseconds(0), [this, catalogue] { step(catalogue); });
}

void Indexer::step(const std::shared_ptr<Catalogue>& catalogue) {
  const std::int64_t began_ns = parts_.clock.steady_ns();
  const Stop unlimited(token_, parts_.clock);
  bool more = false;
  if (const auto files = catalogue->files()) {
    // Whatever takes long to find out is left to the next search.
    std::atomic<std::int64_t> steps{kPeekSteps};
    const auto tree = catalogue->now(*files, alone_, unlimited.spending(steps), Effort::kPeek);
    more =
        tree != nullptr && catalogue->contents()->advance(*files, tree, unlimited.within(kSliceNs));
  }
  if (!more) return catalogue->end_learning();
  const std::chrono::nanoseconds took(parts_.clock.steady_ns() - began_ns);
  parts_.background.after(
      std::max(std::chrono::ceil<std::chrono::milliseconds>(took), std::chrono::milliseconds(1)),
      [this, catalogue] { step(catalogue); });
}

}  // namespace quarry::search
