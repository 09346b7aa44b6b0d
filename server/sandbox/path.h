// Path: where a file lies below a workspace's root. The only form in which a client's path may
// reach the file system.
//
// A Path is relative and normalised: components joined by '/', none of them empty, ".", ".." or
// longer than 255 bytes, no NUL, at most 4096 bytes in all. The empty Path is the root itself.
// A string does not convert to a Path; Path::parse is the only way in.
//
// Value type; thread-compatible.

#pragma once

#include <string>
#include <string_view>

#include "server/base/result.h"

namespace quarry::sandbox {

class Path {
 public:
  static constexpr std::size_t kMaxBytes = 4096;
  static constexpr std::size_t kMaxComponentBytes = 255;

  Path() = default;  // the root

  // Parses `text` relative to the root; an absolute path is accepted when it is `root` or begins
  // with `root` + '/' as text, a file:// URI when its host is empty or localhost. "." and empty
  // components are dropped, ".." is refused, nothing is decoded twice or expanded. The escapes of
  // utf8::append_escaped_name are undone, so that a name which an answer printed can be sent back.
  // kInvalidArgs or kDenied, worded for the caller, naming `argument` (the tool's parameter).
  static Result<Path> parse(std::string_view text, std::string_view root,
                            std::string_view argument = "path");

  bool is_root() const { return text_.empty(); }
  // "a/b/c", or "" for the root. NUL-terminated storage.
  const std::string& text() const { return text_; }
  // "a/b/c", or "." for the root: what answers show (not escaped).
  std::string_view display() const { return text_.empty() ? std::string_view(".") : text_; }
  // Last component; "" for the root.
  std::string_view name() const;
  // The path without its last component; the root's parent is the root.
  Path parent() const;
  // This path with one more component. REQUIRES: `component` names a directory entry (no '/',
  // no NUL, not "." or "..").
  Path child(std::string_view component) const;
  // This path followed by `rest`.
  Path join(const Path& rest) const;
  // Whether any component is the git directory's name as some file system would read it:
  // ".git" under ASCII case folding, trailing dots and spaces, "git~1", and the characters that
  // HFS+ ignores (security: what file tools must not write).
  bool enters_git_directory() const;

  bool operator==(const Path&) const = default;
  auto operator<=>(const Path&) const = default;

 private:
  explicit Path(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace quarry::sandbox
