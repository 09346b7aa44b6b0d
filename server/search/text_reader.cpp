#include "server/search/text_reader.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "server/base/utf8.h"
#include "server/files/detect.h"
#include "server/search/literal_finder.h"
#include "server/search/match_options.h"

namespace quarry::search {
namespace {

constexpr std::size_t kRawBytes = 256 << 10;  // decoded at once

// Well-formed but for a character that the end of the text cuts.
bool valid_start(std::string_view text) {
  const std::size_t high = find_non_ascii(text, 0, text.size());
  text.remove_prefix(high);
  for (int i = 0; i < 3 && !text.empty() && static_cast<signed char>(text.back()) < 0; ++i) {
    if (utf8::valid(text)) return true;
    text.remove_suffix(1);
  }
  return utf8::valid(text);
}

// Where the last `lines` lines of text[0, end) start; `end` is at the start of a line.
std::size_t lines_back(const char* text, std::size_t end, std::size_t lines, std::size_t most) {
  std::size_t at = end;
  for (; lines > 0 && at > 0; --lines) {
    const void* hit = at < 2 ? nullptr : memrchr(text, '\n', at - 1);
    const std::size_t start =
        hit == nullptr ? 0 : static_cast<std::size_t>(static_cast<const char*>(hit) - text) + 1;
    if (end - start > most) break;
    at = start;
  }
  return at;
}

// Where matches end in a text whose last line goes on.
std::size_t open_end(std::string_view text) {
  return utf8::character_begin(text, text.size() - std::min(text.size(), kSightBytes));
}

}  // namespace

// Makes room for a text of `bytes`, whatever its lead.
void TextReader::reserve(std::size_t bytes) {
  if (bytes + kLineBytes <= capacity_) return;
  const std::size_t grown = std::max(bytes, std::size_t{64} << 10) + kLineBytes;
  std::unique_ptr<char[], Free> larger(new (std::align_val_t{kLineBytes}) char[grown]);
  if (size_ > 0) std::memcpy(larger.get() + lead_, text(), size_);
  buffer_ = std::move(larger);
  capacity_ = grown;
}

// What is left of the text ends where a cache line does.
void TextReader::drop_front(std::size_t bytes) {
  const char* const left = text() + bytes;
  size_ -= bytes;
  lead_ = (kLineBytes - size_ % kLineBytes) % kLineBytes;
  std::memmove(text(), left, size_);
}

// Reads on in the file, as it was when it was opened; at_end_ behind the last byte. Nothing when
// that failed.
std::optional<std::size_t> TextReader::read(char* into, std::size_t most) {
  // A size of nothing may be that of a file whose size nobody knows.
  const std::int64_t size = file_->stamp().size;
  const std::int64_t left = size > 0 ? size - offset_ : static_cast<std::int64_t>(most) + 1;
  const auto want =
      static_cast<std::size_t>(std::clamp<std::int64_t>(left, 0, static_cast<std::int64_t>(most)));
  auto got = file_->read_at(offset_, std::span<char>(into, want));
  if (!got) {
    failed_ = at_end_ = true;
    hidden_ = got.error().code == Code::kDenied;
    return std::nullopt;
  }
  offset_ += static_cast<std::int64_t>(*got);
  at_end_ = *got < want || static_cast<std::int64_t>(*got) == left;
  return *got;
}

// Reads until the buffer holds `target` bytes or the file ends.
bool TextReader::fill(std::size_t target) {
  if (!codec_) {
    if (at_end_ || size_ >= target) return true;
    reserve(target);
    const auto got = read(text() + size_, target - size_);
    size_ += got.value_or(0);
    return got.has_value();
  }
  while (!at_end_ && size_ < target) {
    const std::size_t kept = raw_.size();
    const std::size_t most = std::min(kRawBytes, target - size_);
    raw_.resize(kept + most);
    const auto got = read(raw_.data() + kept, most);
    raw_.resize(kept + got.value_or(0));
    append_decoded();
    if (!got) return false;
  }
  return true;
}

// Decodes raw_ into the buffer, but for the start of a character whose end was not read.
void TextReader::append_decoded() {
  decoded_.clear();
  std::string_view raw = raw_;
  while (!raw.empty()) {
    raw.remove_prefix(codec_->append_decoded(decoded_, raw));
    constexpr std::size_t kLongestCharacter = 4;
    if (raw.empty() || (!at_end_ && raw.size() < kLongestCharacter)) break;
    decoded_.append("\uFFFD");
    constexpr char32_t kReplacement = 0xFFFD;
    raw.remove_prefix(std::min(raw.size(), files::raw_length(charset_.kind(), raw, kReplacement)));
  }
  raw_.erase(0, raw_.size() - raw.size());
  reserve(size_ + decoded_.size());
  std::memcpy(text() + size_, decoded_.data(), decoded_.size());
  size_ += decoded_.size();
}

// From the bytes that were read on.
bool TextReader::start_decoding(const files::Charset& charset) {
  auto codec = files::Codec::open(charset);
  if (!codec) return false;
  codec_.emplace(std::move(*codec));
  charset_ = charset;
  raw_.assign(text(), size_);
  raw_.erase(0, charset.bom().size());
  size_ = 0;
  append_decoded();
  return true;
}

Skip TextReader::open(sandbox::File file, const Options& options) {
  file_.emplace(std::move(file));
  options_ = options;
  size_ = shown_ = lead_ = 0;
  offset_ = 0;
  codec_.reset();
  raw_.clear();
  at_end_ = failed_ = hidden_ = open_line_ = false;
  first_ = true;
  has_returns_ = false;
  const std::int64_t bytes = file_->stamp().size;
  const auto window = static_cast<std::int64_t>(options.window_bytes);
  if (bytes > options.max_bytes || (options.whole && bytes > window)) return Skip::kTooLarge;
  if (!fill(std::min(options.window_bytes, kSniffTextBytes))) {
    return hidden_ ? Skip::kSecret : Skip::kUnreadable;
  }
  const std::string_view start(text(), size_);
  const std::string_view sniffed = start.substr(0, kSniffBytes);
  const bool marked = sniffed.starts_with("\xFF\xFE") || sniffed.starts_with("\xFE\xFF");
  if (marked || sniffed.contains('\0')) {
    // UTF-32, which is not decoded, begins like UTF-16.
    const bool utf32 = start.starts_with(std::string_view("\xFF\xFE\0\0", 4));
    const auto utf16 = files::find_utf16(start);
    if (utf32 || !utf16 || !start_decoding(*utf16)) return Skip::kBinary;
  } else if (start.starts_with("\xEF\xBB\xBF")) {
    size_ -= 3;
    std::memmove(text(), text() + 3, size_);
  } else if (options.decode && !valid_start(start)) {
    const files::Charset charset = files::detect_charset(start);
    if (charset.kind() != files::CharsetKind::kUtf8) start_decoding(charset);
  }
  return Skip::kNone;
}

// Makes \r\n of buffer[from, shown_) into \n; what lies behind moves up.
void TextReader::fold(std::size_t from) {
  char* const bytes = text();
  if (std::string_view(bytes + from, shown_ - from).find("\r\n") == std::string_view::npos) return;
  std::size_t to = from;
  for (std::size_t i = from; i < shown_; ++i) {
    if (bytes[i] == '\r' && i + 1 < shown_ && bytes[i + 1] == '\n') continue;
    bytes[to++] = bytes[i];
  }
  std::memmove(bytes + to, bytes + shown_, size_ - shown_);
  size_ -= shown_ - to;
  shown_ = to;
}

// Behind shown_, for a text whose lines end so.
void TextReader::make_returns_breaks(bool first) {
  const std::string_view fresh(text() + shown_, size_ - shown_);
  if (first) has_returns_ = !fresh.contains('\n') && fresh.contains('\r');
  if (has_returns_) std::replace(text() + shown_, text() + size_, '\r', '\n');
}

bool TextReader::next(Window& window, std::size_t keep) {
  const std::size_t overlap = std::min(kOverlapBytes, options_.window_bytes / 4);
  std::size_t fresh = shown_;
  if (!first_) {
    if (at_end_ && shown_ == size_) return false;
    std::size_t from = 0;
    if (open_line_) {
      const std::string_view before(text(), shown_);
      const std::size_t end = open_end(before);
      fresh = utf8::character_begin(before, end - std::min(end, overlap));
      from = utf8::character_begin(before, fresh - std::min(fresh, kSightBytes));
    } else {
      from = lines_back(text(), shown_, keep, overlap);
    }
    drop_front(from);
    shown_ -= from;
    fresh -= from;
  }
  const bool first = std::exchange(first_, false);
  while (!at_end_ && size_ < options_.window_bytes) {
    if (!fill(options_.window_bytes)) return false;
  }
  if (shown_ == size_) return false;
  if (options_.returns_end_lines) make_returns_breaks(first);
  window.continues = open_line_;
  open_line_ = false;
  const void* last = at_end_ ? nullptr : memrchr(text() + shown_, '\n', size_ - shown_);
  if (at_end_) {
    shown_ = size_;
  } else if (last != nullptr) {
    shown_ = static_cast<std::size_t>(static_cast<const char*>(last) - text()) + 1;
  } else {
    shown_ = size_;
    open_line_ = true;
  }
  if (options_.fold_line_ends) fold(fresh);
  window.open_end = open_line_;
  window.text = {text(), shown_};
  window.fresh = fresh;
  window.end = open_line_ ? open_end(window.text) : shown_;
  return true;
}

}  // namespace quarry::search
