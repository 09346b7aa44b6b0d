// Answers: the JSON around a result or an error, in the shape of the request's revision.
//
// The stamp of 2026-07-28 (resultType and the server's identity) is put on here and nowhere else.
// Pure functions; safe from any thread.

#pragma once

#include <string>
#include <string_view>

#include "server/mcp/message.h"

namespace quarry::mcp {

// Appends `{"jsonrpc":"2.0","id":ID,"result":{` and the stamp. When `members` follow, the caller
// appends them next; close_result() ends the line.
void open_result(std::string& out, std::string_view id, Revision revision, bool members_follow);
void close_result(std::string& out);

// A whole result line with these members (`"a":1,"b":2`, may be empty).
void append_result(std::string& out, std::string_view id, Revision revision,
                   std::string_view members);

// A whole error line. An empty `id` is left out, or null where `null_id` says that the negotiated
// revision's schema wants one.
void append_error(std::string& out, std::string_view id, const RpcError& error, bool null_id);

// {"name":"quarry",...}: what the handshake calls serverInfo. Members by revision.
std::string_view server_info(Revision revision);

// For clients that pass it on to the model. The first 512 bytes stand alone.
std::string_view instructions();

}  // namespace quarry::mcp
