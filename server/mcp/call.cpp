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
  call->line.clear();
  trim(call->answer);
  trim(call->output.text);
  trim(call->output.structured);
  call->output.images.clear();
  auto idle = idle_.lock();
  if (idle->size() < kMaxIdle) idle->push_back(std::move(call));
}

}  // namespace quarry::mcp
