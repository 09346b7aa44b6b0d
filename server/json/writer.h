// Writer: appends JSON to a string that the caller owns and reuses.
//
// Output is compact, one line, valid UTF-8 whatever goes in: bad bytes become U+FFFD, control
// characters are escaped. Commas are placed by the Writer; nesting is the caller's to balance.
// REQUIRES: key() before each value inside an object.
//
// Thread-compatible.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quarry::json {

// Appends `text` as a JSON string with its quotes. The one escape kernel of the server.
void append_string(std::string& out, std::string_view text);

// Appends `bytes` in base64 (RFC 4648 section 4) without quotes.
void append_base64(std::string& out, std::string_view bytes);

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view name);
  Writer& string(std::string_view text);
  Writer& number(std::int64_t value);
  Writer& number(std::uint64_t value);
  Writer& number(int value) { return number(static_cast<std::int64_t>(value)); }
  Writer& number(double value);  // finite; otherwise null
  Writer& boolean(bool value);
  Writer& null();
  // `json` must be one well-formed compact value.
  Writer& raw(std::string_view json);

  // key + value in one.
  Writer& field(std::string_view name, std::string_view text) { return key(name).string(text); }
  Writer& field(std::string_view name, const char* text) { return key(name).string(text); }
  Writer& field(std::string_view name, std::int64_t value) { return key(name).number(value); }
  Writer& field(std::string_view name, std::uint64_t value) { return key(name).number(value); }
  Writer& field(std::string_view name, int value) { return key(name).number(value); }
  Writer& field(std::string_view name, double value) { return key(name).number(value); }
  Writer& field(std::string_view name, bool value) { return key(name).boolean(value); }

 private:
  void separate();
  void quoted(std::string_view text, bool is_key);
  std::string& out_;
  bool first_ = true;  // nothing yet in the innermost container
  bool after_key_ = false;
};

}  // namespace quarry::json
