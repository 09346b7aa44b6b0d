// Line: the bytes of one incoming message, padded so that they can be parsed where they are.
//
// Owns its bytes; moving a Line moves no byte, so views into it stay good. Reusable: what it holds
// on to between two messages is bounded by kKeptBytes.
//
// Thread-compatible.

#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

namespace quarry::rpc {

class Line {
 public:
  static constexpr std::size_t kKeptBytes = 256UL << 10U;

  Line() = default;
  Line(Line&& other) noexcept
      : bytes_(std::move(other.bytes_)),
        capacity_(std::exchange(other.capacity_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  Line& operator=(Line&& other) noexcept {
    Line taken(std::move(other));
    swap(taken);
    return *this;
  }

  // json::kPadding readable bytes follow the view.
  std::string_view view() const { return {bytes_.get(), size_}; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }

  // Empties the Line and gives back what a huge message needed.
  void clear();
  void assign(std::string_view text);
  void append(std::string_view text);
  void swap(Line& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(capacity_, other.capacity_);
    std::swap(size_, other.size_);
  }

 private:
  friend class LineReader;
  struct Free {
    void operator()(char* bytes) const { std::free(bytes); }
  };
  // Room for `more` bytes behind the text. From malloc, since realloc moves a large block by
  // remapping its pages, without a copy.
  char* room_for(std::size_t more);
  // The first `more` bytes of that room have been written.
  void grown_by(std::size_t more);
  void shrink_to(std::size_t size) { size_ = size; }

  std::unique_ptr<char[], Free> bytes_;
  std::size_t capacity_ = 0;  // without the padding
  std::size_t size_ = 0;
};

}  // namespace quarry::rpc
