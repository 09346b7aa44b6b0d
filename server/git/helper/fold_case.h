// Text found without regard to case: of all scripts where the machine has the locale C.UTF-8 (part
// of Debian's libc), else of ASCII.
//
// Safe from any thread.

#pragma once

#include <string>
#include <string_view>

namespace quarry::git::helper {

// Opens the locale while that is possible: before the process is confined, from one thread.
void open_case_folding();

class FoldedPart {
 public:
  explicit FoldedPart(std::string_view part);

  bool empty() const { return part_.empty(); }
  // `text`: of any bytes; those that are no UTF-8 are equal to themselves alone.
  bool is_in(std::string_view text) const;

 private:
  std::string part_;
  std::u32string folded_;  // empty when part_ is ASCII
};

}  // namespace quarry::git::helper
