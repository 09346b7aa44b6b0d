// RequestState: which came first for one request, its answer or its cancellation.
//
// Running until either the canceller or the Reply takes it, once. Whoever comes second finds out:
// after cancel() returned true nothing is begun any more for the request, neither its answer nor a
// notification about it.
//
// Safe from any thread.

#pragma once

#include <atomic>
#include <cstdint>

namespace quarry::rpc {

class RequestState {
 public:
  RequestState() = default;
  RequestState(const RequestState&) = delete;
  RequestState& operator=(const RequestState&) = delete;

  // True when no answer has begun (again true when called again); false: too late.
  bool cancel() { return take(Phase::kCancelled) || cancelled(); }
  // True once, unless cancelled: the caller now answers.
  [[nodiscard]] bool begin_answer() { return take(Phase::kAnswering); }
  // Asked before each notification about the request.
  bool running() const { return phase_.load() == Phase::kRunning; }
  bool cancelled() const { return phase_.load() == Phase::kCancelled; }
  // For the next request, by the only owner.
  void reset() { phase_.store(Phase::kRunning); }

 private:
  enum class Phase : std::uint8_t { kRunning, kCancelled, kAnswering };
  bool take(Phase phase) {
    Phase expected = Phase::kRunning;
    return phase_.compare_exchange_strong(expected, phase);
  }
  std::atomic<Phase> phase_{Phase::kRunning};
};

}  // namespace quarry::rpc
