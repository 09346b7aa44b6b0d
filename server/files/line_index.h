// LineIndex: what reading a file of text from its start has told, so that the next range of it is
// found without reading the rest again. LineIndexes keeps the indexes of the files read last.
//
// An index knows the file as far as it was read: a small file at once as a whole, a large one as
// far as a line was looked for, and more each time one further on is. When the end was reached, its
// facts are those of the whole file.
//
// An index holds for one state of one file (sandbox::Stamp) and is kept only when that state can
// be told from the next one: its times lie a moment back, and did not move while it was read.
//
// LineIndex is thread-compatible; LineIndexes is safe from any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/clock.h"
#include "server/base/guarded.h"
#include "server/base/hash.h"
#include "server/files/charset.h"
#include "server/files/raw_lines.h"
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

  // Of a whole file that is no UTF-16, whose bytes behind its byte order mark of `skipped` bytes
  // are `text`.
  LineIndex(const TextFacts& facts, std::string_view text, std::int64_t skipped);
  // Of a file of which nothing was read yet. Its lines begin behind a byte order mark of `skipped`
  // bytes.
  LineIndex(LineUnit unit, std::string_view bom);

  // The next bytes of the file, from read_to() on; in UTF-16 whole units.
  void add(std::string_view piece);
  // read_to() is the file's end.
  void finish();

  LineUnit unit() const { return unit_; }
  bool complete() const { return complete_; }
  std::int64_t read_to() const { return read_to_; }
  // The number of the line that holds the byte at read_to().
  std::int64_t line_at_end() const { return line_; }
  // REQUIRES: complete().
  const TextFacts& facts() const { return facts_; }
  // All that was read is valid UTF-8, a character that its end cuts left out.
  bool utf8() const { return utf8_; }

  // The last mark at or before `line`, or, further on, the last of all.
  Mark find_mark(std::int64_t line) const;
  // The last mark at or before `offset` of the file.
  Mark find_mark_at(std::int64_t offset) const;
  // Marks lie that far apart, or one line where lines are longer. Grows with the file, so that the
  // marks of no file take more than 256 KiB.
  std::int64_t spacing() const { return spacing_; }
  std::size_t weight() const { return sizeof *this + marks_.capacity() * sizeof(Mark); }

 private:
  static constexpr std::size_t kMostMarks = (256 << 10) / sizeof(Mark);

  void mark_lines(std::string_view piece);
  void push_mark(const Mark& mark);
  void check_utf8(std::string_view piece);

  LineUnit unit_;
  TextFacts facts_;
  bool complete_ = false;
  bool utf8_ = true;
  std::int64_t spacing_ = 16 << 10;
  std::int64_t read_to_ = 0;
  std::int64_t line_ = 1;
  std::string cut_;          // the start of a character that the last piece cut
  std::vector<Mark> marks_;  // not empty; in order
  ShapeTally tally_;
  std::optional<ContentHasher> hasher_;  // of what is read in pieces
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
  // Keeps `index` of `file`, which was read from its stamp() on, when that can be trusted and it
  // knows more than the one that is there. Returns whether it was kept.
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
