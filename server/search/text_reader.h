// TextReader: the text of one file after another, in windows of whole lines, in bounded memory.
//
// A file of up to kWindowBytes is one window. Larger ones come as windows that begin at a line;
// a line longer than a window comes in pieces that overlap. UTF-8 with a byte order mark and
// UTF-16 with one are decoded; everything else is passed as its bytes. A NUL in the first 8 KiB
// makes a file binary.
//
// Reads with pread, never maps: a file that shrinks meanwhile just ends. Belongs to one thread;
// reuse it, its buffer stays.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/base/limits.h"
#include "server/sandbox/workspace.h"

namespace quarry::search {

// Why a file was not searched.
enum class Skip : std::uint8_t { kNone, kBinary, kTooLarge, kUnreadable, kSecret };

class TextReader {
 public:
  static constexpr std::size_t kWindowBytes = 8 << 20;
  static constexpr std::size_t kOverlapBytes = 64 << 10;
  static constexpr std::size_t kSniffBytes = 8 << 10;
  static constexpr std::int64_t kMaxFileBytes = standard(Limit::kSearchFileBytes);

  struct Window {
    std::string_view text;
    std::size_t fresh = 0;   // before it lie lines that an earlier window had as well
    bool continues = false;  // text[fresh] goes on with the last line of the window before
    bool open_end = false;   // the last line goes on in the next window
  };

  struct Options {
    std::int64_t max_bytes = kMaxFileBytes;
    bool whole = false;                       // one window or kTooLarge
    bool fold_line_ends = false;              // \r\n becomes \n
    std::size_t window_bytes = kWindowBytes;  // smaller in tests
  };

  // Starts on `file`. When the answer is not kNone there are no windows.
  Skip open(sandbox::File file, const Options& options);
  // The next window; false at the end. A read error ends the text and sets failed(). The last
  // `keep` lines of the window before (at most kOverlapBytes) precede `fresh`.
  bool next(Window& window, std::size_t keep);
  bool failed() const { return failed_; }

 private:
  void reserve(std::size_t bytes);
  bool fill(std::size_t target);
  Skip decode_utf16(bool big_endian);
  void fold(std::size_t from);

  std::unique_ptr<sandbox::File> file_;
  Options options_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;     // bytes in the buffer
  std::size_t shown_ = 0;    // of them, given in a window
  std::int64_t offset_ = 0;  // in the file, of the next read
  bool at_end_ = false;      // of the file
  bool failed_ = false;
  bool open_line_ = false;  // the last window ended within a line
  bool first_ = true;
};

}  // namespace quarry::search
