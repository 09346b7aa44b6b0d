#include "server/store/state_directory.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "server/base/log.h"

namespace quarry::store {
namespace {

using std::chrono::milliseconds;

constexpr char kFormat[] = "quarry state 4";
constexpr std::string_view kFormatName = "quarry state ";
constexpr int kFormatNumber = 4;
constexpr std::string_view kOlderFormats[] = {"quarry state 1", "quarry state 2", "quarry state 3"};
constexpr std::size_t kNoteBytes = 256;

Failure cannot(const char* what, int error) {
  if (error == ENOSPC || error == EDQUOT) {
    return fail(Code::kUnavailable, "no space left for the state directory");
  }
  return fail(Code::kUnavailable, "the state directory cannot be {}: {}; name another one", what,
              strerrordesc_np(error));
}

Result<void> create(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    if (mkdir(path.substr(0, end).c_str(), 0700) != 0 && errno != EEXIST) {
      // A parent that exists may be one we cannot write to (EROFS, EACCES): the last part decides.
      if (end == std::string::npos) return cannot("created", errno);
    }
    if (end == std::string::npos) return {};
  }
}

Result<void> judge(int directory) {
  struct stat status {};
  if (fstat(directory, &status) != 0) return cannot("examined", errno);
  if (status.st_uid != geteuid()) {
    return fail(Code::kUnavailable, "the state directory belongs to another user");
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(Code::kUnavailable,
                "the state directory can be written by other users; make it mode 0700");
  }
  struct statfs file_system {};
  if (fstatfs(directory, &file_system) != 0) return cannot("examined", errno);
  if (remote_or_user_space(static_cast<long>(file_system.f_type))) {
    return fail(Code::kUnavailable,
                "the state directory is on a network or user-space file system; "
                "name one on a local disk");
  }
  return {};
}

bool is_newer(std::string_view version) {
  if (!version.starts_with(kFormatName)) return false;
  version.remove_prefix(kFormatName.size());
  int number = 0;
  const auto [end, error] =
      std::from_chars(version.data(), version.data() + version.size(), number);
  if (end != version.data() + version.size()) return false;
  return error == std::errc::result_out_of_range ||
         (error == std::errc() && number > kFormatNumber);
}

struct flock range(short type, off_t first, off_t length) {
  struct flock bytes {};
  bytes.l_type = type;
  bytes.l_whence = SEEK_SET;
  bytes.l_start = first;
  bytes.l_len = length;
  return bytes;
}

// Whether another descriptor of this process leads to the file that `lock` leads to.
bool open_here(int lock) {
  struct stat wanted {};
  if (fstat(lock, &wanted) != 0) return false;
  std::error_code error;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
       at.increment(error)) {
    struct stat status {};
    const int fd = std::atoi(at->path().filename().c_str());
    if (fd != lock && fstat(fd, &status) == 0 && status.st_dev == wanted.st_dev &&
        status.st_ino == wanted.st_ino) {
      return true;
    }
  }
  return false;
}

// The byte of this process is locked. LMDB tells its readers apart by the process's number alone:
// of two with the same one the second could not read, and would end the first one's reading.
[[gnu::cold]] Failure taken_already(int lock) {
  if (open_here(lock)) {
    return fail(Code::kUnavailable, "this process has the state directory open already");
  }
  return fail(Code::kUnavailable,
              "another quarry with this one's process number ({}), so in another container, has "
              "the state directory open, and the two cannot share it; give each container a "
              "--state-dir of its own, or start them so that their process numbers differ",
              getpid());
}

}  // namespace

bool remote_or_user_space(long file_system_type) {
  switch (static_cast<std::uint32_t>(file_system_type)) {
    case 0x00006969:  // nfs
    case 0x0000517B:  // smb
    case 0xFF534D42:  // cifs
    case 0xFE534D42:  // smb2
    case 0x65735546:  // fuse
    case 0x01021997:  // 9p
    case 0x5346414F:  // afs
    case 0x6B414653:  // kafs
    case 0x73757245:  // coda
    case 0x0000564C:  // ncp
    case 0x00C36400:  // ceph
    case 0x0BD00BD0:  // lustre
    case 0x7461636F:  // ocfs2
    case 0x01161970:  // gfs2
    case 0x786F4256:  // vboxsf
    case 0xBACBACBC:  // vmhgfs
      return true;
    default:
      return false;
  }
}

