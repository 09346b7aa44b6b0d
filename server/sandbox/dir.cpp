#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <dirent.h>

#include "server/base/secret_names.h"
#include "server/sandbox/resolve.h"
#include "server/sandbox/shown.h"
#include "server/sandbox/status.h"
#include "server/sandbox/workspace.h"

namespace quarry::sandbox {
namespace {

constexpr std::size_t kBufferBytes = 32 * 1024;

Kind kind_of_entry(unsigned char type) {
  switch (type) {
    case DT_REG:
      return Kind::kFile;
    case DT_DIR:
      return Kind::kDirectory;
    case DT_LNK:
      return Kind::kSymlink;
    case DT_UNKNOWN:
      return Kind::kUnknown;
    default:
      return Kind::kOther;
  }
}

// A NUL-terminated copy of one entry's name; empty when it cannot be one.
class EntryName {
 public:
  explicit EntryName(std::string_view name) {
    const bool entry = !name.empty() && name.size() < bytes_.size() && name != "." &&
                       name != ".." && name.find('/') == std::string_view::npos &&
                       name.find('\0') == std::string_view::npos;
    if (entry) name.copy(bytes_.data(), name.size());
    bytes_[entry ? name.size() : 0] = '\0';
  }
  bool valid() const { return bytes_[0] != '\0'; }
  const char* c_str() const { return bytes_.data(); }

 private:
  std::array<char, Path::kMaxComponentBytes + 1> bytes_;
};

[[gnu::cold]] Failure not_an_entry(std::string_view name) {
  return fail(Code::kInvalidArgs, "'{}' is not the name of a directory entry", shown_name(name));
}

[[gnu::cold]] Failure not_opened(int error, int directory_fd, const char* name) {
  struct stat status {};
  if ((error == ELOOP || error == ENOTDIR) &&
      fstatat(directory_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode)) {
    return fail(Code::kDenied, "'{}' is a symbolic link, which is not followed here",
                shown_name(name));
  }
  return entry_failure(error, name);
}

}  // namespace

struct Dir::State {
  Fd fd;
  bool secrets_allowed = false;
  std::size_t next = 0;    // of the entry to hand out
  std::size_t filled = 0;  // bytes of `buffer` that hold entries
  alignas(dirent64) std::array<char, kBufferBytes> buffer;
};

Dir::Dir(std::unique_ptr<State> state) : state_(std::move(state)) {}
Dir::Dir(Dir&&) noexcept = default;
Dir& Dir::operator=(Dir&&) noexcept = default;
Dir::~Dir() = default;

Dir Dir::adopt(Fd fd, bool secrets_allowed) {
  // Not value-initialised: zeroing the buffer would cost more than opening the directory.
  auto state = std::make_unique_for_overwrite<State>();
  state->fd = std::move(fd);
  state->secrets_allowed = secrets_allowed;
  return Dir(std::move(state));
}

Result<bool> Dir::next(Entry& entry) {
  State& state = *state_;
  while (true) {
    if (state.next == state.filled) {
      const ssize_t got = getdents64(state.fd.get(), state.buffer.data(), state.buffer.size());
      if (got == 0 || (got < 0 && errno == ENOENT)) return false;  // ENOENT: it was removed
      if (got < 0) return entry_failure(errno, "directory");
      state.next = 0;
      state.filled = static_cast<std::size_t>(got);
    }
    const auto* raw = reinterpret_cast<const dirent64*>(state.buffer.data() + state.next);
    state.next += raw->d_reclen;
    entry.name = raw->d_name;
    if (entry.name == "." || entry.name == "..") continue;
    entry.inode = raw->d_ino;
    entry.kind = kind_of_entry(raw->d_type);
    if (entry.kind == Kind::kUnknown) {
      struct stat status {};
      // Gone in between: as if it had been removed before the listing.
      if (fstatat(state.fd.get(), raw->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
      entry.kind = kind_of(status.st_mode);
    }
    return true;
  }
}

Result<Dir> Dir::open_dir(std::string_view name) const {
  const EntryName entry(name);
  if (!entry.valid()) return not_an_entry(name);
  const int directory_fd = state_->fd.get();
  Fd fd(openat(directory_fd, entry.c_str(), kReadFlags | O_DIRECTORY | O_NOFOLLOW));
  if (!fd) return not_opened(errno, directory_fd, entry.c_str());
  return adopt(std::move(fd), state_->secrets_allowed);
}

Result<File> Dir::open_file(std::string_view name) const {
  const EntryName entry(name);
  if (!entry.valid()) return not_an_entry(name);
  if (!state_->secrets_allowed && names_secret(name)) {
    return fail(Code::kDenied, "'{}' is a file for secrets", shown_name(name));
  }
  const int directory_fd = state_->fd.get();
  Fd fd(openat(directory_fd, entry.c_str(), kReadFlags | O_NOFOLLOW));
  if (!fd) return not_opened(errno, directory_fd, entry.c_str());
  TRY_ASSIGN(File file, adopt_file(std::move(fd), name));
  if (!state_->secrets_allowed) file.guard_keys();
  return file;
}

Result<Metadata> Dir::metadata(std::string_view name) const {
  const EntryName entry(name);
  if (!entry.valid()) return not_an_entry(name);
  const int directory_fd = state_->fd.get();
  struct stat status {};
  if (fstatat(directory_fd, entry.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return entry_failure(errno, name);
  }
  Metadata metadata = metadata_of(status);
  if (metadata.kind == Kind::kSymlink) {
    const int error = read_link(directory_fd, entry.c_str(), metadata.link_target);
    if (error != 0) return entry_failure(error == EINVAL ? EAGAIN : error, name);
  }
  return metadata;
}

int Dir::descriptor() const {
  return state_->fd.get();
}

Result<Stamp> Dir::stamp() const {
  struct stat status {};
  if (fstat(state_->fd.get(), &status) != 0) return entry_failure(errno, "directory");
  return stamp_of(status);
}

}  // namespace quarry::sandbox
