// Writer: appends JSON to a string that the caller owns and reuses.
//
// Output is compact, one line, valid UTF-8 whatever goes in: bad bytes become U+FFFD, control
// characters are escaped. Commas are placed by the Writer; nesting is the caller's to balance.
// REQUIRES: key() before each value inside an object.
//
// Thread-compatible.

#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace quarry::json {

// Appends `text` as a JSON string with its quotes. The one escape kernel of the server.
void append_string(std::string& out, std::string_view text);

// Appends `bytes` in base64 (RFC 4648 section 4) without quotes.
void append_base64(std::string& out, std::string_view bytes);

// A member's name that stands for itself, checked while compiling: it is copied without a look.
class Name {
 public:
  template <std::size_t N>
  consteval Name(const char (&text)[N]) : text_(text, N - 1) {  // NOLINT: a literal is a Name
    for (const char c : text_) {
      if (c < ' ' || c > '~' || c == '"' || c == '\\') throw "not plain";
    }
  }
  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

// One that is known when the program runs.
template <class Text>
concept OtherName = !std::is_array_v<Text> && std::convertible_to<const Text&, std::string_view>;

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(Name name);
  Writer& key(const OtherName auto& name) { return named(name); }
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
  template <class Value>
  Writer& field(Name name, const Value& value) {
    return key(name).value(value);
  }
  template <class Value>
  Writer& field(const OtherName auto& name, const Value& value) {
    return named(name).value(value);
  }

 private:
  Writer& value(std::string_view text) { return string(text); }
  Writer& value(const std::string& text) { return string(text); }
  Writer& value(const char* text) { return string(text); }
  Writer& value(std::int64_t number) { return this->number(number); }
  Writer& value(std::uint64_t number) { return this->number(number); }
  Writer& value(int number) { return this->number(number); }
  Writer& value(double number) { return this->number(number); }
  Writer& value(bool truth) { return boolean(truth); }
  Writer& named(std::string_view name);
  void separate();
  std::string& out_;
  bool first_ = true;  // nothing yet in the innermost container
  bool after_key_ = false;
};

}  // namespace quarry::json
