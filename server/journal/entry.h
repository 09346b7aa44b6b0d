// Entry: one change of files as the journal keeps it: what was there before, and what came after.
//
// Plain values. Thread-compatible.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quarry::journal {

// What lies at a path: a file's content or a symlink's target by its hash, a directory by nothing.
struct State {
  std::string hash;        // content_hash
  std::uint32_t mode = 0;  // permission bits
  std::uint64_t size = 0;  // bytes
  bool operator==(const State&) const = default;
};

struct Step {
  enum class Kind : std::uint8_t { kFile = 1, kLink = 2, kDirectory = 3, kMove = 4 };
  Kind kind = Kind::kFile;
  std::string path;             // relative to the root, real
  std::string to;               // of a move: where `path` went, whatever it is
  std::optional<State> before;  // nullopt: nothing was there
  std::optional<State> after;   // nullopt: nothing is there; of a move: of the file or link moved
  std::string old_bytes;        // of a file or link that was there: its content or target
  std::string attributes;       // of what is removed, as sandbox/attributes.h read it
  std::uint64_t file = 0;       // the same number for steps on several names of one file, or 0
};

struct Entry {
  std::string id;
  std::int64_t time_ms = 0;  // Unix time
  std::string session;       // whose change it is; no other session may see it
  std::string root;          // absolute
  std::string tool;
  std::string undoes;  // the id of the change that this one reverts
  std::vector<Step> steps;

  // Whether the step `at` removes what the next one moves something onto: both happen at once.
  bool is_replaced_by_next(std::size_t at) const;
  // Bytes that keeping it takes.
  std::size_t bytes() const;
};

enum class Outcome : std::uint8_t {
  kOpen = 0,      // begun; its process is at it, or died
  kDone = 1,      // every step was made
  kReverted = 2,  // it failed, and what had been made was taken back
  kPartly = 3,    // it failed or was killed in the middle: some steps are made
};

std::string encode(const Entry& entry);
// Nullopt when it is damaged. `with_bytes`: the old bytes too.
std::optional<Entry> decode(std::string_view bytes, bool with_bytes);
// The time of the entry that begins with `bytes`; nullopt when they are too few.
std::optional<std::int64_t> decode_time(std::string_view bytes);

}  // namespace quarry::journal
