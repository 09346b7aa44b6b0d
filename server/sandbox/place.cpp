#include "server/sandbox/place.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/sandbox/attributes.h"
#include "server/sandbox/resolve.h"
#include "server/sandbox/shown.h"
#include "server/sandbox/status.h"

namespace quarry::sandbox {
namespace {

constexpr int kMaxLinks = 40;  // the kernel's own limit

// No errno.
constexpr int kSameName = -1;
constexpr int kChanged = -2;

bool is_same(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

bool same_directory(int one_fd, int other_fd) {
  struct stat one {};
  struct stat other {};
  return fstat(one_fd, &one) == 0 && fstat(other_fd, &other) == 0 && is_same(one, other);
}

// A symlink itself; nothing where something else is.
Fd open_link(int directory_fd, const char* name) {
  Fd fd(openat(directory_fd, name, kHandleFlags | O_NOFOLLOW));
  struct stat status {};
  if (fd && fstat(fd.get(), &status) == 0 && S_ISLNK(status.st_mode)) return fd;
  return {};
}

// Whether `name` is an entry as it is spelled.
bool lists(int directory_fd, const char* name) {
  Fd fd(openat(directory_fd, ".", kReadFlags | O_DIRECTORY));
  DIR* const listing = fd ? fdopendir(fd.get()) : nullptr;
  if (listing == nullptr) return false;
  (void)fd.release();  // closedir() closes it
  bool found = false;
  while (const dirent* entry = readdir(listing)) {
    found = found || std::strcmp(entry->d_name, name) == 0;
  }
  closedir(listing);
  return found;
}

// `from` and `to` lead to one file, and a rename of one of its names onto another does nothing, and
// succeeds. They may be two names, of which `from` goes, or one: through a mount of the same
// directory elsewhere, or in a directory that folds case. The one must not be removed.
int join_names(int from_fd, const char* from, int to_fd, const char* to) {
  const Fd file(openat(from_fd, from, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0) return errno;
  if (status.st_nlink < 2) {
    const bool respelled = same_directory(from_fd, to_fd) && std::strcmp(from, to) != 0;
    if (!respelled) return kSameName;
    if (renameat(from_fd, from, to_fd, to) != 0) return errno;
    return lists(to_fd, to) ? 0 : kSameName;  // some file systems keep the old spelling
  }
  if (unlinkat(from_fd, from, 0) != 0) return errno;
  struct stat there {};
  if (fstatat(to_fd, to, &there, AT_SYMLINK_NOFOLLOW) == 0 && is_same(there, status)) return 0;
  // It was the one name of both; the file has others, so that it can be given this one again.
  const std::string link = fmt::format("/proc/self/fd/{}", file.get());
  if (linkat(AT_FDCWD, link.c_str(), from_fd, from, AT_SYMLINK_FOLLOW) != 0) return errno;
  return kSameName;
}

int rename_over(int from_fd, const char* from, int to_fd, const char* to, const Stamp& over) {
  struct stat one {};
  struct stat other {};
  if (fstatat(from_fd, from, &one, AT_SYMLINK_NOFOLLOW) != 0) return errno;
  // Last: the sooner it is replaced after that the better.
  if (fstatat(to_fd, to, &other, AT_SYMLINK_NOFOLLOW) != 0) return kChanged;
  if (stamp_of(other) != over) return kChanged;
  if (is_same(one, other)) return join_names(from_fd, from, to_fd, to);
  return renameat(from_fd, from, to_fd, to) == 0 ? 0 : errno;
}

int rename_to_free(int from_fd, const char* from, int to_fd, const char* to) {
  if (renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // The file system may not know RENAME_NOREPLACE. A link fails where the name is taken; a
  // directory has none, but is never put in the place of one that holds something.
  struct stat status {};
  if (fstatat(from_fd, from, &status, AT_SYMLINK_NOFOLLOW) != 0) return errno;
  if (S_ISDIR(status.st_mode)) {
    if (faccessat(to_fd, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0) return EEXIST;
    return renameat(from_fd, from, to_fd, to) == 0 ? 0 : errno;
  }
  if (linkat(from_fd, from, to_fd, to, 0) != 0) return errno;
  if (unlinkat(from_fd, from, 0) == 0) return 0;
  const int error = errno;
  (void)unlinkat(to_fd, to, 0);
  return error;
}

}  // namespace

Result<Path> Workspace::real(const Path& path, Last last) const {
  int links = kMaxLinks;
  return real(path, last, links);
}

// Names are put together, never read back from a descriptor: a file that is being replaced has
// none. `links`: how many may still be followed.
Result<Path> Workspace::real(const Path& path, Last last, int& links) const {
  if (path.is_root()) return path;
  Path directory = path.parent();
  if (!directory.is_root() &&
      !Fd(open_plain_directory(root_fd_.get(), directory.text(), resolver_))) {
    TRY_ASSIGN(directory, real(directory, Last::kFollow, links));
  }
  const Path at = directory.child(path.name());
  const Fd itself(open_beneath(root_fd_.get(), at.text(), kHandleFlags | O_NOFOLLOW, resolver_));
  if (itself.get() == -ENOENT) return at;
  if (!itself) return explain(-itself.get(), path, Wanted::kAnything);
  struct stat status {};
  if (last == Last::kItself || fstat(itself.get(), &status) != 0 || !S_ISLNK(status.st_mode)) {
    return at;
  }
  std::string target;
  if (const int error = read_link(itself.get(), "", target); error != 0) {
    return explain(error, path, Wanted::kAnything);
  }
  if (target.starts_with('/')) return explain(EXDEV, path, Wanted::kAnything);
  if (--links < 0) return explain(ELOOP, path, Wanted::kAnything);
  for (std::string_view rest = target; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    if (name.empty() || name == ".") continue;
    if (name != "..") {
      TRY_ASSIGN(directory, real(directory.child(name), Last::kFollow, links));
    } else if (directory.is_root()) {
      return explain(EXDEV, path, Wanted::kAnything);
    } else {
      directory = directory.parent();
    }
  }
  if (directory.is_root() || metadata(directory)) return directory;
  return explain(ENOENT, path, Wanted::kAnything);
}

Result<Place> Workspace::place(const Path& path) const {
  if (path.is_root()) {
    return fail(Code::kInvalidArgs, "'.' is the root itself, which cannot be changed");
  }
  const Path parent = path.parent();
  if (parent.is_root()) return Place(path, Fd(), root_fd_.get());
  Fd fd(open_plain_directory(root_fd_.get(), parent.text(), resolver_));
  if (!fd) return explain(-fd.get(), parent, Wanted::kDirectory);
  const int directory = fd.get();
  return Place(path, std::move(fd), directory);
}

const char* Place::name() const {
  const std::string& text = path_.text();
  const std::size_t slash = text.rfind('/');
  return text.c_str() + (slash == std::string::npos ? 0 : slash + 1);
}

Result<std::optional<Metadata>> Place::look() const {
  struct stat status {};
  if (fstatat(directory_, name(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    return std::optional(metadata_of(status));
  }
  if (errno == ENOENT) return std::optional<Metadata>();
  return entry_failure(errno, path_.display());
}

Result<std::string> Place::link_target() const {
  std::string target;
  const int error = read_link(directory_, name(), target);
  if (error != 0) return entry_failure(error, path_.display());
  return target;
}

Result<File> Place::open_file() const {
  Fd fd(openat(directory_, name(), kReadFlags | O_NOFOLLOW));
  if (!fd) return entry_failure(errno, path_.display());
  return adopt_file(std::move(fd), path_.display());
}

std::string Place::attributes() const {
  Fd fd(openat(directory_, name(), kReadFlags | O_NOFOLLOW));
  if (!fd && errno == ELOOP) fd = open_link(directory_, name());
  return fd ? read_attributes(fd.get()) : std::string();
}

void Place::set_attributes(std::string_view attributes) const {
  const Fd fd(openat(directory_, name(), kReadFlags | O_NOFOLLOW));
  if (fd) sandbox::set_attributes(fd.get(), attributes);
}

void Place::set_link_attributes(std::string_view attributes) const {
  const Fd fd = open_link(directory_, name());
  if (fd) sandbox::set_attributes(fd.get(), attributes);
}

Result<Draft> Place::draft(std::string_view tag, std::uint32_t mode) const {
  std::string name = draft_name(tag);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  Fd fd(openat(directory_, name.c_str(), kFlags, mode));
  if (!fd) return change_failure(errno, path_.display());
  return Draft(*this, std::move(fd), std::move(name));
}

Result<Draft> Place::draft_link(std::string_view tag, const Place& of) const {
  std::string name = draft_name(tag);
  if (linkat(of.directory_, of.name(), directory_, name.c_str(), 0) != 0) {
    return fail(Code::kUnavailable, "'{}' can have no other name: {}",
                shown_name(of.path_.display()), strerrordesc_np(errno));
  }
  Fd fd(openat(directory_, name.c_str(), kReadFlags | O_NOFOLLOW));
  if (!fd) {
    const int error = errno;
    (void)unlinkat(directory_, name.c_str(), 0);
    return change_failure(error, path_.display());
  }
  return Draft(*this, std::move(fd), std::move(name));
}

std::string Place::draft_name(std::string_view tag) {
  return std::string(kDraftPrefix).append(tag);
}

Result<void> Place::check_changeable() const {
  if (faccessat(directory_, ".", W_OK | X_OK, AT_EACCESS) == 0) return {};
  return change_failure(errno, path_.display());
}

bool Place::is_mount_point() const {
  struct statx facts {};
  return statx(directory_, name(), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, 0, &facts) == 0 &&
         (facts.stx_attributes & facts.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0;
}

Result<void> Place::make_directory(std::uint32_t mode) const {
  if (mkdirat(directory_, name(), mode) == 0) return {};
  return change_failure(errno, path_.display());
}

Result<void> Place::make_link(const std::string& target) const {
  if (symlinkat(target.c_str(), directory_, name()) == 0) return {};
  return change_failure(errno, path_.display());
}

Result<void> Place::set_mode(std::uint32_t mode) const {
  // By a descriptor: fchmodat cannot be told not to follow.
  const Fd fd(openat(directory_, name(), kReadFlags | O_NOFOLLOW));
  if (fd && fchmod(fd.get(), mode) == 0) return {};
  return change_failure(errno, path_.display());
}

Result<void> Place::remove_file() const {
  if (unlinkat(directory_, name(), 0) == 0) return {};
  return change_failure(errno, path_.display());
}

Result<void> Place::remove_directory() const {
  if (unlinkat(directory_, name(), AT_REMOVEDIR) == 0) return {};
  return change_failure(errno, path_.display());
}

Result<bool> Place::move_to(const Place& to, const std::optional<Stamp>& over) const {
  const int error = over ? rename_over(directory_, name(), to.directory_, to.name(), *over)
                         : rename_to_free(directory_, name(), to.directory_, to.name());
  if (error == 0) return true;
  if (error == EXDEV) return false;
  if (error == kChanged) return changed_meanwhile(to.path_.display());
  if (error == kSameName) {
    return fail(Code::kInvalidArgs, "'{}' and '{}' are the same file by one name, seen twice",
                shown_name(path_.display()), shown_name(to.path_.display()));
  }
  if (error == EINVAL) {
    return fail(Code::kInvalidArgs, "'{}' cannot be moved into itself",
                shown_name(path_.display()));
  }
  const bool about_target = error == EEXIST || error == ENOTEMPTY || error == EISDIR;
  return change_failure(error, about_target ? to.path_.display() : path_.display());
}

Result<void> Workspace::sync_directory(const Path& path) const {
  const Fd fd(open_plain_directory(root_fd_.get(), path.text(), resolver_));
  if (fd.get() == -ENOENT || fd.get() == -ENOTDIR || fd.get() == -ELOOP) return {};
  if (!fd) return explain(-fd.get(), path, Wanted::kDirectory);
  // EINVAL: a file system that has nothing to wait for.
  const int error = sync_descriptor(fd.get());
  if (error == 0 || error == EINVAL) return {};
  return change_failure(error, path.display());
}

}  // namespace quarry::sandbox
