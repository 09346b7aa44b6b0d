// Encoder and Decoder: plain structs to bytes and back, from one list of fields per struct.
//
// A struct is described once by `template <class Io> void fields(Io& io, S& s)`; the Encoder
// writes what the Decoder reads. Integers are little-endian at their full width, strings and
// lists have a u32 length in front.
//
// After any failed read a Decoder is bad and yields zeros; check finished() at the end.
//
// Thread-compatible.

#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace quarry::git::protocol {

class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out) {}

  template <class... T>
  void operator()(T&... values) {
    (put(values), ...);
  }

 private:
  template <class T>
  void put(T& value) {
    if constexpr (std::is_enum_v<T>) {
      append(static_cast<std::uint8_t>(value));
    } else if constexpr (std::is_same_v<T, bool>) {
      append(static_cast<std::uint8_t>(value ? 1 : 0));
    } else if constexpr (std::is_integral_v<T>) {
      append(static_cast<std::make_unsigned_t<T>>(value));
    } else {
      fields(*this, value);
    }
  }
  void put(std::string& text) {
    append(static_cast<std::uint32_t>(text.size()));
    out_ += text;
  }
  template <class T>
  void put(std::vector<T>& list) {
    append(static_cast<std::uint32_t>(list.size()));
    for (T& item : list) put(item);
  }
  template <class A, class B>
  void put(std::pair<A, B>& both) {
    put(both.first);
    put(both.second);
  }
  template <class U>
  void append(U value) {
    char bytes[sizeof(U)];
    for (std::size_t i = 0; i < sizeof(U); ++i) {
      bytes[i] = static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
    }
    out_.append(bytes, sizeof(U));
  }

  std::string& out_;
};

class Decoder {
 public:
  explicit Decoder(std::string_view in) : in_(in) {}

  template <class... T>
  void operator()(T&... values) {
    (get(values), ...);
  }
  bool good() const { return good_; }
  bool finished() const { return good_ && in_.empty(); }
  std::string_view rest() const { return in_; }
  void spoil() { good_ = false; }

 private:
  template <class T>
  void get(T& value) {
    if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(take<std::uint8_t>());
    } else if constexpr (std::is_same_v<T, bool>) {
      const auto byte = take<std::uint8_t>();
      if (byte > 1) good_ = false;
      value = byte == 1;
    } else if constexpr (std::is_integral_v<T>) {
      value = static_cast<T>(take<std::make_unsigned_t<T>>());
    } else {
      fields(*this, value);
    }
  }
  void get(std::string& text) {
    const auto size = take<std::uint32_t>();
    if (size > in_.size()) good_ = false;
    if (!good_) return;
    text.assign(in_.substr(0, size));
    in_.remove_prefix(size);
  }
  template <class T>
  void get(std::vector<T>& list) {
    const auto count = take<std::uint32_t>();
    // Every item takes at least one byte, and memory grows only as items are really there.
    if (count > in_.size()) good_ = false;
    for (std::uint32_t i = 0; good_ && i < count; ++i) get(list.emplace_back());
  }
  template <class A, class B>
  void get(std::pair<A, B>& both) {
    get(both.first);
    get(both.second);
  }
  template <class U>
  U take() {
    if (in_.size() < sizeof(U)) good_ = false;
    if (!good_) return 0;
    U value = 0;
    for (std::size_t i = 0; i < sizeof(U); ++i) {
      value = static_cast<U>(
          value | static_cast<U>(static_cast<U>(static_cast<unsigned char>(in_[i])) << (8 * i)));
    }
    in_.remove_prefix(sizeof(U));
    return value;
  }

  std::string_view in_;
  bool good_ = true;
};

}  // namespace quarry::git::protocol
