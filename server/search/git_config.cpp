#include "server/search/git_config.h"

#include <algorithm>
#include <optional>

namespace quarry::search {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

// git's words for true; a name without a value is true too.
bool is_true(const std::optional<std::string>& value) {
  if (!value) return true;
  const std::string word = lower(*value);
  if (word == "true" || word == "yes" || word == "on") return true;
  const bool number =
      !word.empty() && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
  return number && word.find_first_not_of('0') != std::string::npos;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
  }

  GitConfig read() {
    GitConfig config;
    while (skip_to_word()) {
      if (rest_.front() == '[') {
        if (!read_section()) break;
        continue;
      }
      const auto in_name = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-';
      };
      const auto end =
          static_cast<std::size_t>(std::ranges::find_if_not(rest_, in_name) - rest_.begin());
      const std::string name = lower(rest_.substr(0, end));
      rest_.remove_prefix(end);
      std::optional<std::string> value;
      if (name.empty() || !read_value(value)) break;
      if (!in_core_) continue;
      if (name == "ignorecase") config.ignore_case = is_true(value);
      if (name == "excludesfile" && value) config.excludes_file = *value;
    }
    return config;
  }

 private:
  // Past blanks, empty lines and comments.
  bool skip_to_word() {
    while (!rest_.empty()) {
      if (rest_.front() == '#' || rest_.front() == ';') {
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
      } else if (is_blank(rest_.front()) || rest_.front() == '\n') {
        rest_.remove_prefix(1);
      } else {
        return true;
      }
    }
    return false;
  }

  bool read_section() {
    const std::size_t end = rest_.find_first_of("]\n");
    if (end == std::string_view::npos || rest_[end] != ']') return false;
    // A subsection, which is quoted, is another section.
    in_core_ = lower(rest_.substr(1, end - 1)) == "core";
    rest_.remove_prefix(end + 1);
    return true;
  }

  bool read_value(std::optional<std::string>& value) {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
    if (rest_.empty() || rest_.front() == '\n') return true;
    if (rest_.front() == '#' || rest_.front() == ';') return true;
    if (rest_.front() != '=') return false;
    rest_.remove_prefix(1);
    value.emplace();
    bool quoted = false;
    std::size_t keep = 0;  // bytes of the value that trailing blanks do not shorten
    for (; !rest_.empty() && rest_.front() != '\n'; rest_.remove_prefix(1)) {
      char c = rest_.front();
      if (!quoted && (c == '#' || c == ';')) {
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
        break;
      }
      if (c == '"') {
        quoted = !quoted;
        continue;
      }
      if (!quoted && is_blank(c)) {
        if (!value->empty()) value->push_back(c);
        continue;
      }
      if (c == '\\' && !unescape(c)) return false;
      if (c == '\0') continue;  // a continued line
      value->push_back(c);
      keep = value->size();
    }
    value->resize(keep);
    return !quoted;
  }

  // `c` becomes what the escape stands for, NUL for a line break.
  bool unescape(char& c) {
    rest_.remove_prefix(1);
    if (rest_.starts_with("\r\n")) rest_.remove_prefix(1);
    if (rest_.empty()) return false;
    switch (rest_.front()) {
      case '\n':
        c = '\0';
        return true;
      case 't':
        c = '\t';
        return true;
      case 'n':
        c = '\n';
        return true;
      case 'b':
        c = '\b';
        return true;
      case '"':
      case '\\':
        c = rest_.front();
        return true;
      default:
        return false;
    }
  }

  std::string_view rest_;
  bool in_core_ = false;
};

}  // namespace

GitConfig parse_git_config(std::string_view bytes) {
  return Reader(bytes).read();
}

}  // namespace quarry::search
