#include "server/change/protection.h"

#include <fnmatch.h>

#include "server/base/utf8.h"
#include "server/sandbox/place.h"

namespace quarry::change {
namespace {

using sandbox::Path;
using sandbox::Workspace;

std::string quoted(const Path& path) {
  std::string shown;
  utf8::append_escaped_name(shown, path.display());
  return shown;
}

// Asked through its directory, where what is missing costs one call and no explanation.
bool exists(const Workspace& workspace, const Path& path) {
  const auto place = workspace.place(path);
  if (place) {
    const auto there = place->look();
    return there && there->has_value();
  }
  // A directory that cannot be listed may be walked through.
  return place.error().code != Code::kNotFound && workspace.metadata(path).has_value();
}

// What git itself takes for a git directory, or for one of a linked worktree.
bool is_git_directory(const Workspace& workspace, const Path& directory) {
  if (!exists(workspace, directory.child("HEAD"))) return false;
  return exists(workspace, directory.child("commondir")) ||
         (exists(workspace, directory.child("objects")) &&
          exists(workspace, directory.child("refs")));
}

bool matches(const std::string& pattern, const Path& path) {
  constexpr int kFlags = FNM_PATHNAME | FNM_CASEFOLD;
  const bool directory = pattern.ends_with('/');
  const std::string body = directory ? pattern.substr(0, pattern.size() - 1) : pattern;
  const bool whole = body.find('/') != std::string::npos;
  for (Path at = path; !at.is_root(); at = at.parent()) {
    // Only what lies below a directory, or is named so, is meant by a pattern for one.
    const std::string subject = whole ? at.text() : std::string(at.name());
    if (fnmatch(body.c_str(), subject.c_str(), kFlags) == 0) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> Protection::standard_patterns() {
  return {".mcp.json",       ".vscode/", ".idea/", ".envrc", ".claude/settings*.json",
          ".cursor/mcp.json"};
}

Result<void> Protection::check(const Workspace& workspace, const Path& path) const {
  if (path.enters_git_directory()) {
    return fail(Code::kDenied,
                "'{}' belongs to a git directory, which file tools do not change; use the git "
                "tools",
                quoted(path));
  }
  for (Path at = path.parent(); !at.is_root(); at = at.parent()) {
    if (!is_git_directory(workspace, at)) continue;
    return fail(Code::kDenied,
                "'{}' lies in the git directory '{}', which file tools do not change", quoted(path),
                quoted(at));
  }
  for (const std::string& pattern : patterns_) {
    if (!matches(pattern, path)) continue;
    return fail(Code::kDenied,
                "'{}' is protected by the pattern '{}' of the server's configuration; the user may "
                "change it, or start the server with --unprotect '{}'",
                quoted(path), pattern, pattern);
  }
  return {};
}

}  // namespace quarry::change
