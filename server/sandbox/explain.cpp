// Why a path did not open, in words that say what would work. Only runs after a failure, so it
// may ask the file system again; what it finds out lies beneath the root.

#include <algorithm>
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

std::string plain_name(std::string_view name) {
  std::string out(name);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c == '-' ? '_' : c;
  });
  return out;
}

// Whether one letter more, less or other, or two in the other order, make one of the two names of
// the other.
bool nearly_same(std::string_view one, std::string_view other) {
  if (one.size() > other.size()) std::swap(one, other);
  if (other.size() - one.size() > 1) return false;
  std::size_t at = 0;
  while (at < one.size() && one[at] == other[at]) ++at;
  const bool turned = at + 1 < one.size() && one.size() == other.size() &&
                      one[at] == other[at + 1] && one[at + 1] == other[at];
  if (turned) return one.substr(at + 2) == other.substr(at + 2);
  const std::size_t skip = one.size() == other.size() ? 1 : 0;
  return one.substr(std::min(at + skip, one.size())) ==
         other.substr(std::min(at + 1, other.size()));
}

}  // namespace

// An entry of `directory` that `name` may be meant for; "" for none.
std::string Workspace::find_near(const Path& directory, std::string_view name) const {
  constexpr int kMostEntries = 2000;
  constexpr std::size_t kLeastLetters = 4;  // else one letter more is another name
  auto listing = open_directory(directory);
  if (!listing) return "";
  const std::string wanted = plain_name(name);
  std::string near;
  Dir::Entry entry;
  for (int i = 0; i < kMostEntries; ++i) {
    const auto more = listing->next(entry);
    if (!more || !*more) break;
    const std::string has = plain_name(entry.name);
    if (has == wanted) return std::string(entry.name);
    const bool close = near.empty() && wanted.size() >= kLeastLetters && nearly_same(has, wanted);
    if (close) near = entry.name;
  }
  return near;
}

// What may have been meant by a missing name: one of other letters, or of slashes for backslashes.
std::string Workspace::suggest(const Path& path, const Path& existing,
                               std::string_view missing) const {
  if (path.text().find('\\') != std::string::npos) {
    std::string text = path.text();
    std::replace(text.begin(), text.end(), '\\', '/');
    const auto slashed = parse(text);
    if (slashed && metadata(*slashed)) {
      return fmt::format("; '{}' exists", shown_name(slashed->display()));
    }
  }
  const std::string near = find_near(existing, missing);
  if (near.empty()) return std::string(kNothingNear);
  return fmt::format("; did you mean '{}'?", shown_name(existing.child(near).display()));
}

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

Failure Workspace::missing(const Path& path) const {
  return explain_missing(path, Wanted::kEither);
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
  std::string hint;
  if (wanted != Wanted::kAnything) {
    Path directory;
    std::string_view rest = path.text();
    for (std::size_t i = 0; i < existing; ++i) {
      const std::string_view name = rest.substr(0, rest.find('/'));
      directory = directory.child(name);
      rest.remove_prefix(name.size() + 1);
    }
    hint = suggest(path, directory, rest.substr(0, rest.find('/')));
  }
  if (existing == 0) {
    if (missing == ends.size()) {
      return fail(Code::kNotFound, "no {} '{}' in the root{}", noun, shown, hint);
    }
    return fail(Code::kNotFound, "no {} '{}'; '{}' does not exist{}", noun, shown, absent, hint);
  }
  const std::string parent = path.text().substr(0, ends[existing - 1]);
  const std::string nearest = shown_name(parent);
  if (!opens(parent, kHandleFlags | O_DIRECTORY)) {
    return fail(Code::kNotFound, "no {} '{}'; '{}' is not a directory", noun, shown, nearest);
  }
  if (missing == ends.size()) {
    return fail(Code::kNotFound, "no {} '{}'; '{}' exists{}", noun, shown, nearest, hint);
  }
  return fail(Code::kNotFound, "no {} '{}'; '{}' exists, '{}' does not{}", noun, shown, nearest,
              absent, hint);
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
