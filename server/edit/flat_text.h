// FlatText: a text with every line end as "\n", and where its bytes were before. Immutable; safe
// from any thread.

#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace quarry::edit {

class FlatText {
 public:
  explicit FlatText(std::string_view text) {
    text_.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\r') {
        text_.push_back(text[i]);
      } else {
        text_.push_back('\n');
        if (i + 1 < text.size() && text[i + 1] == '\n') {
          ++i;
          dropped_.push_back(text_.size());
        }
      }
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
