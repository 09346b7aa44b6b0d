// LineEnds: new texts with the line ends of the lines that they replace, or that are around them.
//
// Where the replaced lines end in different ways, a line that is in both texts keeps its own, a new
// one takes that of the line it stands for (line_runs.h), else that of the line before it. A "\r"
// alone ends a line of the replaced ones, since the text that found them may have said "\n" for it.
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

  // `text`, whose lines end in "\n" or "\r\n", with each line end as the lines of `around` at
  // `begin` to `end` have them.
  std::string fit(std::string_view text, std::size_t begin, std::size_t end);

 private:
  // The end of the line in which `at` lies, or of the one before, or "\n".
  std::string_view end_at(std::size_t at);

  std::string_view around_;
  char separator_;
  std::size_t line_begin_ = 0;
  std::size_t line_end_ = 0;  // its end included
  std::string_view own_;      // its end; "" for a last line without
  std::string_view before_;   // of the line before it
};

}  // namespace quarry::edit
