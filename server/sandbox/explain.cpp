// Why a path did not open, in words that say what would work. Only runs after a failure, so it
// may ask the file system again; what it finds out lies beneath the root.

#include <cerrno>
#include <vector>

#include "server/sandbox/resolve.h"
#include "server/sandbox/shown.h"
#include "server/sandbox/status.h"
#include "server/sandbox/workspace.h"

namespace quarry::sandbox {
namespace {

// Where each component of `text` ends.
std::vector<std::size_t> component_ends(std::string_view text) {
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '/') ends.push_back(i);
  }
  ends.push_back(text.size());
  return ends;
}

}  // namespace

Failure Workspace::explain(int error, const Path& path, Wanted wanted) const {
  if (error == ENOENT) return explain_missing(path, wanted);
  if (error == EXDEV) return explain_escape(path);
  if (error == ENOTDIR) {
    if (!opens(path.text(), kHandleFlags)) return explain_missing(path, wanted);
    return fail(Code::kInvalidArgs, "'{}' is not a directory; use read_file for a file",
                shown_name(path.display()));
  }
  return entry_failure(error, path.display());
}

bool Workspace::opens(const std::string& path, int flags) const {
  return static_cast<bool>(Fd(open_beneath(root_fd_.get(), path, flags, resolver_)));
}

Failure Workspace::explain_missing(const Path& path, Wanted wanted) const {
  if (auto root = check_root(); !root) return Failure(std::move(root).error());
  const std::string shown = shown_name(path.display());
  const std::string_view noun = wanted == Wanted::kFile        ? "file"
                                : wanted == Wanted::kDirectory ? "directory"
                                                               : "file or directory";
  const Fd itself(open_beneath(root_fd_.get(), path.text(), kHandleFlags | O_NOFOLLOW, resolver_));
  struct stat status {};
  if (itself && fstat(itself.get(), &status) == 0 && S_ISLNK(status.st_mode)) {
    return fail(Code::kNotFound, "'{}' is a symbolic link that leads nowhere", shown);
  }
  // The deepest directory that exists, by bisection: a path may have two thousand components.
  const std::vector<std::size_t> ends = component_ends(path.text());
  std::size_t existing = 0;
  std::size_t missing = ends.size();
  while (missing - existing > 1) {
    const std::size_t middle = existing + (missing - existing) / 2;
    const bool found = opens(path.text().substr(0, ends[middle - 1]), kHandleFlags);
    (found ? existing : missing) = middle;
  }
  const std::string absent = shown_name(path.text().substr(0, ends[missing - 1]));
  if (existing == 0) {
    if (missing == ends.size()) return fail(Code::kNotFound, "no {} '{}' in the root", noun, shown);
    return fail(Code::kNotFound, "no {} '{}'; '{}' does not exist", noun, shown, absent);
  }
  const std::string parent = path.text().substr(0, ends[existing - 1]);
  const std::string nearest = shown_name(parent);
  if (!opens(parent, kHandleFlags | O_DIRECTORY)) {
    return fail(Code::kNotFound, "no {} '{}'; '{}' is not a directory", noun, shown, nearest);
  }
  if (missing == ends.size()) {
    return fail(Code::kNotFound, "no {} '{}'; '{}' exists", noun, shown, nearest);
  }
  return fail(Code::kNotFound, "no {} '{}'; '{}' exists, '{}' does not", noun, shown, nearest,
              absent);
}

// The walk finds the symlink that the kernel only reports. Its target is not named: it may tell
// what lies outside.
Failure Workspace::explain_escape(const Path& path) const {
  const std::string shown = shown_name(path.display());
  std::string absolute_target;
  const Fd fd(walk_beneath(root_fd_.get(), path.text(), kHandleFlags, &absolute_target));
  if (!absolute_target.empty() && beneath(absolute_target)) {
    return fail(Code::kDenied,
                "path '{}' goes through an absolute symbolic link, which is not followed; use the "
                "path of its target, relative to the root",
                shown);
  }
  return fail(Code::kDenied, "path '{}' leads outside the root through a symbolic link", shown);
}

}  // namespace quarry::sandbox
