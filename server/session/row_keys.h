// The keys under which rows.h stores sessions. Pure functions; safe from any thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/session/record.h"

namespace quarry::session::rows {

// Where a record lies.
std::string id_of(const Record& record);
std::string default_id(std::string_view root);

// Of kSessionState.
std::string state_key(std::string_view id, std::string_view name);
std::string state_prefix(std::string_view id);
// The id that such a key begins with. One of a default session ends in a hash, whose bytes may be
// NUL.
std::string_view id_in_state(std::string_view state_key);

// Of kSessionIndex. With an empty id: where those begin that expire from that time on.
std::string expiry_key(std::int64_t expires_ms, std::string_view id);
std::string forget_key(std::int64_t expired_ms, std::string_view id);
// A session has it from its opening until it is closed or expires.
std::string created_key(const Record& record);
std::string root_key(const Record& record);
std::string label_key(const Record& record);
std::string garbage_key(std::string_view id);
// The id that each of these ends in.
std::string_view id_in(std::string_view index_key);

inline constexpr std::string_view kExpiryPrefix = "e";
inline constexpr std::string_view kForgetPrefix = "x";
inline constexpr std::string_view kCreatedPrefix = "c";
inline constexpr std::string_view kGarbagePrefix = "g";
std::string root_prefix(std::string_view root);
std::string label_prefix(std::string_view label);

// Of kTotals.
inline constexpr std::string_view kTotalsKey = "n";
inline constexpr std::string_view kRootTotalsPrefix = "r";
inline constexpr std::string_view kLabelTotalsPrefix = "l";
std::string root_totals_key(std::string_view root);
std::string label_totals_key(const Record& record);
std::string label_totals_prefix(std::string_view label);

// What stands for a root in the keys, and as the value of some rows.
std::string root_hash(std::string_view root);

}  // namespace quarry::session::rows
