// Image: the lines of a text that is being patched: which of them are the text's own, and what it
// becomes as splices.
//
// Its lines are those of lines.h. A gap is kept where the last change was made, so that changes
// from top to bottom cost what they change.
//
// Thread-compatible.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "server/edit/splice.h"

namespace quarry::edit {

struct ImageLine {
  static constexpr std::size_t kNew = SIZE_MAX;
  std::string_view body;      // without its end
  std::string_view end;       // "\n", "\r\n", "\r", or "" of a last line
  std::uint64_t hash = 0;     // of the body
  std::size_t origin = kNew;  // where it begins in the text
  bool end_is_new = false;    // the text has it without its end

  static ImageLine added(std::string_view body, std::string_view end);
};

class Image {
 public:
  explicit Image(std::string_view text);

  std::size_t size() const { return before_.size() + after_.size(); }
  const ImageLine& operator[](std::size_t at) const {
    return at < before_.size() ? before_[at] : after_[after_.size() - 1 - (at - before_.size())];
  }
  void replace(std::size_t at, std::size_t count, std::span<const ImageLine> with);

  // Of the text that it was made of.
  std::vector<Splice> splices() const;

 private:
  std::string_view text_;
  std::vector<ImageLine> before_;  // the gap
  std::vector<ImageLine> after_;   // the gap, last line first
};

}  // namespace quarry::edit
