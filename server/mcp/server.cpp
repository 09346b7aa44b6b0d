#include "server/mcp/server.h"

#include <algorithm>
#include <optional>

#include <poll.h>

#include "server/base/limits.h"
#include "server/base/log.h"
#include "server/mcp/answer.h"
#include "server/mcp/client_pace.h"
#include "server/rpc/batch.h"
#include "server/rpc/descriptors.h"

namespace quarry::mcp {
namespace {

constexpr int kBeatMs = 1000;                    // how often progress is looked after
constexpr std::chrono::milliseconds kSlice{50};  // the longest wait without looking, at the end
constexpr std::chrono::milliseconds kAfterwards{100};  // beyond the time given, for who is late
constexpr std::size_t kMaxBatch = standard<std::size_t>(Limit::kBatchMessages);

// Not every signal ends the input: after the one of a client's thread that ended, a read would
// leave what waits for the client unwritten.
bool ended_or_readable(int in) {
  pollfd input{in, POLLIN, 0};
  return poll(&input, 1, 0) > 0;
}

// For how long a client that has hung up may read nothing.
std::int64_t reading_ms(std::int64_t drain_ms) {
  return std::max<std::int64_t>(drain_ms, kAfterwards.count());
}

using rpc::Envelope;
using Kind = rpc::Kind;
using Status = rpc::LineReader::Status;

}  // namespace

Server::Server(const Parts& parts)
    : parts_(parts),
      wire_(parts.writer.sink()),
      lifecycle_(parts.tools),
      client_roots_(parts.sessions, parts.writer, parts.clock, parts.roots_patience_ms) {}

void Server::run(std::int64_t drain_ms) {
  while (!parts_.writer.broken()) {
    if (!parts_.reader.buffered()) {
      flush_quick();
      wait_for_input(parts_.writer.release(), drain_ms);
      if (parts_.writer.broken()) break;
      parts_.writer.hold();
    }
    if (!spare_) spare_ = parts_.calls.take();
    const Status event = parts_.reader.next(spare_->line);
    if (event == Status::kEnd) break;
    if (event == Status::kTooLong) {
      send_error({}, {rpc::kParseError, "Parse error: the line is too long", {}}, wire_);
    } else if (event == Status::kLine) {
      handle_line(std::move(spare_));
    }
    if (!held_.empty() && !client_roots_.awaited()) release_held();
  }
  release_held();
  flush_quick();
  drain(drain_ms);
}

// Returns when reading is worth a try. Without a backlog and without progress to look after the
// read itself is the wait: one system call less for each line.
void Server::wait_for_input(bool backlog, std::int64_t drain_ms) {
  std::optional<ClientPace> client;  // when it has hung up
  for (; !parts_.writer.broken(); backlog = parts_.writer.backlog()) {
    if (!backlog && !progress_wanted_ && held_.empty()) return;
    pollfd ends[2] = {{parts_.in, POLLIN, 0}, {parts_.writer.poll_fd(), POLLOUT, 0}};
    // Output beyond the bound: no further input until the client has read some, also of what it
    // left in the pipe when it hung up: as at the end of input, unless it has stopped reading.
    const bool full = parts_.writer.full();
    if (full && rpc::ended_by_signal()) return;
    if (full) ends[0].events = POLLRDHUP;
    if (full && client) ends[0].fd = -1;
    if (!backlog) ends[1].fd = -1;
    const int patience = held_.empty() ? -1 : client_roots_.patience_ms();
    const int beat = held_.empty() && progress_wanted_ ? kBeatMs : patience;
    const int ready = poll(ends, 2, full && client ? static_cast<int>(kSlice.count()) : beat);
    if (!held_.empty() && !client_roots_.awaited()) {
      release_held();
      flush_quick();
    }
    if (progress_wanted_) {
      parts_.in_flight.beat();
      progress_wanted_ = parts_.in_flight.size() > 0;
    }
    if (ready < 0 && !full && ended_or_readable(parts_.in)) return;  // a signal came
    if (ready > 0 && ends[1].revents != 0) parts_.writer.drain();
    if (ready > 0 && ends[0].revents != 0) {
      if (!full) return;
      client.emplace(parts_.writer, parts_.clock);
    }
    if (full && client && client->stalled_ms() >= reading_ms(drain_ms)) parts_.writer.give_up();
  }
}

void Server::handle_line(std::unique_ptr<Call> call) {
  const Envelope envelope = rpc::read_envelope(call->document, parser_, call->line.view());
  if (envelope.kind != Kind::kBatch) {
    handle_message(std::move(call), envelope, wire_, /*in_batch=*/false);
    return;
  }
  if (lifecycle_.negotiated() != Revision::k2025_03_26) {
    send_error(
        {},
        {rpc::kInvalidRequest, "Invalid Request: arrays are part of revision 2025-03-26 only", {}},
        wire_);
  } else if (envelope.message.size() == 0 || envelope.message.size() > kMaxBatch) {
    send_error({},
               {rpc::kInvalidRequest,
                fmt::format("Invalid Request: an array holds 1 to {} messages", kMaxBatch),
                {}},
               wire_);
  } else {
    handle_batch(envelope.message);
  }
  parts_.calls.give_back(std::move(call));
}

// Each element becomes a line of its own, so that its call can outlive the array.
void Server::handle_batch(const json::Value& elements) {
  struct Element {
    std::unique_ptr<Call> call;
    Envelope envelope;
  };
  std::vector<Element> answered;
  for (json::Value item = elements.first(); item; item = elements.after(item)) {
    Element element{parts_.calls.take(), {}};
    element.call->line.assign(item.raw());
    element.envelope =
        rpc::read_envelope(element.call->document, parser_, element.call->line.view());
    if (element.envelope.kind == Kind::kBatch) {
      element.envelope = Envelope{};
      element.envelope.code = rpc::kInvalidRequest;
      element.envelope.problem = "an array inside an array";
    }
    const bool awaits_answer =
        element.envelope.kind == Kind::kRequest || element.envelope.kind == Kind::kMalformed;
    if (awaits_answer) {
      answered.push_back(std::move(element));
    } else {
      handle_message(std::move(element.call), element.envelope, wire_, /*in_batch=*/true);
    }
  }
  if (answered.empty()) return;
  const Sink batch = std::make_shared<rpc::Batch>(wire_, answered.size(), rpc::Line());
  for (Element& element : answered) {
    handle_message(std::move(element.call), element.envelope, batch, /*in_batch=*/true);
  }
}

void Server::handle_message(std::unique_ptr<Call> call, const Envelope& envelope, const Sink& sink,
                            bool in_batch) {
  switch (envelope.kind) {
    case Kind::kRequest:
      if (const auto error = lifecycle_.read_scope(envelope, call->request)) {
        send_error(envelope.id, *error, sink);
      } else {
        handle_request(std::move(call), sink, in_batch);
      }
      break;
    case Kind::kNotification:
      handle_notification(envelope);
      break;
    case Kind::kResponse:
      if (!client_roots_.take(envelope)) log::debug("a response to no question was dropped");
      break;
    case Kind::kBatch:
    case Kind::kMalformed:
      send_error(envelope.id,
                 {envelope.code,
                  fmt::format("{}: {}",
                              envelope.code == rpc::kParseError ? "Parse error" : "Invalid Request",
                              envelope.problem),
                  {}},
                 sink);
      break;
  }
  if (call) spare_ = std::move(call);
}

void Server::handle_request(std::unique_ptr<Call> call, const Sink& sink, bool in_batch) {
  const Request& request = call->request;
  if (parts_.in_flight.contains(request.id_value)) {
    send_error(
        request.id,
        {rpc::kInvalidRequest, "Invalid Request: this id is in use by a running request", {}},
        sink);
    return;
  }
  switch (Lifecycle::route(request)) {
    case Lifecycle::Route::kUnknown:
      send_error(request.id, Lifecycle::unknown_method(request), sink);
      return;
    case Lifecycle::Route::kToolsCall:
      call->reply = rpc::Reply(sink, request.id, &call->state);
      handle_tools_call(std::move(call));
      return;
    case Lifecycle::Route::kControl:
      break;
  }
  if (in_batch && request.method == "initialize") {
    send_error(request.id, {rpc::kInvalidRequest, "Invalid Request: initialize comes alone", {}},
               sink);
    return;
  }
  members_.clear();
  if (const auto error = lifecycle_.control(request, members_)) {
    send_error(request.id, *error, sink);
    return;
  }
  if (request.method == "initialize") client_roots_.begin(lifecycle_.client_has_roots());
  scratch_.clear();
  append_result(scratch_, request.id, request.revision, members_);
  sink->deliver(scratch_);
}

void Server::handle_notification(const Envelope& envelope) {
  if (envelope.method == "notifications/cancelled") {
    const json::Value id = envelope.params.find("requestId");
    if (id && parts_.in_flight.cancel(id)) return;
    log::debug("a cancellation named no running request");
  } else if (envelope.method == "notifications/initialized") {
    client_roots_.initialized();
  } else if (envelope.method == "notifications/roots/list_changed") {
    client_roots_.list_changed();
  } else if (envelope.method != "notifications/progress") {
    log::debug("an unknown notification was ignored");
  }
}

void Server::send_error(std::string_view id, const RpcError& error, const Sink& sink) {
  scratch_.clear();
  // The schemas of 2024-11-05 to 2025-06-18 require an id; the later ones forbid null.
  const auto negotiated = lifecycle_.negotiated();
  append_error(scratch_, id, error, negotiated && *negotiated <= Revision::k2025_06_18);
  sink->deliver(scratch_);
}

void Server::flush_quick() {
  if (!quick_.empty()) parts_.runner.start_quick(quick_);
}

// Calls have `drain_ms`, which stand still while answers wait for the client; the client has as
// long again after each time that it takes something. After a signal all have `drain_ms` and no
// more: whoever sends it waits for the process.
void Server::drain(std::int64_t drain_ms) {
  using std::chrono::milliseconds;
  rpc::LineWriter& writer = parts_.writer;
  const auto now_ms = [&] { return parts_.clock.steady_ns() / 1'000'000; };
  const milliseconds slice = std::clamp(milliseconds(drain_ms), milliseconds(1), kSlice);
  const std::int64_t begin = now_ms();
  ClientPace client(writer, parts_.clock);
  std::int64_t running_ms = 0;
  while (!writer.broken()) {
    const std::int64_t before = now_ms();
    if (!writer.idle()) {
      (void)writer.flush_for(slice);
    } else if (parts_.pool.wait_until_idle(slice)) {
      if (writer.idle()) return;
    } else {
      running_ms += now_ms() - before;
    }
    if (running_ms >= drain_ms) parts_.in_flight.cancel_all();
    if (running_ms >= drain_ms + kAfterwards.count() || client.stalled_ms() >= reading_ms(drain_ms))
      break;
    if (rpc::ended_by_signal() && now_ms() - begin >= drain_ms) break;
  }
  parts_.in_flight.cancel_all();
  // Workers that still wait for the client to read must come back before they can be joined.
  writer.give_up();
}

}  // namespace quarry::mcp
