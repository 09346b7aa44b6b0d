#include "server/json/writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "server/json/scan.h"

namespace quarry::json {
namespace {

template <class Number>
void append_number(std::string& out, Number value) {
  std::array<char, 32> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  static_cast<void>(error);  // 32 bytes hold every 64-bit integer and the shortest of any double
  out.append(digits.data(), end);
}

// Whether all of [at, at + size) stands for itself in a JSON string and is ASCII.
// REQUIRES: kBlock readable bytes behind it.
bool is_plain(const char* at, std::size_t size) {
  std::uint32_t special = 0;
  std::size_t done = 0;
  for (; done + kBlock <= size; done += kBlock) special |= escaped_and_high(at + done);
  const std::uint32_t counts = (1U << (size - done)) - 1;
  special |= escaped_and_high(at + done) & (counts << 16U | counts);
  return special == 0;
}

}  // namespace

void Writer::separate() {
  if (after_key_)
    after_key_ = false;
  else if (!first_)
    out_.push_back(',');
  first_ = false;
}

Writer& Writer::begin_object() {
  separate();
  out_.push_back('{');
  first_ = true;
  return *this;
}

Writer& Writer::end_object() {
  out_.push_back('}');
  first_ = false;
  return *this;
}

Writer& Writer::begin_array() {
  separate();
  out_.push_back('[');
  first_ = true;
  return *this;
}

Writer& Writer::end_array() {
  out_.push_back(']');
  first_ = false;
  return *this;
}

// The string grows once for all that belongs to one name or one short value.
Writer& Writer::key(Name name) {
  const std::string_view text = name.text();
  const std::size_t before = out_.size();
  out_.resize_and_overwrite(before + text.size() + 4, [&](char* begin, std::size_t) {
    char* at = begin + before;
    if (!first_) *at++ = ',';
    *at++ = '"';
    at = copy_short(at, text.data(), text.size());
    *at++ = '"';
    *at++ = ':';
    return static_cast<std::size_t>(at - begin);
  });
  first_ = false;
  after_key_ = true;
  return *this;
}

Writer& Writer::named(std::string_view name) {
  string(name);
  out_.push_back(':');
  after_key_ = true;
  return *this;
}

// Most values are short and stand for themselves: they are copied before they are looked at.
Writer& Writer::string(std::string_view text) {
  constexpr std::size_t kShort = 256;
  separate();
  bool plain = text.size() <= kShort;
  if (plain) {
    const std::size_t before = out_.size();
    out_.resize_and_overwrite(before + text.size() + kBlock + 2, [&](char* begin, std::size_t) {
      char* at = begin + before;
      *at++ = '"';
      copy_short(at, text.data(), text.size());
      plain = is_plain(at, text.size());
      if (!plain) return before;
      at += text.size();
      *at++ = '"';
      return static_cast<std::size_t>(at - begin);
    });
  }
  if (!plain) append_string(out_, text);
  return *this;
}

Writer& Writer::number(std::int64_t value) {
  separate();
  append_number(out_, value);
  return *this;
}

Writer& Writer::number(std::uint64_t value) {
  separate();
  append_number(out_, value);
  return *this;
}

Writer& Writer::number(double value) {
  if (!std::isfinite(value)) return null();
  separate();
  append_number(out_, value);
  return *this;
}

Writer& Writer::boolean(bool value) {
  return raw(value ? "true" : "false");
}

Writer& Writer::null() {
  return raw("null");
}

Writer& Writer::raw(std::string_view json) {
  separate();
  out_.append(json);
  return *this;
}

}  // namespace quarry::json
