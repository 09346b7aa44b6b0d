// LineEnds: new texts with the line ends of the lines that they replace, or that are around them.
//
// Places that are asked for in ascending order cost one pass over the text, however long its lines
// are. Belongs to one thread.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace quarry::edit {

class LineEnds {
 public:
  // `around` outlives it.
  explicit LineEnds(std::string_view around);

  // `text`, whose lines end in "\n", with each line end as the lines of `around` at `begin` to
  // `end` have them.
  std::string fit(std::string_view text, std::size_t begin, std::size_t end);

 private:
  // Makes the line in which `at` lies the one that is known.
  void go_to(std::size_t at);

  std::string_view around_;
  std::size_t line_begin_ = 0;
  std::size_t line_end_ = 0;  // its end included
  std::string_view own_;      // its end; "" for a last line without
  std::string_view before_;   // of the line before it
};

}  // namespace quarry::edit
