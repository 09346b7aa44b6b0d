// LiteralFinder: where a text stands in a longer one, compared byte by byte.
//
// Looks for the two rarest bytes of the text at their distance, 32 or 16 places at a time where
// the machine can, and compares the whole only where both are; about four times memmem's speed
// (perf/micro, matcher_bench). Immutable; const, safe from any thread.

#pragma once

#include <string>
#include <string_view>

namespace quarry::search {

class LiteralFinder {
 public:
  LiteralFinder() = default;  // of the empty text, which is found nowhere
  // `fold`: ASCII letters of `text`, which are in lower case, stand for both cases.
  explicit LiteralFinder(std::string text, bool fold = false);

  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }
  // The first place in [from, to) of `in` where the text stands wholly inside; npos when none.
  std::size_t find(std::string_view in, std::size_t from, std::size_t to) const;

 private:
  std::string text_;
  bool fold_ = false;
  std::size_t rare_ = 0;    // places in text_
  std::size_t second_ = 0;  // another, or the same when there is but one byte
};

// Index of the first byte from `from` on that is no ASCII, or `to`.
std::size_t find_non_ascii(std::string_view in, std::size_t from, std::size_t to);

}  // namespace quarry::search
