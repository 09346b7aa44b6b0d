#include "server/files/text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "server/base/figures.h"
#include "server/base/utf8.h"

namespace quarry::files {
namespace {

constexpr std::size_t kBinaryProbe = 8192;
constexpr std::size_t kBlock = 64;

struct BlockFigures {
  std::uint32_t newlines = 0;
  std::uint32_t returns = 0;
  std::uint8_t bits = 0;  // of all bytes together
};

// Constant length and no branches, so that gcc vectorises it at -O2.
BlockFigures look_at_block(const char* block) {
  std::uint8_t newlines = 0;
  std::uint8_t returns = 0;
  std::uint8_t bits = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const auto byte = static_cast<std::uint8_t>(block[i]);
    newlines = static_cast<std::uint8_t>(newlines + (byte == '\n'));
    returns = static_cast<std::uint8_t>(returns + (byte == '\r'));
    bits = static_cast<std::uint8_t>(bits | byte);
  }
  return {newlines, returns, bits};
}

// The number column: seven characters "     1\t" that count up in place.
class NumberColumn {
 public:
  explicit NumberColumn(std::int64_t number) : blank_(number == 0) {
    text_.fill(' ');
    text_.back() = '\t';
    if (blank_) return;
    std::size_t at = text_.size() - 1;
    for (std::int64_t rest = number; rest > 0 && at > 0; rest /= 10) {
      text_[--at] = static_cast<char>('0' + rest % 10);
    }
    begin_ = std::min(begin_, at);
  }

  std::string_view text() const { return {text_.data() + begin_, text_.size() - begin_}; }

  void count_up() {
    if (blank_) return;
    std::size_t at = text_.size() - 2;
    while (text_[at] == '9') text_[at--] = '0';
    text_[at] = text_[at] == ' ' ? '1' : static_cast<char>(text_[at] + 1);
    begin_ = std::min(begin_, at);
  }

 private:
  std::array<char, 24> text_;  // begins with blanks enough for every 64-bit number
  std::size_t begin_ = 24 - 7;
  bool blank_;
};

// The longest prefix of at most `chars` characters, counted by their lead bytes.
std::string_view first_chars(std::string_view line, std::size_t chars) {
  if (line.size() <= chars) return line;
  std::size_t at = 0;
  for (; at < line.size(); ++at) {
    const bool leads = !utf8::continues(line[at]);
    if (leads && chars-- == 0) break;
  }
  return line.substr(0, at);
}

[[gnu::cold, gnu::noinline]] void append_clipped(std::string& out, std::string_view shown,
                                                 std::size_t whole, bool at_least) {
  out.append(shown);
  out.append(at_least ? "... [clipped: more than " : "... [clipped: ");
  append_count(out, whole);
  out.append(" bytes in this line]\n");
}

}  // namespace

bool holds_nul(std::string_view bytes) {
  return bytes.substr(0, kBinaryProbe).find('\0') != std::string_view::npos;
}

bool is_utf8(std::string_view bytes) {
  const auto high = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  std::size_t at = 0;
  while (at < bytes.size()) {
    std::uint64_t word = 0;
    while (at + sizeof word <= bytes.size()) {
      std::memcpy(&word, bytes.data() + at, sizeof word);
      if ((word & 0x8080808080808080U) != 0) break;
      at += sizeof word;
    }
    while (at < bytes.size() && !high(bytes[at])) ++at;
    // Every byte of a longer character is high: a run of high bytes stands for itself.
    std::size_t end = at;
    while (end < bytes.size() && high(bytes[end])) ++end;
    if (!utf8::valid(bytes.substr(at, end - at))) return false;
    at = end;
  }
  return true;
}

