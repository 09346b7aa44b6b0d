#include "server/rpc/reply.h"

#include <cassert>

#include "server/base/log.h"
#include "server/rpc/envelope.h"

namespace quarry::rpc {
namespace {

// Also fits between the brackets of a batch.
bool fits_a_line(std::string_view line) {
  return line.size() + 2 < kMaxLineOut;
}

}  // namespace

void ReplySink::forgotten(std::string_view id) {
  log::error("the request {} was left without an answer", id);
  assert(false && "a request was left without an answer");
}

Reply& Reply::operator=(Reply&& other) noexcept {
  if (this == &other) return *this;
  forget();
  sink_ = std::move(other.sink_);
  id_ = other.id_;
  state_ = other.state_;
  return *this;
}

bool Reply::send(std::string_view line) {
  if (fits_a_line(line)) return finish(line);
  return send_error(kInternalError, "the answer is longer than 8 MiB; ask for less at a time");
}

bool Reply::send_result(std::string_view result) {
  std::string line;
  line.reserve(result.size() + id_.size() + 48);
  append_result_head(line, id_);
  line.append(result).push_back('}');
  return send(line);
}

bool Reply::send_error(int code, std::string_view message, std::string_view data) {
  std::string line;
  append_error(line, id_, code, message, data);
  if (!fits_a_line(line)) {
    line.clear();
    append_error(line, id_, code, "the error's description is too long");
  }
  return finish(line);
}

void Reply::drop() {
  const auto sink = std::move(sink_);
  sink->dropped();
}

bool Reply::finish(std::string_view line) {
  const auto sink = std::move(sink_);
  if (state_ != nullptr && !state_->begin_answer()) {
    sink->dropped();
    return false;
  }
  sink->deliver(line);
  return true;
}

void Reply::forget() {
  if (sink_ == nullptr) return;
  if (cancelled()) return drop();
  sink_->forgotten(id_);
  send_error(kInternalError, "internal error: the request was left without an answer");
}

}  // namespace quarry::rpc