Result<std::unique_ptr<StateDirectory>> StateDirectory::open(const std::string& path,
                                                             milliseconds patience) {
  if (path.empty()) {
    return fail(Code::kUnavailable, "no state directory: set HOME or QUARRY_STATE_DIR");
  }
  TRY(create(path));
  Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return cannot("opened", errno);
  TRY(judge(directory.get()));
  // O_NONBLOCK: a FIFO of that name must not make us wait.
  Fd lock(openat(directory.get(), "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                 0600));
  if (!lock) return cannot("used", errno);
  struct stat status {};
  if (fstat(lock.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(Code::kUnavailable, "the state directory's file 'lock' is not a regular file");
  }
  std::unique_ptr<StateDirectory> out(
      new StateDirectory(path, std::move(directory), std::move(lock)));
  TRY(out->enter(patience));
  return out;
}

Result<void> StateDirectory::enter(milliseconds patience) {
  if (!lock(Byte::kOpening, patience)) {
    return fail(Code::kUnavailable, "another process keeps the state directory locked");
  }
  struct flock own = range(F_WRLCK, static_cast<off_t>(process_byte()), 1);
  if (fcntl(lock_.get(), F_OFD_SETLK, &own) != 0) {
    if (errno != EAGAIN && errno != EACCES) return cannot("locked", errno);
    return taken_already(lock_.get());
  }
  struct flock others = range(F_WRLCK, static_cast<off_t>(Byte::kFirstProcess), 0);
  alone_ = fcntl(lock_.get(), F_OFD_GETLK, &others) == 0 && others.l_type == F_UNLCK;

  const std::string version = read_note("version");
  struct stat status {};
  if (version == kFormat) return {};
  if (std::ranges::find(kOlderFormats, version) != std::end(kOlderFormats)) {
    // Its processes would not see what is in the log of recent changes.
    if (alone_) return write_note("version", kFormat);
    return fail(Code::kUnavailable,
                "an older quarry has the state directory open; start again when it has ended");
  }
  if (is_newer(version)) {
    return fail(Code::kUnavailable,
                "the state directory was written by a newer version of quarry ('{}'); "
                "use that one or name another directory",
                version);
  }
  const bool state = fstatat(fd(), "state", &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (!state && version.empty()) return write_note("version", kFormat);
  // The file alone is damaged or gone. Anything but a database of ours is somebody else's, and
  // must not be written over.
  if (fstatat(fd(), "state/data.mdb", &status, AT_SYMLINK_NOFOLLOW) != 0 ||
      !S_ISREG(status.st_mode)) {
    return fail(Code::kUnavailable,
                "the state directory holds files that are not quarry's; name another one");
  }
  if (!alone_) {
    return fail(Code::kUnavailable,
                "the state directory's file 'version' is damaged, and another quarry has the "
                "directory open; start again when it has ended");
  }
  version_lost_ = true;
  return {};
}

Result<void> StateDirectory::restore_version() {
  if (!version_lost_) return {};
  TRY(write_note("version", kFormat));
  log::warning("the state directory's file 'version' was damaged or gone; it is written anew");
  return {};
}

StateDirectory::~StateDirectory() {
  // Not by closing alone: a child that was forked and has not executed yet shares the locks.
  struct flock everything = range(F_UNLCK, 0, 0);
  fcntl(lock_.get(), F_OFD_SETLK, &everything);
}

bool StateDirectory::in_place() const {
  struct stat there {};
  struct stat held {};
  return stat((path_ + "/lock").c_str(), &there) == 0 && fstat(lock_.get(), &held) == 0 &&
         there.st_dev == held.st_dev && there.st_ino == held.st_ino;
}

std::uint32_t StateDirectory::process_byte() const {
  return static_cast<std::uint32_t>(Byte::kFirstProcess) + static_cast<std::uint32_t>(getpid());
}

bool StateDirectory::lives(std::uint32_t byte) const {
  struct flock one = range(F_WRLCK, static_cast<off_t>(byte), 1);
  return fcntl(lock_.get(), F_OFD_GETLK, &one) != 0 || one.l_type != F_UNLCK;
}

bool StateDirectory::lock(Byte byte, milliseconds patience) {
  constexpr long kFirstWaitNs = 50'000;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  // There is no lock with a time limit, so it is asked for again, less and less often.
  for (long wait_ns = kFirstWaitNs;; wait_ns = std::min(wait_ns * 2, 2'000'000L)) {
    struct flock one = range(F_WRLCK, static_cast<off_t>(byte), 1);
    if (fcntl(lock_.get(), F_OFD_SETLK, &one) == 0) return true;
    if (errno != EAGAIN && errno != EACCES && errno != EINTR) return false;
    if (wait_ns == kFirstWaitNs) ++waits_;
    if (std::chrono::steady_clock::now() >= deadline) return false;
    const timespec pause{0, wait_ns};
    nanosleep(&pause, nullptr);
  }
}

void StateDirectory::unlock(Byte byte) {
  struct flock one = range(F_UNLCK, static_cast<off_t>(byte), 1);
  fcntl(lock_.get(), F_OFD_SETLK, &one);
}

std::string StateDirectory::read_note(const std::string& name) const {
  const Fd file(openat(fd(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return "";
  std::string text(kNoteBytes, '\0');
  const ssize_t got = read(file.get(), text.data(), text.size());
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

Result<void> StateDirectory::write_note(const std::string& name, const std::string& text) const {
  const std::string temporary = name + ".new";
  unlinkat(fd(), temporary.c_str(), 0);
  const Fd file(
      openat(fd(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return cannot("written to", errno);
  const std::string line = text + "\n";
  const ssize_t written = write(file.get(), line.data(), line.size());
  if (written < 0) return cannot("written to", errno);
  if (written != static_cast<ssize_t>(line.size())) return cannot("written to", ENOSPC);
  if (fsync(file.get()) != 0 || renameat(fd(), temporary.c_str(), fd(), name.c_str()) != 0 ||
      fsync(fd()) != 0) {
    return cannot("written to", errno);
  }
  return {};
}

}  // namespace quarry::store
