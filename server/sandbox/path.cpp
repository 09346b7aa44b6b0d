#include "server/sandbox/path.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "server/base/utf8.h"
#include "server/sandbox/file_uri.h"
#include "server/sandbox/shown.h"

namespace quarry::sandbox {
namespace {

struct Argument {
  std::string_view name;  // the tool's parameter
  std::string_view text;  // as given
};

[[gnu::cold]] Failure no_path(const Argument& argument) {
  return fail(Code::kInvalidArgs, "argument '{}' is empty; '.' is the root", argument.name);
}

[[gnu::cold]] Failure holds_nul(const Argument& argument) {
  return fail(Code::kInvalidArgs, "{} '{}' contains a NUL byte; no file name can", argument.name,
              shown_argument(argument.text));
}

[[gnu::cold]] Failure holds_escaped_slash(const Argument& argument) {
  return fail(Code::kInvalidArgs, "{} '{}' contains an escaped slash; write '/' between names",
              argument.name, shown_argument(argument.text));
}

[[gnu::cold]] Failure climbs(const Argument& argument) {
  return fail(Code::kInvalidArgs,
              "{} '{}' contains '..'; give the path from the root, without '..'", argument.name,
              shown_argument(argument.text));
}

[[gnu::cold]] Failure long_component(const Argument& argument) {
  return fail(Code::kInvalidArgs, "{} '{}' has a name longer than {} bytes; no file name is",
              argument.name, shown_argument(argument.text), Path::kMaxComponentBytes);
}

[[gnu::cold]] Failure long_path(const Argument& argument) {
  return fail(Code::kInvalidArgs, "{} '{}' is longer than {} bytes", argument.name,
              shown_argument(argument.text), Path::kMaxBytes);
}

[[gnu::cold]] Failure lies_outside(const Argument& argument) {
  return fail(Code::kDenied, "{} '{}' is not below the root; use a path relative to the root",
              argument.name, shown_argument(argument.text));
}

bool holds(std::string_view text, char c) {
  return std::memchr(text.data(), c, text.size()) != nullptr;
}

bool is_dots(std::string_view component) {
  return component == "." || component == "..";
}

// Already what a Path holds, and neither absolute nor a URI (whose "//" has an empty component).
bool is_normal(std::string_view text) {
  if (text.size() > Path::kMaxBytes || holds(text, '\\') || holds(text, '\0')) return false;
  while (true) {
    const void* slash = std::memchr(text.data(), '/', text.size());
    const std::size_t length =
        slash == nullptr ? text.size()
                         : static_cast<std::size_t>(static_cast<const char*>(slash) - text.data());
    if (length - 1 >= Path::kMaxComponentBytes) return false;  // 0 wraps around
    if (text[0] == '.' && is_dots(text.substr(0, length))) return false;
    if (slash == nullptr) return true;
    text.remove_prefix(length + 1);
    if (text.empty()) return false;
  }
}

// What follows `root` in `absolute`, both taken as text.
std::optional<std::string_view> below(std::string_view absolute, std::string_view root) {
  if (root.empty()) return std::nullopt;
  while (root.ends_with('/')) root.remove_suffix(1);
  if (!absolute.starts_with(root)) return std::nullopt;
  absolute.remove_prefix(root.size());
  if (!absolute.empty() && absolute[0] != '/') return std::nullopt;
  return absolute;
}

// Undoes the escapes of a printed name. A name cannot hold a slash, so an escaped one is no name.
Result<std::string> unescape(std::string_view text, const Argument& argument) {
  std::string plain = utf8::unescape_name(text);
  if (std::ranges::count(plain, '/') != std::ranges::count(text, '/')) {
    return holds_escaped_slash(argument);
  }
  return plain;
}

Result<std::string> normalise(std::string_view rest, const Argument& argument) {
  if (holds(rest, '\0')) return holds_nul(argument);
  std::string out;
  out.reserve(rest.size());
  while (!rest.empty()) {
    const std::string_view component = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(component.size() + 1, rest.size()));
    if (component.empty() || component == ".") continue;
    if (component == "..") return climbs(argument);
    if (component.size() > Path::kMaxComponentBytes) return long_component(argument);
    if (!out.empty()) out.push_back('/');
    out.append(component);
  }
  if (out.size() > Path::kMaxBytes) return long_path(argument);
  return out;
}

// The text below the root that `argument` means, nothing escaped any more.
Result<std::string> relative_text(const Argument& argument, std::string_view root) {
  std::string_view text = argument.text;
  if (is_file_uri(text)) {
    TRY_ASSIGN(const std::string absolute, decode_file_uri(text, argument.name));
    const auto rest = below(absolute, root);
    if (!rest) return lies_outside(argument);
    return std::string(*rest);
  }
  if (text[0] != '/') return unescape(text, argument);
  if (const auto rest = below(text, root)) return unescape(*rest, argument);
  // The root itself may have been printed with escapes.
  TRY_ASSIGN(const std::string absolute, unescape(text, argument));
  const auto rest = below(absolute, root);
  if (!rest) return lies_outside(argument);
  return std::string(*rest);
}

}  // namespace

Result<Path> Path::parse(std::string_view text, std::string_view root, std::string_view argument) {
  const Argument whole{argument, text};
  if (text.empty()) return no_path(whole);
  if (is_normal(text)) return Path(std::string(text));
  TRY_ASSIGN(const std::string rest, relative_text(whole, root));
  TRY_ASSIGN(std::string normal, normalise(rest, whole));
  return Path(std::move(normal));
}

std::string_view Path::name() const {
  const std::size_t slash = text_.rfind('/');
  return slash == std::string::npos ? std::string_view(text_)
                                    : std::string_view(text_).substr(slash + 1);
}

Path Path::parent() const {
  const std::size_t slash = text_.rfind('/');
  return slash == std::string::npos ? Path() : Path(text_.substr(0, slash));
}

Path Path::child(std::string_view component) const {
  std::string text;
  text.reserve(text_.size() + 1 + component.size());
  text = text_;
  if (!text.empty()) text.push_back('/');
  text.append(component);
  return Path(std::move(text));
}

Path Path::join(const Path& rest) const {
  return rest.is_root() ? *this : child(rest.text_);
}

}  // namespace quarry::sandbox
