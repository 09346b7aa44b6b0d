// The part of Server that takes tools/call apart and decides where it runs.

#include "server/base/log.h"
#include "server/mcp/answer.h"
#include "server/mcp/server.h"

namespace quarry::mcp {
void Server::handle_tools_call(std::unique_ptr<Call> call) {
  const Request& request = call->request;
  const auto refuse = [&](int code, std::string message) {
    rpc::Reply reply = std::move(call->reply);
    scratch_.clear();
    append_error(scratch_, request.id, {code, std::move(message), {}}, false);
    reply.send(scratch_);
    parts_.calls.give_back(std::move(call));
  };
  const json::Value name = request.params.find("name");
  if (!name.is(json::Type::kString)) {
    return refuse(rpc::kInvalidParams, "params.name must be a string: the tool to call");
  }
  const std::size_t index = parts_.tools.find(name.string());
  if (index == parts_.tools.size()) {
    return refuse(rpc::kInvalidParams, parts_.tools.explain_absence(name.string()));
  }
  call->arguments = request.params.find("arguments");
  if (call->arguments.is(json::Type::kNull)) call->arguments = json::Value();
  if (call->arguments && !call->arguments.is(json::Type::kObject)) {
    return refuse(rpc::kInvalidParams, "params.arguments must be an object");
  }
  if (request.revision == Revision::k2025_11_25 && request.params.find("task")) {
    return refuse(rpc::kMethodNotFound,
                  fmt::format("tool '{}' does not run as a task", name.string()));
  }

  call->tool_index = index;
  call->tool = &parts_.tools.tool(index);
  call->runner = &parts_.runner;
  if (!is_modern(request.revision)) {
    if (client_roots_.awaited()) return hold(std::move(call));
    if (!held_.empty()) release_held();  // the answer, or the end of patience, came just now
  }
  admit(std::move(call));
}

void Server::admit(std::unique_ptr<Call> call) {
  call->arrived_ns = parts_.clock.steady_ns();
  call->cancel.emplace(
      parts_.clock,
      call->arrived_ns + std::chrono::nanoseconds(call->tool->traits.deadline).count());
  if (const auto ready = parts_.runner.prepare(*call); !ready) {
    return parts_.runner.decline(std::move(call), ready.error());
  }
  schedule(std::move(call));
}

void Server::schedule(std::unique_ptr<Call> call) {
  const bool quick = call->lane == pool::Lane::kQuick;
  const session::Order::Access access = call->access;
  const bool inline_only = parts_.pool.workers() == 0;
  session::Order& order = call->session->order();
  const std::string_view token = progress_token(call->request.params);
  call->progress.open(token, call->request.revision);
  // A kept answer is not given out before the session's earlier writes are done.
  const bool may_be_kept = call->tool->traits.depends != tools::Depends::kOther;
  const bool admitted = may_be_kept && order.admit_now(access);
  if (admitted) {
    progress_wanted_ = progress_wanted_ || !token.empty();
    if (parts_.runner.answer_kept(call, /*here=*/true)) return;
  }
  const bool cheap = parts_.runner.recent_cost_ns(call->tool_index) < kCheapNs;
  const bool here =
      (inline_only || (quick && (cheap || (quick_.empty() && !parts_.reader.buffered())))) &&
      (admitted || order.admit_now(access));
  if (here) return parts_.runner.run(std::move(call));
  if (!call->tracked) parts_.in_flight.add(*call);
  progress_wanted_ = progress_wanted_ || !token.empty();
  // The order's ticket is the bare pointer: a call that must wait is owned by the order until a
  // later finished() hands it back.
  if (!admitted && !order.admit(access, call.get())) {
    (void)call.release();
    return;
  }
  if (!quick) return parts_.runner.start(std::move(call));
  quick_.push_back(std::move(call));
  if (quick_.size() >= kQuickBurst) flush_quick();
}

}  // namespace quarry::mcp
