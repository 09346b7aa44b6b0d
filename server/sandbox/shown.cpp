#include "server/sandbox/shown.h"

#include <algorithm>

#include "server/base/utf8.h"

namespace quarry::sandbox {
namespace {

constexpr std::size_t kMaxShownBytes = 200;

std::string_view cut(std::string_view text) {
  return utf8::clip(text, kMaxShownBytes);
}

}  // namespace

std::string shown_argument(std::string_view text) {
  const std::string_view kept = cut(text);
  std::string out;
  std::size_t from = 0;
  while (from <= kept.size()) {
    const std::size_t backslash = std::min(kept.find('\\', from), kept.size());
    utf8::append_escaped_name(out, kept.substr(from, backslash - from));
    if (backslash < kept.size()) out.push_back('\\');
    from = backslash + 1;
  }
  if (kept.size() < text.size()) out.append("...");
  return out;
}

std::string shown_name(std::string_view name) {
  const std::string_view kept = cut(name);
  std::string out;
  utf8::append_escaped_name(out, kept);
  if (kept.size() < name.size()) out.append("...");
  return out;
}

}  // namespace quarry::sandbox
