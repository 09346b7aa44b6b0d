// Server: the protocol over one pair of descriptors, from the first line to the end of input.
//
// The reader thread takes lines, answers control messages itself and never blocks on anything but
// input: tool calls go to workers, except a quick one that nothing else waits behind, which costs
// less than waking a worker. With zero workers every call runs on the reader thread.
//
// run() belongs to the main thread.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/json/document.h"
#include "server/mcp/call.h"
#include "server/mcp/client_roots.h"
#include "server/mcp/in_flight.h"
#include "server/mcp/lifecycle.h"
#include "server/mcp/tool_runner.h"
#include "server/pool/pool.h"
#include "server/rpc/envelope.h"
#include "server/rpc/line_reader.h"
#include "server/rpc/line_writer.h"
#include "server/session/sessions.h"

namespace quarry::mcp {

class Server {
 public:
  // Everything outlives the server.
  struct Parts {
    int in;  // to poll; the reader's descriptor
    rpc::LineReader& reader;
    rpc::LineWriter& writer;
    ToolList& tools;
    ToolRunner& runner;
    InFlight& in_flight;
    CallPool& calls;
    session::Sessions& sessions;
    pool::Pool& pool;
    const Clock& clock;
    // How long the first calls wait for a client to answer roots/list.
    std::int64_t roots_patience_ms = 1000;
  };
  explicit Server(const Parts& parts);

  // Serves until the end of input or until the client stops taking output. Then what is queued may
  // run for `drain_ms` and the rest is cancelled, and answers are written as long as the client
  // reads: it has taken some of them in the last `drain_ms`.
  void run(std::int64_t drain_ms);

 private:
  using Sink = std::shared_ptr<rpc::ReplySink>;

  // A quick call that lately took less than this runs on the reader thread though more input
  // waits: handing it to a worker and back costs more (210,000 calls a second against 440,000 at
  // 64 in flight), and the reader is not held up for longer than a burst takes.
  static constexpr std::int64_t kCheapNs = 50'000;
  static constexpr std::size_t kQuickBurst = 32;  // calls that are handed over together

  void wait_for_input(bool backlog, std::int64_t drain_ms);
  void handle_line(std::unique_ptr<Call> call);
  void handle_batch(const json::Value& elements);
  void handle_message(std::unique_ptr<Call> call, const rpc::Envelope& envelope, const Sink& sink,
                      bool in_batch);
  void handle_request(std::unique_ptr<Call> call, const Sink& sink, bool in_batch);
  void handle_notification(const rpc::Envelope& envelope);
  void handle_tools_call(std::unique_ptr<Call> call);
  // Keeps a call until release_held(), which admits what was not cancelled, in order.
  void hold(std::unique_ptr<Call> call);
  void release_held();
  void admit(std::unique_ptr<Call> call);
  void schedule(std::unique_ptr<Call> call);
  void send_error(std::string_view id, const RpcError& error, const Sink& sink);
  void flush_quick();
  void drain(std::int64_t drain_ms);

  const Parts parts_;
  const Sink wire_;  // where answers of single requests go
  Lifecycle lifecycle_;
  ClientRoots client_roots_;
  json::Parser parser_;
  std::unique_ptr<Call> spare_;               // for the next line
  std::vector<std::unique_ptr<Call>> quick_;  // parsed, to be posted together
  std::vector<std::unique_ptr<Call>> held_;   // until the client has answered roots/list
  std::size_t held_bytes_ = 0;                // of their lines
  std::string scratch_;                       // an answer being built
  std::string members_;
  bool progress_wanted_ = false;  // some call in flight may want a beat
};

}  // namespace quarry::mcp
