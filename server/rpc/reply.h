// Reply: the duty to answer one request exactly once.
//
// Three ends: answered (send, send_result, send_error), dropped (drop(), or an answer that comes
// after a cancellation), forgotten (destroyed unanswered: a bug of ours, which asserts in debug
// builds and answers -32603 in others). Only moves; a moved-from Reply has no duty.
//
// Thread-compatible; may be handed to another thread.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "server/rpc/reply_sink.h"
#include "server/rpc/request_state.h"

namespace quarry::rpc {

class Reply {
 public:
  Reply() = default;
  // `id` is source text and points into the request's line; it and `state` (null when the request
  // cannot be cancelled) must outlive the Reply. The sink is shared by the requests of one batch;
  // LineWriter::sink() owns nothing.
  Reply(std::shared_ptr<ReplySink> sink, std::string_view id, RequestState* state)
      : sink_(std::move(sink)), id_(id), state_(state) {}
  Reply(Reply&& other) noexcept = default;  // leaves `other` without a sink
  Reply& operator=(Reply&& other) noexcept;
  ~Reply() { forget(); }

  // There is still something to answer.
  explicit operator bool() const { return sink_ != nullptr; }
  std::string_view id() const { return id_; }
  bool cancelled() const { return state_ != nullptr && state_->cancelled(); }

  // Each ends the duty. False when the request was cancelled first: nothing was written.
  // REQUIRES: *this.

  // `line` is the whole response. One that is too long for the wire is answered with an error.
  bool send(std::string_view line);
  bool send_result(std::string_view result);
  // `data` is JSON, or empty.
  bool send_error(int code, std::string_view message, std::string_view data = {});
  // No answer at all.
  void drop();

 private:
  bool finish(std::string_view line);
  void forget();

  std::shared_ptr<ReplySink> sink_;
  std::string_view id_;  // into the request's line
  RequestState* state_ = nullptr;
};

}  // namespace quarry::rpc
