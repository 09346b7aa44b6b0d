// HandBackground: background work that runs when a test says so, on the test's own thread.

#pragma once

#include <map>
#include <utility>

#include "server/base/background.h"

namespace quarry::test {

class HandBackground final : public Background {
 public:
  void after(std::chrono::milliseconds delay, std::function<void()> work) override {
    works_.emplace(now_ + delay, std::move(work));
  }

  // Lets `time` pass: runs what comes due in it, in order, also what these works add. Returns how
  // many ran.
  std::size_t advance(std::chrono::milliseconds time) {
    const std::chrono::milliseconds end = now_ + time;
    std::size_t ran = 0;
    while (!works_.empty() && works_.begin()->first <= end) {
      auto next = works_.extract(works_.begin());
      now_ = std::max(now_, next.key());
      next.mapped()();
      ++ran;
    }
    now_ = end;
    return ran;
  }
  std::size_t waiting() const { return works_.size(); }

 private:
  std::chrono::milliseconds now_{0};
  std::multimap<std::chrono::milliseconds, std::function<void()>> works_;
};

}  // namespace quarry::test