void ShapeTally::add(std::string_view piece) {
  if (piece.empty()) return;
  const std::size_t returns = returns_;
  const auto add = [&](const BlockFigures& block) {
    newlines_ += block.newlines;
    returns_ += block.returns;
    bits_ = static_cast<std::uint8_t>(bits_ | block.bits);
  };
  std::size_t at = 0;
  for (; at + kBlock <= piece.size(); at += kBlock) add(look_at_block(piece.data() + at));
  if (at < piece.size()) {
    std::array<char, kBlock> rest{};
    std::memcpy(rest.data(), piece.data() + at, piece.size() - at);
    add(look_at_block(rest.data()));
  }
  if (last_ == '\r' && piece.front() == '\n') ++pairs_;
  if (returns_ > returns) {
    for (std::size_t pair = piece.find("\r\n"); pair != std::string_view::npos;
         pair = piece.find("\r\n", pair + 2)) {
      ++pairs_;
    }
  }
  last_ = piece.back();
  empty_ = false;
}

TextShape ShapeTally::shape() const {
  TextShape shape;
  shape.ascii = bits_ < 0x80;
  if (newlines_ == 0) {
    shape.ends = returns_ > 0 ? LineEnds::kCr : LineEnds::kNone;
  } else if (returns_ == 0) {
    shape.ends = LineEnds::kLf;
  } else {
    shape.ends = pairs_ == newlines_ && pairs_ == returns_ ? LineEnds::kCrlf : LineEnds::kMixed;
  }
  shape.final_newline = !empty_ && last_ == shape.separator();
  const std::size_t ended = shape.ends == LineEnds::kCr ? returns_ : newlines_;
  shape.lines = static_cast<std::int64_t>(ended + (empty_ || shape.final_newline ? 0U : 1U));
  return shape;
}

TextShape find_shape(std::string_view text) {
  ShapeTally tally;
  tally.add(text);
  return tally.shape();
}

std::string_view from_line(std::string_view text, std::int64_t number, char separator) {
  for (; number > 1; --number) {
    const std::size_t end = text.find(separator);
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text;
}

std::string_view last_lines(std::string_view text, std::int64_t count, char separator) {
  if (text.empty()) return text;
  std::size_t at = text.size() - (text.back() == separator ? 1U : 0U);
  for (; count > 0; --count) {
    const std::size_t end = text.substr(0, at).rfind(separator);
    if (end == std::string_view::npos) return text;
    at = end;
  }
  return text.substr(at + 1);
}

LinesShown append_lines(std::string& out, std::string_view text, const LineRun& run) {
  LinesShown shown;
  NumberColumn column(run.first);
  const std::size_t begin = out.size();
  while (!text.empty() && shown.lines < run.max_lines) {
    const auto* end =
        static_cast<const char*>(std::memchr(text.data(), run.separator, text.size()));
    const std::size_t length =
        end == nullptr ? text.size() : static_cast<std::size_t>(end - text.data());
    std::string_view line = text.substr(0, length);
    if (end != nullptr && line.ends_with('\r')) line.remove_suffix(1);
    const std::string_view number = column.text();

    std::string_view fitting = first_chars(line, run.max_line_chars);
    const std::size_t used = out.size() - begin + number.size() + 1;
    if (used + fitting.size() > run.max_bytes) {
      if (shown.lines > 0) break;
      fitting = utf8::clip(fitting, run.max_bytes > used + 64 ? run.max_bytes - used - 64 : 64);
    }
    out.append(number);
    const bool whole = fitting.size() == line.size() && (end != nullptr || !run.goes_on);
    if (whole) [[likely]] {
      out.append(line);
      out.push_back('\n');
    } else {
      append_clipped(out, fitting, line.size(), end == nullptr && run.goes_on);
      if (shown.clipped++ == 0) shown.first_clipped = run.first == 0 ? 0 : run.first + shown.lines;
    }
    column.count_up();
    ++shown.lines;
    const std::size_t taken = end == nullptr ? length : length + 1;
    shown.bytes += taken;
    text.remove_prefix(taken);
  }
  return shown;
}

}  // namespace quarry::files
