#include "server/sandbox/workspace.h"

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "server/base/private_key.h"
#include "server/base/secret_names.h"
#include "server/sandbox/resolve.h"
#include "server/sandbox/shown.h"
#include "server/sandbox/status.h"

namespace quarry::sandbox {
namespace {

bool at_or_below(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

// "/" holds everything there is to protect; the others hold processes and devices, not files.
bool unfit_for_root(std::string_view path, int fd) {
  if (path == "/") return true;
  for (const std::string_view kernel_tree : {"/proc", "/sys", "/dev"}) {
    if (at_or_below(path, kernel_tree)) return true;
  }
  struct statfs system {};
  return fstatfs(fd, &system) == 0 &&
         (system.f_type == PROC_SUPER_MAGIC || system.f_type == SYSFS_MAGIC);
}

// Where `path` lies below `directory`, both absolute and resolved.
std::optional<Path> below_of(std::string_view path, std::string_view directory) {
  if (directory == "/") directory = "";
  if (!at_or_below(path, directory)) return std::nullopt;
  Path below;
  for (std::string_view rest = path.substr(directory.size()); !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view name = rest.substr(0, rest.find('/'));
    if (!name.empty()) below = below.child(name);
    rest.remove_prefix(name.size());
  }
  return below;
}

[[gnu::cold]] Failure no_root(int error, const std::string& root) {
  const std::string shown = shown_name(root);
  if (error == ENOENT) return fail(Code::kNotFound, "root '{}' does not exist", shown);
  if (error == ENOTDIR) return fail(Code::kInvalidArgs, "root '{}' is not a directory", shown);
  return fail(Code::kDenied, "root '{}' cannot be opened: {}", shown, strerrordesc_np(error));
}

[[gnu::cold]] Failure root_changed(const std::string& root) {
  return fail(Code::kConflict,
              "root changed: '{}' was moved, deleted or replaced after it was opened; put it back, "
              "open a session on another root, or restart the server",
              shown_name(root));
}

Result<Workspace::Resolver> choose(Workspace::Resolver wanted) {
  if (wanted == Workspace::Resolver::kComponentWalk || has_openat2()) {
    return wanted == Workspace::Resolver::kAuto ? Workspace::Resolver::kOpenat2 : wanted;
  }
  if (wanted == Workspace::Resolver::kOpenat2) {
    return fail(Code::kUnavailable, "this kernel does not offer openat2");
  }
  return Workspace::Resolver::kComponentWalk;
}

}  // namespace

Result<std::unique_ptr<Workspace>> Workspace::open(const std::string& root, Resolver resolver,
                                                   bool force) {
  if (!root.starts_with('/') || root.find('\0') != std::string::npos) {
    return fail(Code::kInvalidArgs, "root '{}' is not an absolute path", shown_name(root));
  }
  std::unique_ptr<Workspace> workspace(new Workspace());
  workspace->given_root_ = root;
  workspace->root_fd_ = Fd(::open(root.c_str(), kHandleFlags | O_DIRECTORY));
  if (!workspace->root_fd_) return no_root(errno, root);
  std::array<char, PATH_MAX> resolved{};
  if (realpath(root.c_str(), resolved.data()) == nullptr) return no_root(errno, root);
  workspace->root_ = resolved.data();
  struct stat status {};
  if (fstat(workspace->root_fd_.get(), &status) != 0) return no_root(errno, root);
  workspace->device_ = status.st_dev;
  workspace->inode_ = status.st_ino;
  // Between the open and realpath the name may have been given to another directory.
  TRY(workspace->check_root());
  if (!force && unfit_for_root(workspace->root_, workspace->root_fd_.get())) {
    return fail(Code::kDenied, "root '{}' is refused: it is not a project's directory",
                shown_name(root));
  }
  TRY_ASSIGN(workspace->resolver_, choose(resolver));
  return workspace;
}

Result<Path> Workspace::parse(std::string_view text, std::string_view argument) const {
  auto path = Path::parse(text, root_, argument);
  if (!path && path.error().code == Code::kDenied && given_root_ != root_) {
    auto by_given_root = Path::parse(text, given_root_, argument);
    if (by_given_root || by_given_root.error().code != Code::kDenied) return by_given_root;
  }
  return path;
}

bool Workspace::beneath(std::string_view absolute) const {
  return root_ == "/" ? absolute.starts_with('/') : at_or_below(absolute, root_);
}

bool Workspace::hides(std::string_view name) const {
  return !secrets_allowed_ && names_secret(name);
}

Failure Workspace::hidden(const Path& path) const {
  return fail(Code::kDenied,
              "'{}' is a file for secrets, which is not shown; the user can allow it by starting "
              "the server with --allow-secrets",
              shown_name(path.display()));
}

Result<void> Workspace::check_shown(const Path& path, std::string_view bytes) const {
  if (secrets_allowed_) return {};
  if (names_secret(path.text())) return hidden(path);
  if (holds_private_key(bytes)) {
    return private_key("'" + shown_name(path.display()) + "'");
  }
  return {};
}

File Workspace::make_file(std::shared_ptr<const std::string> bytes) const {
  File file(std::move(bytes));
  if (!secrets_allowed_) file.guard_keys();
  return file;
}

Result<File> Workspace::open_file(const Path& path) const {
  if (secrets_allowed_) {
    Fd fd(open_beneath(root_fd_.get(), path.text(), kReadFlags, resolver_));
    if (!fd) return explain(-fd.get(), path, Wanted::kFile);
    return adopt_file(std::move(fd), path.display());
  }
  if (names_secret(path.text())) return hidden(path);
  Fd fd(open_beneath(root_fd_.get(), path.text(), kReadFlags | O_NOFOLLOW, resolver_));
  if (fd.get() == -ELOOP) {
    // A symlink: what it leads to is judged by its own name.
    TRY_ASSIGN(const Path target, real(path, Last::kFollow));
    if (names_secret(target.text())) return hidden(path);
    fd = Fd(open_beneath(root_fd_.get(), path.text(), kReadFlags, resolver_));
  }
  if (!fd) return explain(-fd.get(), path, Wanted::kFile);
  TRY_ASSIGN(File file, adopt_file(std::move(fd), path.display()));
  file.guard_keys();
  return file;
}

Result<Dir> Workspace::open_directory(const Path& path) const {
  Fd fd(open_beneath(root_fd_.get(), path.text(), kReadFlags | O_DIRECTORY, resolver_));
  if (!fd) return explain(-fd.get(), path, Wanted::kDirectory);
  return Dir::adopt(std::move(fd), secrets_allowed_);
}

std::unique_ptr<Workspace> Workspace::twin() const {
  std::unique_ptr<Workspace> same(new Workspace());
  same->root_fd_ = Fd(fcntl(root_fd_.get(), F_DUPFD_CLOEXEC, 0));
  if (!same->root_fd_) return nullptr;
  same->root_ = root_;
  same->given_root_ = given_root_;
  same->resolver_ = resolver_;
  same->secrets_allowed_ = secrets_allowed_;
  same->device_ = device_;
  same->inode_ = inode_;
  return same;
}

Result<std::unique_ptr<Workspace>> Workspace::open_workspace(const Path& path) const {
  std::unique_ptr<Workspace> inner(new Workspace());
  inner->root_fd_ =
      Fd(open_beneath(root_fd_.get(), path.text(), kHandleFlags | O_DIRECTORY, resolver_));
  if (!inner->root_fd_) return explain(-inner->root_fd_.get(), path, Wanted::kDirectory);
  // The name that the kernel knows the opened directory by: no second resolution, no race.
  std::array<char, PATH_MAX> resolved{};
  const std::string link = fmt::format("/proc/self/fd/{}", inner->root_fd_.get());
  const ssize_t length = readlink(link.c_str(), resolved.data(), resolved.size() - 1);
  if (length <= 0) return explain(errno, path, Wanted::kDirectory);
  inner->root_.assign(resolved.data(), static_cast<std::size_t>(length));
  inner->given_root_ = inner->root_;
  inner->resolver_ = resolver_;
  inner->secrets_allowed_ = secrets_allowed_;
  struct stat status {};
  if (fstat(inner->root_fd_.get(), &status) != 0) return explain(errno, path, Wanted::kDirectory);
  inner->device_ = status.st_dev;
  inner->inode_ = status.st_ino;
  inner->top_ = top().twin();
  if (!inner->top_) return explain(errno, path, Wanted::kDirectory);
  // By the kernel's name too: symlinks on the way are not what its files are judged by.
  inner->below_ = below_of(inner->root_, top().root_).value_or(below_.join(path));
  return inner;
}

Result<Metadata> Workspace::metadata(const Path& path) const {
  return ask(path, kHandleFlags | O_NOFOLLOW);
}

Result<Metadata> Workspace::target_metadata(const Path& path) const {
  return ask(path, kHandleFlags);
}

Result<Metadata> Workspace::ask(const Path& path, int flags) const {
  Fd fd(open_beneath(root_fd_.get(), path.text(), flags, resolver_));
  if (!fd) return explain(-fd.get(), path, Wanted::kAnything);
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return explain(errno, path, Wanted::kAnything);
  Metadata metadata = metadata_of(status);
  if (metadata.kind == Kind::kSymlink) {
    const int error = read_link(fd.get(), "", metadata.link_target);
    if (error != 0) return explain(error, path, Wanted::kAnything);
  }
  return metadata;
}

bool Workspace::plain(const Path& path) const {
  if (path.enters_git_directory()) return false;
  for (Path at = path; !at.is_root(); at = at.parent()) {
    const auto here = metadata(at);
    if (here && here->kind == Kind::kSymlink) return false;
  }
  return true;
}

std::optional<Stamp> Workspace::glance(const char* name) const {
  struct stat status {};
  if (fstatat(root_fd_.get(), name, &status, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  return metadata_of(status).stamp;
}

std::optional<Stamp> Workspace::root_stamp() const {
  struct stat status {};
  if (fstat(root_fd_.get(), &status) != 0) return std::nullopt;
  return metadata_of(status).stamp;
}

Result<void> Workspace::check_root() const {
  struct stat status {};
  const bool same =
      lstat(root_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
  if (!same) return root_changed(given_root_);
  return {};
}

}  // namespace quarry::sandbox
