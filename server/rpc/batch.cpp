#include "server/rpc/batch.h"

namespace quarry::rpc {

void Batch::deliver(std::string_view line) {
  std::string full;
  auto state = state_.lock();
  if (!state->answers.empty() && state->answers.size() + line.size() + 2 >= kMaxLineOut)
    full.swap(state->answers);
  state->answers.push_back(state->answers.empty() ? '[' : ',');
  state->answers.append(line);
  if (!full.empty()) {
    state.unlock();
    sink_->deliver(full.append("]"));
    state.relock();
  }
  finish_member(std::move(state));
}

void Batch::dropped() {
  finish_member(state_.lock());
}

void Batch::finish_member(Guarded<State>::Lock state) {
  if (--state->left != 0) return;
  std::string answers;
  answers.swap(state->answers);
  state.unlock();
  if (answers.empty())
    sink_->dropped();
  else
    sink_->deliver(answers.append("]"));
}

}  // namespace quarry::rpc
