// Envelope: what one JSON-RPC 2.0 message is, before anybody looks at its method.
//
// An id is a string of at most 256 bytes of source or an integer of 64 bits, and is kept as its
// exact source text: answers echo it byte for byte. Unknown members are ignored; keys are compared
// exactly. A message is never both: with "result" or "error" and no "method" it is a response.
//
// Views point into the Document and its line. Pure functions; safe from any thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/base/result.h"
#include "server/json/document.h"
#include "server/json/value.h"

namespace quarry::rpc {

inline constexpr int kParseError = -32700;
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kMethodNotFound = -32601;
inline constexpr int kInvalidParams = -32602;
inline constexpr int kInternalError = -32603;

enum class Kind : std::uint8_t {
  kRequest,
  kNotification,
  kResponse,   // somebody answers a request of ours
  kBatch,      // an array; its members are classified one by one
  kMalformed,  // to be answered with `code` and `problem`, and `id` when that is not empty
};

struct Envelope {
  Kind kind = Kind::kMalformed;
  std::string_view id;      // source text; empty: none, or none that can be echoed
  json::Value id_value;     // absent when `id` is empty
  std::string_view method;  // kRequest, kNotification
  json::Value params;       // absent also when null
  json::Value message;      // the whole
  int code = 0;
  std::string_view problem;  // static text
};

// The form of one message: a line's root, or one member of a batch.
Envelope classify(json::Value message);
// Parses and classifies one line. JSON that is well-formed but breaks our bounds, has a key twice
// or half of a surrogate pair is -32600, with its id where that can be told; the rest that does not
// parse is -32700.
Envelope read_envelope(json::Document& document, json::Parser& parser, std::string_view line);

// Whether a value may be the id of a request.
bool usable_id(json::Value id);
// Appends what two equal ids have in common ("1" and 1 differ, "a" and "\u0061" do not): a key
// for tables of running requests. REQUIRES: usable_id(id).
void append_id_key(std::string& out, json::Value id);

// {"jsonrpc":"2.0","id":ID,"result":   The result and one '}' are the caller's to append.
void append_result_head(std::string& out, std::string_view id);
// A whole error response. Without `id` when that is empty; pass "null" for the older form.
// `data` is JSON, or empty.
void append_error(std::string& out, std::string_view id, int code, std::string_view message,
                  std::string_view data = {});

}  // namespace quarry::rpc
