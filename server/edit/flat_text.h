// FlatText: a text with every line end (lines.h) as "\n", and where its bytes were before.
// Immutable; safe from any thread.

#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "server/edit/lines.h"

namespace quarry::edit {

class FlatText {
 public:
  explicit FlatText(std::string_view text) : FlatText(text, separator_of(text)) {}
  // `separator`: of the text that this one is a part of, or becomes one.
  FlatText(std::string_view text, char separator) {
    text_.reserve(text.size());
    while (true) {
      const std::size_t end = text.find('\r');
      text_.append(text.substr(0, end));
      if (end == std::string_view::npos) break;
      text.remove_prefix(end + 1);
      const bool pair = text.starts_with('\n');
      text_.push_back(pair || separator == '\r' ? '\n' : '\r');
      if (!pair) continue;
      text.remove_prefix(1);
      dropped_.push_back(text_.size());
    }
  }
  const std::string& text() const { return text_; }
  // An offset before which a byte was dropped lies behind that byte.
  std::size_t original(std::size_t at) const {
    const auto before = std::upper_bound(dropped_.begin(), dropped_.end(), at);
    return at + static_cast<std::size_t>(before - dropped_.begin());
  }

 private:
  std::string text_;
  std::vector<std::size_t> dropped_;  // offsets into text_, ascending
};

}  // namespace quarry::edit
