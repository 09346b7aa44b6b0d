#include "server/files/codec.h"

#include <algorithm>
#include <cerrno>

#include <iconv.h>

#include "server/base/utf8.h"

namespace quarry::files {
namespace {

constexpr char32_t kNoPoint = 0xFFFFFFFF;
constexpr char32_t kReplacement = 0xFFFD;

iconv_t none() {
  return reinterpret_cast<iconv_t>(-1);  // NOLINT(performance-no-int-to-ptr): iconv's own value
}

// Converts as much as it can and returns how much of `in` that is. `exact` becomes false when
// iconv says that it replaced something.
std::size_t convert(iconv_t how, std::string_view in, std::string& out, bool& exact) {
  if (in.empty()) return 0;  // iconv takes a null input for a wish to start anew
  iconv(how, nullptr, nullptr, nullptr, nullptr);
  auto* from = const_cast<char*>(in.data());  // iconv's signature; it does not write there
  std::size_t left = in.size();
  std::array<char, 16 << 10> buffer;
  for (;;) {
    char* to = buffer.data();
    std::size_t room = buffer.size();
    const std::size_t before = left;
    const std::size_t result = iconv(how, &from, &left, &to, &room);
    out.append(buffer.data(), buffer.size() - room);
    if (result != static_cast<std::size_t>(-1)) {
      exact = exact && result == 0;
      break;
    }
    if (errno != E2BIG || left == before) break;
  }
  return in.size() - left;
}

unsigned char byte_at(std::string_view raw, std::size_t i) {
  return static_cast<unsigned char>(raw[i]);
}

}  // namespace

std::size_t raw_length(CharsetKind kind, std::string_view raw, char32_t shown) {
  const unsigned char lead = byte_at(raw, 0);
  std::size_t length = 1;
  switch (kind) {
    case CharsetKind::kUtf8:
      return utf8::next(raw).length;
    case CharsetKind::kUtf16Le:
    case CharsetKind::kUtf16Be:
      length = shown >= 0x10000 ? 4 : 2;
      break;
    case CharsetKind::kSingle:
      break;
    case CharsetKind::kGb18030:
      if (raw.starts_with("\x84\x31\xA4\x37")) return 4;  // U+FFFD itself
      if (lead >= 0x81 && raw.size() > 1) {
        length = byte_at(raw, 1) >= 0x30 && byte_at(raw, 1) <= 0x39 ? 4 : 2;
      }
      break;
    case CharsetKind::kGbk:
    case CharsetKind::kBig5:
    case CharsetKind::kCp949:
      length = lead > 0x80 ? 2 : 1;
      break;
    case CharsetKind::kShiftJis:
      length = lead > 0x80 && (lead < 0xA0 || lead > 0xDF) && lead < 0xFD ? 2 : 1;
      break;
    case CharsetKind::kEucJp:
      length = lead == 0x8F ? 3 : lead == 0x8E || lead > 0xA0 ? 2 : 1;
      break;
    case CharsetKind::kEucKr:
      length = lead > 0xA0 ? 2 : 1;
      break;
  }
  const bool in_utf16 = kind == CharsetKind::kUtf16Le || kind == CharsetKind::kUtf16Be;
  if (shown == kReplacement && !in_utf16) length = 1;
  return std::min(length, raw.size());
}

Result<Codec> Codec::open(const Charset& charset) {
  Codec codec(charset.kind());
  if (charset.kind() == CharsetKind::kUtf8 || charset.utf16()) return codec;
  for (const bool decodes : {true, false}) {
    const char* name = charset.row->iconv;
    iconv_t opened = decodes ? iconv_open("UTF-8", name) : iconv_open(name, "UTF-8");
    if (opened == none()) {
      return fail(Code::kUnavailable, "this machine's C library does not know {}", charset.name());
    }
    (decodes ? codec.decoder_ : codec.encoder_) = opened;
  }
  if (charset.kind() == CharsetKind::kSingle) codec.fill_table();
  return codec;
}

Codec::Codec(Codec&& other) noexcept
    : kind_(other.kind_),
      decoder_(std::exchange(other.decoder_, nullptr)),
      encoder_(std::exchange(other.encoder_, nullptr)),
      points_(other.points_),
      by_point_(std::move(other.by_point_)) {}

Codec::~Codec() {
  if (decoder_ != nullptr) iconv_close(decoder_);
  if (encoder_ != nullptr) iconv_close(encoder_);
}

void Codec::fill_table() {
  std::string text;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    const char byte = static_cast<char>(i);
    text.clear();
    bool exact = true;
    const bool known = convert(decoder_, {&byte, 1}, text, exact) == 1;
    if (known && text.empty()) {  // held back for the byte after it
      std::array<char, 8> rest;
      char* to = rest.data();
      std::size_t room = rest.size();
      iconv(decoder_, nullptr, nullptr, &to, &room);
      text.append(rest.data(), rest.size() - room);
    }
    points_[i] = known && !text.empty() ? utf8::next(text).point : kNoPoint;
    if (points_[i] != kNoPoint) by_point_.emplace_back(points_[i], static_cast<unsigned char>(i));
  }
  std::sort(by_point_.begin(), by_point_.end());
}

