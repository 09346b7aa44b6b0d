#include "server/change/protection.h"

#include <algorithm>

#include <fnmatch.h>

#include "server/base/utf8.h"
#include "server/sandbox/place.h"

namespace quarry::change {
namespace {

using sandbox::Path;
using sandbox::Workspace;

std::string quoted(std::string_view path) {
  std::string shown = "'";
  utf8::append_escaped_name(shown, path);
  return shown + "'";
}

// `at`, a path below the configured root, in the words of a session on `below`.
std::string in_session(const Path& at, const Path& below) {
  const std::size_t skip = below.is_root() ? 0 : below.text().size() + 1;
  if (at.text().size() <= skip) return "this session's root";
  return quoted(std::string_view(at.text()).substr(skip));
}

// Asked through its directory, where what is missing costs one call and no explanation.
// `missing`: set when not even the directory is there.
bool exists(const Workspace& workspace, const Path& path, bool& missing) {
  const auto place = workspace.place(path);
  if (place) {
    const auto there = place->look();
    return there && there->has_value();
  }
  missing = place.error().code == Code::kNotFound;
  // A directory that cannot be listed may be walked through.
  return !missing && workspace.metadata(path).has_value();
}

// What git itself takes for a git directory, or for one of a linked worktree.
bool is_git_directory(const Workspace& workspace, const Path& directory, bool& missing) {
  if (!exists(workspace, directory.child("HEAD"), missing)) return false;
  return exists(workspace, directory.child("commondir"), missing) ||
         (exists(workspace, directory.child("objects"), missing) &&
          exists(workspace, directory.child("refs"), missing));
}

// The last `names` of them; nullptr when there are fewer.
const char* last_names(const Path& path, std::size_t names) {
  const std::string& text = path.text();
  std::size_t begin = text.size();
  for (; names > 0; --names) {
    if (begin == 0) return nullptr;
    const std::size_t slash = text.rfind('/', begin - 1);
    begin = slash == std::string::npos ? 0 : slash;
  }
  return text.c_str() + begin + (text[begin] == '/' ? 1 : 0);
}

}  // namespace

std::vector<std::string> Protection::standard_patterns() {
  return {".mcp.json",       ".vscode/", ".idea/", ".envrc", ".claude/settings*.json",
          ".cursor/mcp.json"};
}

Protection::Protection(const std::vector<std::string>& patterns) {
  for (const std::string& given : patterns) {
    std::string body = given;
    if (body.ends_with('/')) body.pop_back();
    if (body.empty()) continue;
    const auto slashes = std::count(body.begin(), body.end(), '/');
    patterns_.push_back({given, std::move(body), static_cast<std::size_t>(slashes) + 1});
  }
}

const Protection::Pattern* Protection::find_match(const Path& path) const {
  for (const Pattern& pattern : patterns_) {
    const char* const subject = last_names(path, pattern.names);
    if (subject == nullptr) continue;
    if (fnmatch(pattern.body.c_str(), subject, FNM_PATHNAME | FNM_CASEFOLD) == 0) return &pattern;
  }
  return nullptr;
}

Result<void> Protection::check(const Workspace& workspace, const Path& path, Known* known) const {
  const Path& below = workspace.below();
  const Workspace& top = workspace.top();
  const Path whole = below.join(path);
  if (whole.enters_git_directory()) {
    return fail(Code::kDenied,
                "{} belongs to a git directory, which file tools do not change; use the git tools",
                below.enters_git_directory() ? "this session's root" : quoted(path.display()));
  }
  // Up to what is known, and down again: below a directory that is missing none is asked for.
  std::vector<Path> chain;
  for (Path at = whole; known == nullptr || known->count(at) == 0; at = at.parent()) {
    chain.push_back(at);
    if (at.is_root()) break;
  }
  bool missing = false;
  for (std::size_t i = chain.size(); i-- > 0;) {
    const Path& at = chain[i];
    if (const Pattern* const pattern = find_match(at); pattern != nullptr) {
      return fail(
          Code::kDenied,
          "{} is protected by the pattern '{}' of the server's configuration; the user may "
          "change it, or start the server with --unprotect '{}'",
          at.text().size() <= below.text().size() ? in_session(at, below) : quoted(path.display()),
          pattern->given, pattern->given);
    }
    if (i == 0) break;  // what it lies in counts, not what it is
    if (!missing && is_git_directory(top, at, missing)) {
      return fail(Code::kDenied, "{} lies in the git directory {}, which file tools do not change",
                  quoted(path.display()), in_session(at, below));
    }
    if (known != nullptr) known->insert(at);
  }
  return {};
}

}  // namespace quarry::change
