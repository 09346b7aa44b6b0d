// Request and RpcError: what a method is asked, and how it declines.

#pragma once

#include <string>
#include <string_view>

#include "server/json/value.h"
#include "server/mcp/revision.h"

namespace quarry::mcp {

// MCP's own code beside JSON-RPC's (rpc/envelope.h).
inline constexpr int kUnsupportedVersion = -32022;

struct RpcError {
  int code;
  std::string message;
  std::string data;  // JSON, or empty
};

// Views into the line; live as long as the call.
struct Request {
  json::Value id_value;
  std::string_view id;  // the token exactly as it was sent
  std::string_view method;
  json::Value params;  // an object, or absent
  Revision revision = kNewestHandshake;
};

}  // namespace quarry::mcp