std::size_t Codec::append_decoded_utf16(std::string& out, std::string_view raw) const {
  const auto unit = [&](std::size_t i) {
    const char32_t a = byte_at(raw, i);
    const char32_t b = byte_at(raw, i + 1);
    return kind_ == CharsetKind::kUtf16Le ? a | b << 8U : a << 8U | b;
  };
  std::size_t at = 0;
  while (at + 2 <= raw.size()) {
    char32_t point = unit(at);
    std::size_t length = 2;
    if (point >= 0xD800 && point <= 0xDFFF) {
      const char32_t low = point <= 0xDBFF && at + 4 <= raw.size() ? unit(at + 2) : 0;
      if (low < 0xDC00 || low > 0xDFFF) break;
      point = 0x10000 + ((point - 0xD800) << 10U) + (low - 0xDC00);
      length = 4;
    }
    utf8::append_character(out, point);
    at += length;
  }
  return at;
}

std::size_t Codec::append_encoded_utf16(std::string& out, std::string_view text) const {
  const auto append_unit = [&](char32_t unit) {
    const char low = static_cast<char>(unit & 0xFFU);
    const char high = static_cast<char>(unit >> 8U);
    out.push_back(kind_ == CharsetKind::kUtf16Le ? low : high);
    out.push_back(kind_ == CharsetKind::kUtf16Le ? high : low);
  };
  for (std::size_t at = 0; at < text.size();) {
    const utf8::Character one = utf8::next(text.substr(at));
    if (one.point < 0x10000) {
      append_unit(one.point);
    } else {
      append_unit(0xD800 + ((one.point - 0x10000) >> 10U));
      append_unit(0xDC00 + ((one.point - 0x10000) & 0x3FFU));
    }
    at += one.length;
  }
  return text.size();
}

std::size_t Codec::append_decoded(std::string& out, std::string_view raw) const {
  std::size_t at = 0;
  switch (kind_) {
    case CharsetKind::kUtf8:
      while (at < raw.size()) {
        const utf8::Character one = utf8::next(raw.substr(at));
        if (!one.valid) break;
        at += one.length;
      }
      out.append(raw.substr(0, at));
      return at;
    case CharsetKind::kUtf16Le:
    case CharsetKind::kUtf16Be:
      return append_decoded_utf16(out, raw);
    case CharsetKind::kSingle:
      for (; at < raw.size() && points_[byte_at(raw, at)] != kNoPoint; ++at) {
        utf8::append_character(out, points_[byte_at(raw, at)]);
      }
      return at;
    default:
      break;
  }
  bool exact = true;
  return convert(decoder_, raw, out, exact);
}

std::size_t Codec::append_encoded(std::string& out, std::string_view text) const {
  std::size_t at = 0;
  switch (kind_) {
    case CharsetKind::kUtf8:
      out.append(text);
      return text.size();
    case CharsetKind::kUtf16Le:
    case CharsetKind::kUtf16Be:
      return append_encoded_utf16(out, text);
    case CharsetKind::kSingle:
      while (at < text.size()) {
        const utf8::Character one = utf8::next(text.substr(at));
        const auto found = std::lower_bound(by_point_.begin(), by_point_.end(),
                                            std::pair{one.point, static_cast<unsigned char>(0)});
        if (found == by_point_.end() || found->first != one.point) break;
        out.push_back(static_cast<char>(found->second));
        at += one.length;
      }
      return at;
    default:
      break;
  }
  // iconv drops some characters without a word and takes others for their likes (a yen sign for a
  // backslash): only what comes back as it went has been encoded.
  std::string bytes;
  std::string back;
  bool exact = true;
  if (convert(encoder_, text, bytes, exact) == text.size() && exact &&
      convert(decoder_, bytes, back, exact) == bytes.size() && back == text) {
    out.append(bytes);
    return at + text.size();
  }
  while (at < text.size()) {
    const std::string_view one = text.substr(at, utf8::next(text.substr(at)).length);
    bytes.clear();
    back.clear();
    if (convert(encoder_, one, bytes, exact) != one.size() ||
        convert(decoder_, bytes, back, exact) != bytes.size() || back != one) {
      break;
    }
    out.append(bytes);
    at += one.size();
  }
  return at;
}

}  // namespace quarry::files
