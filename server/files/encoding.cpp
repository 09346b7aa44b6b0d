#include "server/files/encoding.h"

#include <algorithm>

#include "server/base/utf8.h"
#include "server/files/codec.h"
#include "server/files/detect.h"
#include "server/files/text.h"

namespace quarry::files {
namespace {

// Between two marks raw_offset() goes character by character.
constexpr std::size_t kMarkBytes = 4 << 10;

Charset resolve(std::string_view raw, const std::optional<Charset>& wanted) {
  if (!wanted) return detect_charset(raw);
  Charset charset = *wanted;
  charset.found = CharsetFound::kGiven;
  const auto marked = find_bom(raw);
  charset.has_bom = marked && marked->kind() == charset.kind();
  if (marked && charset.utf16() && marked->utf16()) {
    charset.row = marked->row;
    charset.has_bom = true;
  }
  return charset;
}

[[gnu::cold]] Failure refuse_character(std::string_view rest, const Charset& charset) {
  const utf8::Character one = utf8::next(rest);
  std::string shown;
  utf8::append_escaped_name(shown, rest.substr(0, one.length));
  return fail(Code::kInvalidArgs,
              "{} has no character U+{:04X} ('{}'); use characters that it has, or rewrite the "
              "whole file with encoding utf-8",
              charset.name(), static_cast<std::uint32_t>(one.point), shown);
}

}  // namespace

std::size_t Decoded::raw_offset(std::size_t text_offset) const {
  if (marks_.empty()) return text_offset + charset.bom().size();
  const auto after = std::ranges::upper_bound(marks_, text_offset, {}, &Mark::text);
  Mark at = *std::prev(after);
  while (at.text < text_offset && at.raw < raw_.size()) {
    const utf8::Character shown = utf8::next(std::string_view(text).substr(at.text));
    at.raw += raw_length(charset.kind(), raw_.substr(at.raw), shown.point);
    at.text += shown.length;
  }
  return at.raw;
}

Result<Decoded> decode(std::string_view raw, std::optional<Charset> wanted) {
  Decoded decoded;
  decoded.charset = resolve(raw, wanted);
  const Charset& charset = decoded.charset;
  std::string_view rest = raw.substr(charset.bom().size());
  if (charset.kind() == CharsetKind::kUtf8 && is_utf8(rest)) {
    decoded.text = rest;
    return decoded;
  }
  TRY_ASSIGN(const Codec codec, Codec::open(charset));
  decoded.raw_ = raw;
  decoded.text.reserve(rest.size() + rest.size() / 2);
  while (!rest.empty()) {
    const std::size_t at = raw.size() - rest.size();
    if (decoded.marks_.empty() || at - decoded.marks_.back().raw >= kMarkBytes) {
      decoded.marks_.push_back({decoded.text.size(), at});
    }
    const std::string_view piece = rest.substr(0, kMarkBytes);
    const std::size_t taken = codec.append_decoded(decoded.text, piece);
    rest.remove_prefix(taken);
    // What ends inside a character is looked at again with the bytes that follow.
    const bool cut = taken > 0 && piece.size() - taken < 4;
    if (cut || rest.empty()) continue;
    decoded.damaged = true;
    utf8::append_character(decoded.text, 0xFFFD);
    rest.remove_prefix(raw_length(charset.kind(), rest, 0xFFFD));
  }
  if (decoded.marks_.empty()) decoded.marks_.push_back({0, raw.size()});
  decoded.lossless = !decoded.damaged;
  const bool one_way = charset.kind() > CharsetKind::kSingle;  // some characters have two codes
  if (decoded.lossless && one_way) {
    std::string again;
    decoded.lossless = codec.append_encoded(again, decoded.text) == decoded.text.size() &&
                       again == raw.substr(charset.bom().size());
  }
  return decoded;
}

Result<Encoder> Encoder::open(const Charset& charset) {
  TRY_ASSIGN(Codec codec, Codec::open(charset));
  return Encoder(charset, std::move(codec));
}

Result<std::string> Encoder::encode(std::string_view text) const {
  if (!utf8::valid(text)) {
    return fail(Code::kInvalidArgs, "the text is not valid utf-8; give it as characters");
  }
  std::string raw;
  const std::size_t taken = codec_.append_encoded(raw, text);
  if (taken < text.size()) return refuse_character(text.substr(taken), charset_);
  return raw;
}

Result<std::string> encode(std::string_view text, const Charset& charset) {
  TRY_ASSIGN(const Encoder encoder, Encoder::open(charset));
  return encoder.encode(text);
}

}  // namespace quarry::files
