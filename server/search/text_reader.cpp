#include "server/search/text_reader.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace quarry::search {
namespace {

constexpr std::size_t kFirstRead = 256 << 10;

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xC0U | (c >> 6U)));
    out.push_back(static_cast<char>(0x80U | (c & 0x3FU)));
  } else if (c < 0x10000) {
    out.push_back(static_cast<char>(0xE0U | (c >> 12U)));
    out.push_back(static_cast<char>(0x80U | ((c >> 6U) & 0x3FU)));
    out.push_back(static_cast<char>(0x80U | (c & 0x3FU)));
  } else {
    out.push_back(static_cast<char>(0xF0U | (c >> 18U)));
    out.push_back(static_cast<char>(0x80U | ((c >> 12U) & 0x3FU)));
    out.push_back(static_cast<char>(0x80U | ((c >> 6U) & 0x3FU)));
    out.push_back(static_cast<char>(0x80U | (c & 0x3FU)));
  }
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

}  // namespace

void TextReader::reserve(std::size_t bytes) {
  if (bytes <= capacity_) return;
  const std::size_t grown = std::max(bytes, std::size_t{64} << 10);
  auto larger = std::make_unique_for_overwrite<char[]>(grown);
  if (size_ > 0) std::memcpy(larger.get(), buffer_.get(), size_);
  buffer_ = std::move(larger);
  capacity_ = grown;
}

// Reads until the buffer holds `target` bytes or the file ends.
bool TextReader::fill(std::size_t target) {
  if (at_end_ || size_ >= target) return true;
  reserve(target);
  auto got = file_->read_at(offset_, std::span<char>(buffer_.get() + size_, target - size_));
  if (!got) {
    failed_ = at_end_ = true;
    return false;
  }
  at_end_ = *got < target - size_;
  size_ += *got;
  offset_ += static_cast<std::int64_t>(*got);
  return true;
}

Skip TextReader::open(sandbox::File file, const Options& options) {
  file_ = std::make_unique<sandbox::File>(std::move(file));
  options_ = options;
  size_ = shown_ = 0;
  offset_ = 0;
  at_end_ = failed_ = open_line_ = false;
  first_ = true;
  const std::int64_t bytes = file_->stamp().size;
  const auto window = static_cast<std::int64_t>(options.window_bytes);
  if (bytes > options.max_bytes || (options.whole && bytes > window)) return Skip::kTooLarge;
  const auto want = static_cast<std::size_t>(
      std::min<std::int64_t>(bytes + 1, std::min<std::int64_t>(window, kFirstRead)));
  if (!fill(want)) return Skip::kUnreadable;
  const std::string_view start(buffer_.get(), std::min(size_, kSniffBytes));
  if (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF")) {
    if (bytes > window) return Skip::kTooLarge;
    return decode_utf16(start.front() == '\xFE');
  }
  if (start.contains('\0')) return Skip::kBinary;
  if (start.starts_with("\xEF\xBB\xBF")) {
    size_ -= 3;
    std::memmove(buffer_.get(), buffer_.get() + 3, size_);
  }
  return Skip::kNone;
}

Skip TextReader::decode_utf16(bool big_endian) {
  if (!fill(static_cast<std::size_t>(file_->stamp().size) + 1)) return Skip::kUnreadable;
  at_end_ = true;
  std::string text;
  text.reserve(size_);
  const auto unit = [&](std::size_t i) -> char32_t {
    const auto a = static_cast<unsigned char>(buffer_[i]);
    const auto b = static_cast<unsigned char>(buffer_[i + 1]);
    return big_endian ? static_cast<char32_t>(a << 8U | b) : static_cast<char32_t>(b << 8U | a);
  };
  for (std::size_t i = 2; i + 1 < size_; i += 2) {
    char32_t c = unit(i);
    if (c >= 0xD800 && c < 0xDC00 && i + 3 < size_ && (unit(i + 2) & 0xFC00U) == 0xDC00) {
      c = 0x10000 + ((c - 0xD800) << 10U) + (unit(i + 2) - 0xDC00);
      i += 2;
    } else if (c >= 0xD800 && c < 0xE000) {
      c = 0xFFFD;
    }
    append_utf8(text, c);
  }
  size_ = 0;
  reserve(text.size());
  std::memcpy(buffer_.get(), text.data(), text.size());
  size_ = text.size();
  return Skip::kNone;
}

// Makes \r\n of buffer[from, shown_) into \n; what lies behind moves up.
void TextReader::fold(std::size_t from) {
  char* const text = buffer_.get();
  if (std::string_view(text + from, shown_ - from).find("\r\n") == std::string_view::npos) return;
  std::size_t to = from;
  for (std::size_t i = from; i < shown_; ++i) {
    if (text[i] == '\r' && i + 1 < shown_ && text[i + 1] == '\n') continue;
    text[to++] = text[i];
  }
  std::memmove(text + to, text + shown_, size_ - shown_);
  size_ -= shown_ - to;
  shown_ = to;
}

bool TextReader::next(Window& window, std::size_t keep) {
  const std::size_t overlap = std::min(kOverlapBytes, options_.window_bytes / 4);
  std::size_t fresh = shown_;
  if (!first_) {
    if (at_end_ && shown_ == size_) return false;
    const std::size_t from = open_line_ ? shown_ - std::min(shown_, overlap)
                                        : lines_back(buffer_.get(), shown_, keep, overlap);
    std::memmove(buffer_.get(), buffer_.get() + from, size_ - from);
    size_ -= from;
    shown_ -= from;
    fresh = open_line_ ? 0 : shown_;
  }
  first_ = false;
  while (!at_end_ && size_ < options_.window_bytes) {
    const std::int64_t left = std::max<std::int64_t>(file_->stamp().size - offset_, kFirstRead) + 1;
    const std::size_t room = options_.window_bytes - size_;
    if (!fill(size_ + std::min(room, static_cast<std::size_t>(left)))) return false;
  }
  if (shown_ == size_) return false;
  window.continues = open_line_;
  open_line_ = false;
  const void* last = at_end_ ? nullptr : memrchr(buffer_.get() + shown_, '\n', size_ - shown_);
  if (at_end_) {
    shown_ = size_;
  } else if (last != nullptr) {
    shown_ = static_cast<std::size_t>(static_cast<const char*>(last) - buffer_.get()) + 1;
  } else {
    shown_ = size_;
    open_line_ = true;
  }
  if (options_.fold_line_ends) fold(fresh);
  window.open_end = open_line_;
  window.text = {buffer_.get(), shown_};
  window.fresh = fresh;
  return true;
}

}  // namespace quarry::search
