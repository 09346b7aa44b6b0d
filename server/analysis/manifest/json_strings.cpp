#include "server/analysis/manifest/json_strings.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "server/analysis/manifest/value.h"

namespace quarry::analysis::manifest {
namespace {

class JsonStrings {
 public:
  JsonStrings(std::string_view text, const EachJsonString& each) : text_(text), each_(each) {}

  void run() {
    while (skip_blanks()) {
      const char c = text_[at_];
      if (c == '"') {
        if (!string()) return;
      } else if (c == '{' || c == '[') {
        if (levels_.size() == kMaxDepth) return;
        levels_.push_back({c == '[', 0});
        keys_.emplace_back();
        values_.emplace_back();
        name_place();
        ++at_;
      } else if (c == '}' || c == ']') {
        if (levels_.empty()) return;
        levels_.pop_back();
        keys_.pop_back();
        values_.pop_back();
        ++at_;
      } else if (c == ',') {
        if (!levels_.empty()) ++levels_.back().place;
        name_place();
        ++at_;
      } else {
        ++at_;  // of a number, a word, ':'
      }
    }
  }

 private:
  struct Level {
    bool list;
    std::uint32_t place;
  };

  bool skip_blanks() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '/' && text_.substr(at_).starts_with("//")) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == '/' && text_.substr(at_).starts_with("/*")) {
        const std::size_t end = text_.find("*/", at_ + 2);
        at_ = end == std::string_view::npos ? text_.size() : end + 2;
      } else if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
        ++at_;
      } else {
        return true;
      }
    }
    return false;
  }

  void name_place() {
    if (levels_.empty() || !levels_.back().list) return;
    values_.back() = std::to_string(levels_.back().place);
    keys_.back() = values_.back();
  }

  // False when it never ends.
  bool string() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
    if (end >= text_.size()) return false;
    std::string_view value = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    std::string plain;
    if (value.find("\\/") != std::string_view::npos) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (!value.substr(i).starts_with("\\/")) plain.push_back(value[i]);
        if (value[i] == '\\' && i + 1 < value.size()) plain.push_back(value[++i]);
      }
      value = plain;
    }
    if (!skip_blanks()) return false;
    if (text_[at_] == ':' && !levels_.empty() && !levels_.back().list) {
      values_.back() = value;
      keys_.back() = values_.back();
      ++at_;
    } else {
      each_(keys_, value);
    }
    return true;
  }

  const std::string_view text_;
  const EachJsonString& each_;
  std::size_t at_ = 0;
  std::vector<Level> levels_;
  std::vector<std::string_view> keys_;  // into values_
  std::deque<std::string> values_;
};

}  // namespace

void for_each_json_string(std::string_view text, const EachJsonString& each) {
  JsonStrings(text, each).run();
}

}  // namespace quarry::analysis::manifest
