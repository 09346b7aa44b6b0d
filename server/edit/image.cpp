#include "server/edit/image.h"

#include <algorithm>

#include "server/base/hash.h"
#include "server/edit/lines.h"

namespace quarry::edit {

ImageLine ImageLine::added(std::string_view body, std::string_view end) {
  return {.body = body, .end = end, .hash = hash64(body)};
}

Image::Image(std::string_view text) : text_(text) {
  const char separator = separator_of(text);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = line_end(text, begin, separator);
    const std::string_view line = text.substr(begin, end - begin);
    const std::string_view body = without_end(line, separator);
    after_.push_back(
        {.body = body, .end = line.substr(body.size()), .hash = hash64(body), .origin = begin});
    begin = end;
  }
  std::reverse(after_.begin(), after_.end());
}

void Image::replace(std::size_t at, std::size_t count, std::span<const ImageLine> with) {
  while (before_.size() > at) {
    after_.push_back(before_.back());
    before_.pop_back();
  }
  while (before_.size() < at) {
    before_.push_back(after_.back());
    after_.pop_back();
  }
  after_.resize(after_.size() - count);
  before_.insert(before_.end(), with.begin(), with.end());
}

std::vector<Splice> Image::splices() const {
  std::vector<Splice> found;
  std::size_t at = 0;  // up to which the text is said
  std::string with;
  const auto close = [&](std::size_t next) {
    if (next != at || !with.empty()) {
      found.push_back({.begin = at, .end = next, .with = std::move(with)});
    }
    with.clear();
  };
  for (std::size_t i = 0; i < size(); ++i) {
    const ImageLine& line = (*this)[i];
    if (line.origin == ImageLine::kNew) {
      with.append(line.body).append(line.end);
      continue;
    }
    close(line.origin);
    at = line.origin + line.body.size();
    if (line.end_is_new) {
      with.append(line.end);
    } else {
      at += line.end.size();
    }
  }
  close(text_.size());
  return found;
}

}  // namespace quarry::edit
