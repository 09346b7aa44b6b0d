// Record: what is stored of a session, apart from the values of its state.
//
// The last use is stored lazily: a record may be behind it by slack_ms(), which is therefore added
// wherever a stored use decides about expiry. Times are Unix milliseconds.
//
// Plain values; thread-compatible.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quarry::session {

inline constexpr std::string_view kDefaultHandle = "default";

// What a record has beside its names.
struct Standing {
  bool read_only = false;
  bool ledger = false;  // keeps account of what it has received (ledger.h)
  std::int64_t created_ms = 0;
  std::int64_t used_ms = 0;
  std::int64_t ttl_s = 86'400;  // after the last use; 0 = never

  std::uint64_t version = 0;      // counts the updates
  std::uint64_t state_bytes = 0;  // names, values, and kKeyBytes for each key
  std::uint64_t keys = 0;
  // Kept only to tell how to recover; nothing else is left of the session.
  bool expired = false;
  // Has its rows in the index and the totals. Not so in version 1, and of default sessions.
  bool indexed = true;

  // What a key costs beside its name and value, in a session's state_bytes.
  static constexpr std::uint64_t kKeyBytes = 64;

  std::int64_t expires_ms() const { return ttl_s == 0 ? 0 : used_ms + ttl_s * 1000; }
  // How far the last use may move before it is stored: a twentieth of the ttl, at most a minute.
  std::int64_t slack_ms() const { return ttl_s < 1200 ? ttl_s * 50 : 60'000; }
  bool lapsed(std::int64_t now_ms) const {
    return expired || (ttl_s != 0 && expires_ms() + slack_ms() <= now_ms);
  }
};

struct Record : Standing {
  std::string handle;
  std::string root;  // absolute, resolved
  std::string label;
};

std::string encode(const Record& record);
// Version 1, which had no state, 2, or 3. False when `bytes` is not one whole record.
bool decode(std::string_view bytes, Record& record);

// Whether `text` has the form of a handle from session_open: 22 characters of base64url.
bool is_handle(std::string_view text);

}  // namespace quarry::session
