// TextReader: the text of one file after another, in windows of whole lines, in bounded memory.
//
// A file of up to kWindowBytes is one window. Larger ones come as windows that begin at a line;
// a line longer than a window comes in pieces that overlap, with a little more on either side. Text
// is UTF-8: UTF-16 is decoded, told by its byte order mark or by the look of it, and with
// Options::decode so is every other encoding that the first kSniffTextBytes give away. What looks
// like none is passed as its bytes. A NUL in the first kSniffBytes of what is no UTF-16 makes a
// file binary. Lines end at \n; those of a text that has only \r at these, so that they have the
// numbers that a reader sees.
//
// Reads with pread, never maps, up to the size that the file had when it was opened: one that
// shrinks meanwhile just ends, one that grows is searched as it was. Belongs to one thread; reuse
// it, its buffer stays.

#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "server/base/limits.h"
#include "server/files/codec.h"
#include "server/sandbox/workspace.h"

namespace quarry::search {

// Why a file was not searched.
// kSlow: the pattern takes too long on it; LineScanner::over_limit() counts those.
enum class Skip : std::uint8_t { kNone, kBinary, kTooLarge, kUnreadable, kSecret, kSlow };

class TextReader {
 public:
  static constexpr std::size_t kWindowBytes = 1 << 20;
  static constexpr std::size_t kWholeBytes = 8 << 20;
  static constexpr std::size_t kOverlapBytes = 64 << 10;
  static constexpr std::size_t kSniffBytes = 8 << 10;
  static constexpr std::size_t kSniffTextBytes = 256 << 10;
  static constexpr std::int64_t kMaxFileBytes = standard(Limit::kSearchFileBytes);

  struct Window {
    std::string_view text;
    // Before `fresh` lies what an earlier window had as well: lines, or of a line kSightBytes.
    std::size_t fresh = 0;
    // Matches go no further. Behind it lie kSightBytes of a line that goes on.
    std::size_t end = 0;
    bool continues = false;  // text[fresh] goes on with the last line of the window before
    bool open_end = false;   // the last line goes on in the next window
  };

  struct Options {
    std::int64_t max_bytes = kMaxFileBytes;
    bool whole = false;                       // one window or kTooLarge
    bool decode = true;                       // encodings that are not told by their first bytes
    bool fold_line_ends = false;              // \r\n becomes \n
    bool returns_end_lines = true;            // \r becomes \n where the first window has no \n
    std::size_t window_bytes = kWindowBytes;  // smaller in tests
  };

  // Starts on `file`. When the answer is not kNone there are no windows.
  Skip open(sandbox::File file, const Options& options);
  // The next window; false at the end. A read error ends the text and sets failed(). The last
  // `keep` lines of the window before (at most kOverlapBytes) precede `fresh`.
  bool next(Window& window, std::size_t keep);
  bool failed() const { return failed_; }
  // The state of the file now. REQUIRES: open() was called.
  Result<sandbox::Stamp> restamp() const { return file_->restamp(); }
  // The encoding that the file is decoded from; empty when its bytes are passed as they are.
  std::string_view decoded_from() const { return codec_ ? charset_.name() : std::string_view(); }

 private:
  char* text() const { return buffer_.get() + lead_; }
  void reserve(std::size_t bytes);
  void drop_front(std::size_t bytes);
  bool fill(std::size_t target);
  std::optional<std::size_t> read(char* into, std::size_t most);
  bool start_decoding(const files::Charset& charset);
  void append_decoded();
  void fold(std::size_t from);
  void make_returns_breaks(bool first);

  static constexpr std::size_t kLineBytes = 64;  // of the processor's cache
  struct Free {
    void operator()(char* buffer) const {
      ::operator delete[](buffer, std::align_val_t{kLineBytes});
    }
  };

  std::optional<sandbox::File> file_;
  Options options_;
  // The text is buffer_[lead_, lead_ + size_), placed so that the kernel copies to the beginning of
  // a cache line: to elsewhere it copies at half the speed (first grep of the Linux tree: 0.5 s of
  // processor time less).
  std::unique_ptr<char[], Free> buffer_;
  std::size_t capacity_ = 0;
  std::size_t lead_ = 0;
  std::size_t size_ = 0;     // bytes in the buffer
  std::size_t shown_ = 0;    // of them, given in a window
  std::int64_t offset_ = 0;  // in the file, of the next read
  std::optional<files::Codec> codec_;
  files::Charset charset_;  // that it decodes
  std::string raw_;         // read and not yet decoded
  std::string decoded_;
  bool at_end_ = false;  // of the file
  bool failed_ = false;
  bool hidden_ = false;     // it failed because the file is a private key
  bool open_line_ = false;  // the last window ended within a line
  bool first_ = true;
  bool has_returns_ = false;  // that become \n
};

}  // namespace quarry::search
