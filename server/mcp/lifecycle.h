// Lifecycle: the handshake, the probe and the other methods that are answered at once.
//
// At most one handshake session is open on the pipe; requests of 2026-07-28 neither see nor touch
// it. Belongs to the reader thread.

#pragma once

#include <optional>
#include <string>

#include "server/mcp/message.h"
#include "server/mcp/tool_list.h"
#include "server/rpc/envelope.h"

namespace quarry::mcp {

class Lifecycle {
 public:
  explicit Lifecycle(ToolList& tools) : tools_(tools) {}

  // The revision that `initialize` agreed on, if there was one.
  std::optional<Revision> negotiated() const { return negotiated_; }
  // Whether that client said that it can be asked for its roots.
  bool client_has_roots() const { return client_has_roots_; }

  // Reads under which revision the request is meant, and whether that may be: fills
  // `request.revision`, or says which error to answer. The order of the checks is the protocol's
  // (a version error before anything that a newer revision may shape otherwise).
  std::optional<RpcError> read_scope(const rpc::Envelope& envelope, Request& request) const;

  // Whether the table of methods has it for the request's revision, and as what.
  enum class Route { kControl, kToolsCall, kUnknown };
  static Route route(const Request& request);

  // Answers a control method: appends the members of its result.
  std::optional<RpcError> control(const Request& request, std::string& members);

  // What an unknown method is answered with.
  static RpcError unknown_method(const Request& request);

 private:
  using Handler = std::optional<RpcError> (Lifecycle::*)(const Request&, std::string&);
  struct Method {
    std::string_view name;
    bool handshake;   // exists in the handshake revisions
    bool modern;      // exists in 2026-07-28
    Handler handler;  // null: tools/call
  };
  static const Method* find_method(const Request& request);

  std::optional<RpcError> initialize(const Request& request, std::string& members);
  std::optional<RpcError> discover(const Request& request, std::string& members);
  std::optional<RpcError> ping(const Request& request, std::string& members);
  std::optional<RpcError> list_tools(const Request& request, std::string& members);

  ToolList& tools_;
  std::optional<Revision> negotiated_;
  bool client_has_roots_ = false;
};

// The token of params._meta.progressToken when it is a string or an integer, else empty.
std::string_view progress_token(json::Value params);

}  // namespace quarry::mcp
