// LineIndex: what reading a whole file of text has told, so that the next range of it is found
// without reading the rest again. LineIndexes keeps the indexes of the files read last.
//
// An index holds for one state of one file (sandbox::Stamp) and is kept only when that state can
// be told from the next one: its times lie a moment back, and did not move while it was read.
//
// Both are safe from any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/clock.h"
#include "server/base/guarded.h"
#include "server/files/charset.h"
#include "server/files/text.h"
#include "server/sandbox/workspace.h"

namespace quarry::files {

// Facts of the whole file, for its header line.
struct TextFacts {
  std::int64_t bytes = 0;
  std::uint64_t hash = 0;  // hash64 of the raw bytes
  Charset charset;
  bool damaged = false;  // some bytes are no characters of it
  TextShape shape;
};

class LineIndex {
 public:
  struct Mark {
    std::int64_t line = 1;    // 1-based
    std::int64_t offset = 0;  // of its first byte
  };

  // `text` is the file's bytes without its byte order mark, which is `skipped` bytes long.
  // REQUIRES: the charset is not UTF-16: in every other one a line's end is that byte and no other.
  LineIndex(const TextFacts& facts, std::string_view text, std::int64_t skipped);

  const TextFacts& facts() const { return facts_; }
  // The last mark at or before `line`. Marks lie kMarkBytes apart, or one line where lines are
  // longer.
  Mark find_mark(std::int64_t line) const;
  std::size_t weight() const { return sizeof *this + marks_.size() * sizeof(Mark); }

 private:
  static constexpr std::size_t kMarkBytes = 16 << 10;

  const TextFacts facts_;
  std::vector<Mark> marks_;  // not empty; in order
};

class LineIndexes {
 public:
  struct Options {
    std::size_t max_bytes = std::size_t{2} << 20U;  // of all indexes together
    std::size_t max_files = 256;
  };
  struct Stats {
    std::uint64_t hits = 0, misses = 0, evicted = 0;
    std::size_t files = 0, bytes = 0;
  };

  explicit LineIndexes(const Clock& clock) : LineIndexes(clock, Options{}) {}
  LineIndexes(const Clock& clock, const Options& options) : clock_(clock), options_(options) {}

  // Null when there is none for this state of the file.
  std::shared_ptr<const LineIndex> find(const sandbox::Stamp& stamp);
  // Keeps `index` of `file`, which was read from its stamp() on, when that can be trusted. Returns
  // whether it was kept.
  bool keep(const sandbox::File& file, LineIndex index);
  Stats stats() const;

 private:
  // A file's name to this cache: an older state of it is replaced.
  using FileId = std::pair<std::uint64_t, std::uint64_t>;  // device, inode
  struct Entry {
    FileId file;
    sandbox::Stamp stamp;
    // Owners: the cache, and each call that reads by it.
    std::shared_ptr<const LineIndex> index;
  };
  struct Content {
    std::list<Entry> by_use;  // newest first
    std::map<FileId, std::list<Entry>::iterator> by_file;
    Stats stats;
  };
  static void drop(Content& content, std::list<Entry>::iterator entry);

  const Clock& clock_;
  const Options options_;
  mutable Guarded<Content> content_;
};

}  // namespace quarry::files
