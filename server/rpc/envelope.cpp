#include "server/rpc/envelope.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>

#include "server/json/writer.h"

namespace quarry::rpc {
namespace {

constexpr std::size_t kMaxIdBytes = 256;

// An integer as JSON writes it, without point or exponent, within int64 or uint64.
bool integer_token(std::string_view token) {
  const char* const end = token.data() + token.size();
  std::uint64_t natural = 0;
  if (const auto [stop, error] = std::from_chars(token.data(), end, natural);
      stop == end && error == std::errc())
    return true;
  std::int64_t negative = 0;
  const auto [stop, error] = std::from_chars(token.data(), end, negative);
  return stop == end && error == std::errc();
}

// Inlined to a comparison of words; operator== calls memcmp.
template <std::size_t kSize>
bool is(std::string_view key, const char (&name)[kSize]) {
  return key.size() == kSize - 1 && std::memcmp(key.data(), name, kSize - 1) == 0;
}

[[gnu::cold]] Envelope& malformed(Envelope& envelope, int code, std::string_view problem) {
  envelope.kind = Kind::kMalformed;
  envelope.code = code;
  envelope.problem = problem;
  return envelope;
}

}  // namespace

bool usable_id(json::Value id) {
  if (id.is(json::Type::kString)) return id.raw().size() - 2 <= kMaxIdBytes;  // less the quotes
  return id.is(json::Type::kNumber) && integer_token(id.number_token());
}

void append_id_key(std::string& out, json::Value id) {
  if (id.is(json::Type::kString)) {
    out.push_back('"');
    out.append(id.string());
  } else {
    out.append(id.number_token() == "-0" ? "0" : id.number_token());
  }
}

Envelope classify(json::Value message) {
  Envelope envelope;
  envelope.message = message;
  if (message.is(json::Type::kArray)) {
    envelope.kind = Kind::kBatch;
    return envelope;
  }
  if (!message.is(json::Type::kObject))
    return malformed(envelope, kInvalidRequest, "a message is a JSON object");

  json::Value version, id, method, params, answer;
  for (json::Value member = message.first(); member; member = message.after(member)) {
    const std::string_view key = member.key();
    if (is(key, "jsonrpc"))
      version = member;
    else if (is(key, "id"))
      id = member;
    else if (is(key, "method"))
      method = member;
    else if (is(key, "params"))
      params = member;
    else if (is(key, "result") || is(key, "error"))
      answer = member;
  }
  if (id && usable_id(id)) {
    envelope.id = id.raw();
    envelope.id_value = id;
  }
  if (answer && !method) {
    envelope.kind = Kind::kResponse;
    return envelope;
  }
  if (!version.is(json::Type::kString) || version.string() != "2.0")
    return malformed(envelope, kInvalidRequest, "jsonrpc must be \"2.0\"");
  if (!method.is(json::Type::kString))
    return malformed(envelope, kInvalidRequest, "method must be a string");
  if (id && envelope.id.empty())
    return malformed(envelope, kInvalidRequest,
                     "id must be a string of at most 256 bytes or an integer");
  envelope.kind = id ? Kind::kRequest : Kind::kNotification;
  envelope.method = method.string();
  if (!params.is(json::Type::kNull)) envelope.params = params;
  return envelope;
}

namespace {

// The id of what looks like a request, so that its sender does not wait for ever.
[[gnu::cold]] void take_sole_id(Envelope& envelope, json::Value message) {
  if (!message.is(json::Type::kObject)) return;
  json::Value id;
  bool asks = false;
  for (json::Value member = message.first(); member; member = message.after(member)) {
    asks = asks || member.key() == "method";
    if (member.key() != "id") continue;
    if (id) return;
    id = member;
  }
  // One with an escape may not be what was sent.
  if (!asks || !id || !usable_id(id) || id.raw().contains('\\')) return;
  envelope.id = id.raw();
  envelope.id_value = id;
}

// The value of \uXXXX at `at`; nothing when that is none.
std::optional<std::uint32_t> escaped_unit(std::string_view line, std::size_t at) {
  constexpr std::size_t kLength = 6;
  std::uint32_t unit = 0;
  const std::string_view digits = line.substr(std::min(at, line.size())).substr(0, kLength);
  if (digits.size() < kLength || !digits.starts_with("\\u")) return std::nullopt;
  const char* const end = digits.data() + kLength;
  const auto read = std::from_chars(digits.data() + 2, end, unit, 16);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return unit;
}

// `line` with U+FFFD for each escaped half of a surrogate pair; as it was when there is none.
[[gnu::cold]] std::string without_half_pairs(std::string_view line) {
  std::string mended(line);
  const auto is_half = [](std::optional<std::uint32_t> unit, std::uint32_t first) {
    return unit && *unit >= first && *unit < first + 0x400;
  };
  for (std::size_t at = 0; (at = line.find('\\', at)) != line.npos;) {
    const auto unit = escaped_unit(line, at);
    const bool high = is_half(unit, 0xD800);
    if (high && is_half(escaped_unit(line, at + 6), 0xDC00)) {
      at += 12;
      continue;
    }
    if (high || is_half(unit, 0xDC00)) mended.replace(at + 2, 4, "fffd");
    at += unit ? 6 : 2;
  }
  return mended;
}

}  // namespace

Envelope read_envelope(json::Document& document, json::Parser& parser, std::string_view line) {
  const auto parsed = document.parse(parser, line);
  if (parsed) return classify(document.root());
  Envelope envelope;
  switch (parsed.error().code) {
    case Code::kConflict:
      if (document.parse(parser, line, json::Keys::kMayRepeat)) {
        take_sole_id(envelope, document.root());
      }
      return malformed(envelope, kInvalidRequest, "a key occurs twice in one object");
    case Code::kTooLarge:
      return malformed(envelope, kInvalidRequest,
                       "nested deeper than 64 or more than 100000 values");
    default:
      if (const std::string mended = without_half_pairs(line);
          mended != line && document.parse_copy(parser, mended)) {
        take_sole_id(envelope, document.root());
        return malformed(envelope, kInvalidRequest, "a string holds half of a surrogate pair");
      }
      return malformed(envelope, kParseError, "the line is not well-formed JSON in UTF-8");
  }
}

void append_result_head(std::string& out, std::string_view id) {
  constexpr std::string_view kBeforeId = R"({"jsonrpc":"2.0","id":)";
  constexpr std::string_view kBehindId = R"(,"result":)";
  out.append(kBeforeId).append(id).append(kBehindId);
}

void append_error(std::string& out, std::string_view id, int code, std::string_view message,
                  std::string_view data) {
  json::Writer writer(out);
  writer.begin_object().field("jsonrpc", "2.0");
  if (!id.empty()) writer.key("id").raw(id);
  writer.key("error").begin_object().field("code", code).field("message", message);
  if (!data.empty()) writer.key("data").raw(data);
  writer.end_object().end_object();
}

}  // namespace quarry::rpc
