// The component walk: resolution in user space, one openat with O_NOFOLLOW per component.
//
// Only one descriptor is held at a time, so that a deep path costs no more of them than a shallow
// one. A ".." in a symlink's target is answered from the names walked so far: the last is taken
// off and the walk starts again at the root. So no step ever goes up in the file system, and
// nothing above the root can be reached whatever is renamed meanwhile.

#include <cerrno>
#include <climits>
#include <string_view>
#include <utility>

#include <sys/stat.h>

#include "server/sandbox/resolve.h"

namespace quarry::sandbox {
namespace {

constexpr int kMostLinks = 40;    // the kernel's own limit
constexpr int kMaxSteps = 8'192;  // bounds what hostile targets full of ".." can cost

class Walk {
 public:
  Walk(int root_fd, const std::string& path, int flags, std::string* absolute_target)
      : root_fd_(root_fd), flags_(flags), absolute_target_(absolute_target), rest_(path) {}

  int run() {
    for (int step = 0; step < kMaxSteps; ++step) {
      rest_.erase(0, rest_.find_first_not_of('/'));
      if (rest_.empty()) return open(".", flags_ & ~O_NOFOLLOW);
      const std::string name = rest_.substr(0, rest_.find('/'));
      const int answer = advance(name);
      if (answer != kMore) return answer;
    }
    return -ELOOP;
  }

 private:
  static constexpr int kMore = INT_MIN;

  int open(const char* name, int flags) const {
    const int fd = openat(at(), name, flags);
    return fd >= 0 ? fd : -errno;
  }

  int at() const { return here_ ? here_.get() : root_fd_; }

  // One component: a final answer, or kMore.
  int advance(const std::string& name) {
    if (name == ".") return skip(name);
    if (name == "..") return climb();
    const bool last = rest_.find_first_not_of('/', name.size()) == std::string::npos;
    const bool slash = rest_.size() > name.size();
    const bool keep_link = last && !slash && (flags_ & O_NOFOLLOW) != 0;
    int flags = last ? flags_ | O_NOFOLLOW : kHandleFlags | O_DIRECTORY | O_NOFOLLOW;
    if (slash) flags |= O_DIRECTORY;
    const int fd = open(name.c_str(), flags);
    if (keep_link && fd == -ELOOP) return fd;  // not to be followed, nor opened itself
    if (fd == -ELOOP || fd == -ENOTDIR) return follow(name, fd);
    if (fd < 0) return fd;
    if (last && !keep_link && is_link(fd, flags)) {
      close(fd);
      return follow(name, -ELOOP);
    }
    if (last) return fd;
    here_ = Fd(fd);
    walked_.append(walked_.empty() ? "" : "/").append(name);
    return skip(name);
  }

  int skip(const std::string& name) {
    rest_.erase(0, name.size());
    return kMore;
  }

  int climb() {
    if (walked_.empty()) return -EXDEV;
    const std::size_t slash = walked_.rfind('/');
    walked_.resize(slash == std::string::npos ? 0 : slash);
    rest_.replace(0, 2, walked_ + "/");
    walked_.clear();
    here_.reset();
    return kMore;
  }

  // O_PATH with O_NOFOLLOW opens a symlink itself; every other set of flags refuses it.
  static bool is_link(int fd, int flags) {
    struct stat status {};
    return (flags & O_PATH) != 0 && fstat(fd, &status) == 0 && S_ISLNK(status.st_mode);
  }

  // Puts the target in the place of the symlink `name`, whose opening failed with `error`.
  int follow(const std::string& name, int error) {
    std::string target;
    const int problem = read_link(at(), name.c_str(), target);
    // No symlink (any more): a file in the place of a directory, or replaced since the open.
    if (problem == EINVAL) return error == -ENOTDIR ? error : kMore;
    if (problem != 0) return -problem;
    if (++links_ > kMostLinks) return -ELOOP;
    if (target.starts_with('/')) {
      if (absolute_target_ != nullptr) *absolute_target_ = std::move(target);
      return -EXDEV;
    }
    rest_.replace(0, name.size(), target);
    return kMore;
  }

  int root_fd_;
  int flags_;
  std::string* absolute_target_;
  std::string rest_;    // what is still to be walked
  std::string walked_;  // the real directories from the root to here_
  Fd here_;             // none: the root
  int links_ = 0;
};

}  // namespace

int walk_beneath(int root_fd, const std::string& path, int flags, std::string* absolute_target) {
  return Walk(root_fd, path, flags, absolute_target).run();
}

int read_link(int directory_fd, const char* name, std::string& target) {
  target.resize(PATH_MAX);
  const ssize_t length = readlinkat(directory_fd, name, target.data(), target.size());
  if (length < 0) return errno;
  target.resize(static_cast<std::size_t>(length));
  return 0;
}

}  // namespace quarry::sandbox
