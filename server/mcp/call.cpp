#include "server/mcp/call.h"

namespace quarry::mcp {
namespace {

// What one buffer of an idle Call may keep: more than a usual answer, less than what would be
// missed. Beyond the pool's bounds large buffers and then whole Calls are freed: a burst of
// thousands is rare.
constexpr std::size_t kKeptBytes = std::size_t{256} << 10U;
constexpr std::size_t kSmallBytes = std::size_t{4} << 10U;

void trim(std::string& buffer, std::size_t most) {
  buffer.clear();
  if (buffer.capacity() > most) buffer.shrink_to_fit();
}

void trim(Call& call, std::size_t most) {
  trim(call.answer, most);
  trim(call.output.text, most);
  trim(call.output.structured, most);
  trim(call.question.key, most);
}

}  // namespace

std::size_t Call::kept_bytes() const {
  return sizeof(Call) + line.capacity() + document.kept_bytes() + output.text.capacity() +
         output.structured.capacity() + answer.capacity() + question.key.capacity();
}

std::unique_ptr<Call> CallPool::take_at_hand() {
  return std::unique_ptr<Call>(at_hand_.exchange(nullptr, std::memory_order_acquire));
}

std::unique_ptr<Call> CallPool::take() {
  if (auto call = take_at_hand()) return call;
  {
    auto idle = idle_.lock();
    if (!idle->calls.empty()) {
      auto call = std::move(idle->calls.back());
      idle->calls.pop_back();
      idle->bytes -= call->kept_bytes();
      return call;
    }
  }
  return std::make_unique<Call>(clock_, wire_);
}

void CallPool::give_back(std::unique_ptr<Call> call) {
  call->output.on_sent = nullptr;  // with what it holds of the session
  call->session.reset();
  call->cancel.reset();
  call->reply = rpc::Reply();
  call->state.reset();
  call->tracked = false;
  call->question.tree.reset();
  call->question.asked = call->question.leads = call->question.keep = false;
  call->line.clear();
  call->document.forget_a_huge_line();
  call->output.images.clear();
  trim(*call, kKeptBytes);
  Call* none = nullptr;
  if (at_hand_.compare_exchange_strong(none, call.get(), std::memory_order_release,
                                       std::memory_order_relaxed)) {
    return static_cast<void>(call.release());
  }
  give_back_to_list(std::move(call));
}

void CallPool::give_back_to_list(std::unique_ptr<Call> call) {
  const std::size_t bytes = call->kept_bytes();
  auto idle = idle_.lock();
  if (idle->calls.size() >= kMaxIdle) return idle.unlock();  // freed outside the lock
  if (idle->bytes + bytes > kMaxIdleBytes) {
    trim(*call, kSmallBytes);
    if (idle->bytes + call->kept_bytes() > kMaxIdleBytes) return idle.unlock();
  }
  idle->bytes += call->kept_bytes();
  idle->calls.push_back(std::move(call));
}

CallPool::Kept CallPool::kept() {
  // Into the list, so that nobody uses it while its buffers are looked at.
  if (auto call = take_at_hand()) give_back_to_list(std::move(call));
  auto idle = idle_.lock();
  return {.calls = idle->calls.size(), .bytes = idle->bytes};
}

void CallPool::shrink() {
  take_at_hand();
  Idle freed;  // outside the lock
  std::swap(*idle_.lock(), freed);
}

}  // namespace quarry::mcp
