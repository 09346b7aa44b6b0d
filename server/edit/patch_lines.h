// PatchLines: the lines of a patch's text, for its parsers. Lines end at "\n" alone: a carriage
// return is a part of the line. Thread-compatible.

#pragma once

#include <string_view>
#include <vector>

namespace quarry::edit {

// Without blanks and tabs at both ends.
inline std::string_view trimmed_line(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

class PatchLines {
 public:
  explicit PatchLines(std::string_view text) {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      lines_.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  std::size_t size() const { return lines_.size(); }
  // Without its "\n".
  std::string_view raw(std::size_t at) const { return lines_[at]; }
  // Without its "\r\n": what a header says.
  std::string_view header(std::size_t at) const {
    std::string_view line = lines_[at];
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }
  bool carriage_return(std::size_t at) const { return lines_[at].ends_with('\r'); }
  bool starts(std::size_t at, std::string_view with) const {
    return at < lines_.size() && lines_[at].starts_with(with);
  }

 private:
  std::vector<std::string_view> lines_;
};

}  // namespace quarry::edit
