// What may be asked of Sessions, and what they answer: plain values. Views live for the call.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/session/record.h"

namespace quarry::session {

struct OpenOptions {
  // "" = the default session's; relative to it, or absolute inside an allowed one.
  std::string root;
  std::string label;
  bool read_only = false;
  bool ledger = false;
  std::optional<std::int64_t> ttl_s;  // else as the limits say
};

struct Changes {
  std::vector<std::pair<std::string_view, std::string_view>> set;  // name, value
  std::vector<std::string_view> unset;                             // absent is fine
  std::optional<std::string_view> label;                           // "" removes it
  std::optional<std::int64_t> ttl_s;
  std::optional<std::uint64_t> expected_version;
};

struct Update {
  std::string_view handle;
  Changes changes;
};

struct Updated {
  std::uint64_t version = 0;
  bool durable = true;  // on disk already
};

struct StateOptions {
  std::vector<std::string_view> keys;  // empty = all
  std::uint64_t offset = 0;            // keys to skip; of a single key, bytes of its value
  std::size_t max_bytes = 32'768;      // of names and values as JSON writes them
};

struct StateEntry {
  std::string name;
  std::string value;              // whole, or the part that was asked for
  std::uint64_t size = 0;         // of the whole value, in bytes
  bool shown = false;             // false: `value` is left out for its size
  std::uint64_t next_offset = 0;  // where the next part begins; 0 = this was the last
};

struct StateView {
  Record record;
  std::vector<StateEntry> entries;        // by name, as they were at one moment
  std::vector<std::string> missing;       // keys that were asked for and are not there
  std::optional<std::uint64_t> next_key;  // the offset that continues
};

struct ListOptions {
  std::string label;  // "" = all
  std::string root;   // "" = all that are allowed
  std::size_t limit = 50;
  std::size_t offset = 0;
};

struct Listed {
  std::vector<Record> records;  // the default session first, then the newest first
  std::size_t total = 0;
  std::optional<std::size_t> next_offset;
};

}  // namespace quarry::session
