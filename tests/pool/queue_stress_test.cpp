#include <atomic>
#include <memory>
#include <vector>

#include <catch2/catch.hpp>

#include "server/pool/queue.h"
#include "server/pool/thread.h"

namespace quarry::pool {
namespace {

// What ThreadSanitizer cannot judge about the lock-free queue is counted here: nothing is lost,
// nothing comes twice, and the elements of one writer come in their order.
TEST_CASE("queue hands each element to exactly one reader in its writer's order") {
  constexpr std::size_t kWriters = 4;
  constexpr std::size_t kReaders = 4;
  constexpr std::size_t kEach = 60'000;
  struct Element {
    std::size_t writer = 0;
    std::size_t number = 0;
  };
  Queue<Element> queue;
  std::vector<std::atomic<int>> seen(kWriters * kEach);
  std::atomic<std::size_t> taken{0};
  std::atomic<std::size_t> out_of_order{0};

  const auto write = [&](std::size_t writer) {
    for (std::size_t i = 0; i < kEach;) {
      if (i % 5 == 0 && i + 8 <= kEach) {
        std::vector<Element> bulk;
        for (std::size_t n = 0; n < 8; ++n) bulk.push_back({writer, i + n});
        if (queue.push_bulk(bulk.begin(), bulk.size())) i += bulk.size();
      } else if (queue.push({writer, i})) {
        ++i;
      }
    }
  };
  const auto read = [&] {
    std::vector<std::size_t> next(kWriters);
    Element element;
    while (taken < kWriters * kEach) {
      if (!queue.take(element)) continue;
      ++taken;
      if (element.number < next[element.writer]) ++out_of_order;
      next[element.writer] = element.number + 1;
      ++seen[element.writer * kEach + element.number];
    }
  };
  {
    std::vector<std::unique_ptr<Thread>> threads;
    for (std::size_t i = 0; i < kWriters; ++i) {
      threads.push_back(std::make_unique<Thread>("writer", [&write, i] { write(i); }));
    }
    for (std::size_t i = 0; i < kReaders; ++i) {
      threads.push_back(std::make_unique<Thread>("reader", read));
    }
    for (auto& thread : threads) REQUIRE(thread->start());
  }
  std::size_t wrong = 0;
  for (const auto& count : seen) wrong += count == 1 ? 0 : 1;
  CHECK(wrong == 0);
  CHECK(out_of_order == 0);
  Element left;
  CHECK_FALSE(queue.take(left));
}

TEST_CASE("queue frees the elements that nobody took") {
  const auto shared = std::make_shared<int>(1);
  {
    Queue<std::shared_ptr<int>> queue;
    for (int i = 0; i < 100; ++i) REQUIRE(queue.push(shared));
    std::shared_ptr<int> one;
    REQUIRE(queue.take(one));
    CHECK(shared.use_count() == 101);
  }
  CHECK(shared.use_count() == 1);
}

}  // namespace
}  // namespace quarry::pool
