#include "server/sandbox/file_uri.h"

#include <algorithm>

#include "server/sandbox/shown.h"

namespace quarry::sandbox {
namespace {

constexpr std::string_view kScheme = "file://";

bool same_letters(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The byte of a percent-escape at the start of `text`, or -1.
int escaped_byte(std::string_view text) {
  if (text.size() < 3) return -1;
  const int high = hex_digit(text[1]);
  const int low = hex_digit(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

}  // namespace

bool is_file_uri(std::string_view text) {
  return same_letters(text.substr(0, kScheme.size()), kScheme);
}

Result<std::string> decode_file_uri(std::string_view uri, std::string_view argument) {
  const auto refuse = [&](std::string_view why) {
    return fail(Code::kInvalidArgs, "{} '{}' {}", argument, shown_argument(uri), why);
  };
  std::string_view rest = uri.substr(kScheme.size());
  const std::string_view host = rest.substr(0, rest.find('/'));
  rest.remove_prefix(host.size());
  if (!host.empty() && !same_letters(host, "localhost")) {
    return refuse("names another host; only file:///path is read");
  }
  if (rest.empty()) return refuse("has no path; write file:///path");
  if (rest.find_first_of("?#") != std::string_view::npos) {
    return refuse("has a query or a fragment; write '?' as %3F and '#' as %23");
  }
  std::string path;
  path.reserve(rest.size());
  while (!rest.empty()) {
    if (rest[0] != '%') {
      path.push_back(rest[0]);
      rest.remove_prefix(1);
      continue;
    }
    const int byte = escaped_byte(rest);
    if (byte < 0) return refuse("has a broken percent-escape; write '%' as %25");
    if (byte == 0 || byte == '/') return refuse("escapes a slash or a NUL; no file name has one");
    path.push_back(static_cast<char>(byte));
    rest.remove_prefix(3);
  }
  return path;
}

}  // namespace quarry::sandbox
