#include "server/rpc/line.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "server/json/document.h"

namespace quarry::rpc {

void Line::clear() {
  size_ = 0;
  if (capacity_ <= kKeptBytes) return;
  bytes_.reset();
  capacity_ = 0;
}

void Line::assign(std::string_view text) {
  size_ = 0;
  append(text);
}

void Line::append(std::string_view text) {
  char* const to = room_for(text.size());
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  grown_by(text.size());
}

void Line::grown_by(std::size_t more) {
  size_ += more;
  std::memset(bytes_.get() + size_, 0, json::kPadding);
}

char* Line::room_for(std::size_t more) {
  if (bytes_ == nullptr || capacity_ - size_ < more) {
    constexpr std::size_t kSmallest = 448;
    const std::size_t capacity = std::max({size_ + more, capacity_ * 2, kSmallest});
    void* const grown = std::realloc(bytes_.get(), capacity + json::kPadding);
    if (grown == nullptr) throw std::bad_alloc();
    static_cast<void>(bytes_.release());  // realloc has freed or kept it
    bytes_.reset(static_cast<char*>(grown));
    capacity_ = capacity;
  }
  return bytes_.get() + size_;
}

}  // namespace quarry::rpc
