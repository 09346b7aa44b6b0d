#include "server/mcp/call.h"

namespace quarry::mcp {
namespace {

// What an idle Call may keep: more than a usual answer, less than what would be missed. Calls
// beyond kMaxIdle are freed, since a burst of thousands is rare.
constexpr std::size_t kMaxIdle = 64;
constexpr std::size_t kKeptBytes = std::size_t{256} << 10U;

void trim(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kKeptBytes) buffer.shrink_to_fit();
}

}  // namespace

std::unique_ptr<Call> CallPool::take() {
  {
    auto idle = idle_.lock();
    if (!idle->empty()) {
      auto call = std::move(idle->back());
      idle->pop_back();
      return call;
    }
  }
  return std::make_unique<Call>(clock_, wire_);
}

void CallPool::give_back(std::unique_ptr<Call> call) {
  call->session.reset();
  call->cancel.reset();
  call->reply = rpc::Reply();
  call->state.reset();
  call->tracked = false;
  call->question.tree.reset();
  trim(call->question.key);
  call->question.asked = call->question.leads = call->question.keep = false;
  call->line.clear();
  call->document.forget_a_huge_line();
  trim(call->answer);
  trim(call->output.text);
  trim(call->output.structured);
  call->output.images.clear();
  auto idle = idle_.lock();
  if (idle->size() < kMaxIdle) idle->push_back(std::move(call));
}

CallPool::Kept CallPool::kept() const {
  auto idle = idle_.lock();
  Kept kept{.calls = idle->size(), .bytes = 0};
  for (const auto& call : *idle) {
    kept.bytes += sizeof(Call) + call->line.capacity() + call->document.kept_bytes() +
                  call->output.text.capacity() + call->output.structured.capacity() +
                  call->answer.capacity();
  }
  return kept;
}

void CallPool::shrink() {
  std::vector<std::unique_ptr<Call>> freed;
  idle_.lock()->swap(freed);  // freed outside the lock
}

}  // namespace quarry::mcp
