#include "server/git/helper/files.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace quarry::git::helper {
namespace {

FileStamp from_stat(const struct stat& st) {
  FileStamp stamp;
  stamp.kind = S_ISREG(st.st_mode)   ? Kind::kFile
               : S_ISDIR(st.st_mode) ? Kind::kDirectory
               : S_ISLNK(st.st_mode) ? Kind::kSymlink
                                     : Kind::kOther;
  stamp.device = st.st_dev;
  stamp.inode = st.st_ino;
  stamp.size = st.st_size;
  stamp.mtime_ns = st.st_mtim.tv_sec * 1'000'000'000 + st.st_mtim.tv_nsec;
  stamp.ctime_ns = st.st_ctim.tv_sec * 1'000'000'000 + st.st_ctim.tv_nsec;
  stamp.owner = st.st_uid;
  return stamp;
}

Failure open_failure(std::string_view path) {
  const int error = errno;
  if (error == ENOENT) return fail(Code::kNotFound, "no file '{}'", path);
  if (error == ELOOP || error == ENOTDIR) {
    return fail(Code::kDenied, "'{}' is or passes through a symlink, which is not followed", path);
  }
  if (error == ENXIO) return fail(Code::kInvalidArgs, "'{}' is not a regular file", path);
  if (error == EMFILE || error == ENFILE || error == ENOMEM) {
    return fail(Code::kUnavailable, "out of file descriptors or memory at '{}'", path);
  }
  return fail(Code::kDenied, "'{}' cannot be read (error {})", path, error);
}

constexpr int kListFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr int kMaxListDepth = 64;

bool holds_files_below(int directory, int depth) {
  const int own = openat(directory, ".", kListFlags);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(own < 0 ? nullptr : fdopendir(own), closedir);
  if (entries == nullptr) return false;
  while (const dirent* entry = readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (stamp_of(directory, entry->d_name).kind != Kind::kDirectory) return true;
    if (depth >= kMaxListDepth) continue;
    const Fd below(openat(directory, entry->d_name, kListFlags));
    if (below && holds_files_below(below.get(), depth + 1)) return true;
  }
  return false;
}

Result<std::string> read_up_to(const Fd& fd, std::string_view path, std::size_t most) {
  std::string content(most, '\0');
  std::size_t filled = 0;
  while (filled < content.size()) {
    const ssize_t got = read(fd.get(), content.data() + filled, content.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return open_failure(path);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  content.resize(filled);
  return content;
}

}  // namespace

FileStamp stamp_of(int directory, const char* path) {
  struct stat st {};
  if (fstatat(directory, path, &st, AT_SYMLINK_NOFOLLOW) != 0) return {};
  return from_stat(st);
}

FileStamp stamp_of(const std::string& absolute) {
  return stamp_of(AT_FDCWD, absolute.c_str());
}

Result<Fd> open_directory(const std::string& absolute) {
  // openat, not open: that one is the door (door.h), made for libgit2.
  Fd fd(openat(AT_FDCWD, absolute.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return open_failure("the directory");
  return fd;
}

Result<Fd> open_regular(int directory, std::string_view path) {
  Fd parent;
  int at = directory;
  std::string_view rest = path;
  for (;;) {
    const std::size_t slash = rest.find('/');
    const std::string name(rest.substr(0, slash));
    if (name.empty() || name == "." || name == "..") {
      return fail(Code::kDenied, "'{}' is not a plain relative path", path);
    }
    if (slash == std::string_view::npos) {
      Fd fd(openat(at, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
      if (!fd) return open_failure(path);
      struct stat st {};
      if (fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode)) {
        return fail(Code::kInvalidArgs, "'{}' is not a regular file", path);
      }
      return fd;
    }
    Fd next(openat(at, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next) return open_failure(path);
    parent = std::move(next);
    at = parent.get();
    rest.remove_prefix(slash + 1);
  }
}

Result<std::string> read_regular(int directory, std::string_view path, std::int64_t limit) {
  TRY_ASSIGN(Fd fd, open_regular(directory, path));
  struct stat st {};
  if (fstat(fd.get(), &st) != 0) return open_failure(path);
  if (st.st_size > limit) {
    return fail(Code::kTooLarge, "'{}' is {} bytes, over the limit of {}", path, st.st_size, limit);
  }
  return read_up_to(fd, path, static_cast<std::size_t>(st.st_size));
}

Result<std::string> read_start(int directory, std::string_view path, std::size_t most) {
  TRY_ASSIGN(Fd fd, open_regular(directory, path));
  return read_up_to(fd, path, most);
}

Result<std::optional<std::string>> read_if_present(int directory, std::string_view path,
                                                   std::int64_t limit) {
  auto content = read_regular(directory, path, limit);
  if (content) return std::optional<std::string>(std::move(*content));
  if (content.error().code == Code::kNotFound) return std::optional<std::string>();
  return Failure(std::move(content).error());
}

bool holds_files(const std::string& absolute) {
  const Fd fd(openat(AT_FDCWD, absolute.c_str(), kListFlags));
  return fd && holds_files_below(fd.get(), 0);
}

std::uint64_t resident_bytes() {
  static const int statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  std::array<char, 128> text{};
  const ssize_t got = pread(statm, text.data(), text.size(), 0);
  if (got <= 0) return 0;
  const std::string_view line(text.data(), static_cast<std::size_t>(got));
  const std::size_t space = line.find(' ');
  std::uint64_t pages = 0;
  if (space == std::string_view::npos) return 0;
  std::from_chars(line.data() + space + 1, line.data() + line.size(), pages);
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace quarry::git::helper
