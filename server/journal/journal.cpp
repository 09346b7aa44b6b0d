#include "server/journal/journal.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/state_gone.h"
#include "server/journal/frames.h"
#include "server/journal/segment_bytes.h"

namespace quarry::journal {
namespace {

constexpr std::chrono::milliseconds kPatience{5000};

}  // namespace

// The right to append, among threads and processes, for the life of the object, with what the head
// says. Threads wait for each other at the descriptors, processes by a lock of theirs.
class Journal::Lock {
 public:
  explicit Lock(Journal& journal) : journal_(journal), files_(journal.files_.lock()) {
    Fd& fd = files_->lock;
    const auto open_lock = [&] {
      constexpr int kFlags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
      fd = Fd(openat(journal.directory_.get(), "lock", kFlags, 0600));
      return static_cast<bool>(fd);
    };
    const bool first = !fd;
    if (first && !open_lock()) {
      error_ = errno;
      return;
    }
    const std::int64_t until =
        journal.clock_.steady_ns() + std::chrono::nanoseconds(kPatience).count();
    while (!set_lock(F_WRLCK)) {
      error_ = errno;
      const bool busy = error_ == EAGAIN || error_ == EACCES || error_ == EINTR;
      if (!busy || journal.clock_.steady_ns() > until) return;
      const timespec pause{.tv_sec = 0, .tv_nsec = 200'000};
      nanosleep(&pause, nullptr);
    }
    held_ = true;
    error_ = read_head() ? 0 : errno;
    if (error_ != 0 || (known_ && !first)) return;
    // A machine that went down may have kept a segment of which the head has lost the word.
    const std::uint64_t last = journal.last_segment();
    if (known_ && last <= head_.segment) return;
    head_.segment = last;
    head_.tail = 0;
    if (known_) (void)save();
  }
  ~Lock() {
    // What cannot be unlocked is closed.
    if (held_ && !set_lock(F_UNLCK)) files_->lock = Fd();
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  Result<void> check() const {
    if (error_ == 0) return {};
    if (error_ == EAGAIN || error_ == EACCES) {
      return fail(Code::kUnavailable, "another quarry process keeps the journal; call again");
    }
    return journal_.failure(error_);
  }
  Head& head() { return head_; }
  Files& files() { return *files_; }
  Result<void> save() {
    if (write_all(files_->lock.get(), encode(head_), 0)) return {};
    return journal_.failure(errno);
  }

 private:
  bool set_lock(short type) {
    struct flock whole {};
    whole.l_type = type;
    whole.l_whence = SEEK_SET;
    return fcntl(files_->lock.get(), F_OFD_SETLK, &whole) == 0;
  }
  bool read_head() {
    constexpr std::size_t kUsual = 4096;
    std::string bytes(kUsual, '\0');
    const int fd = files_->lock.get();
    const ssize_t got = pread(fd, bytes.data(), bytes.size(), 0);
    if (got < 0 && errno != EINTR) return false;
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    // More than usual, or a read that fell short.
    if (bytes.size() < needed_for_head(bytes) && !read_all(fd, bytes)) return false;
    std::optional<Head> head = decode_head(bytes);
    known_ = head.has_value();
    if (head) head_ = std::move(*head);
    return true;
  }

  const Journal& journal_;
  Guarded<Files>::Lock files_;
  int error_ = 0;
  bool held_ = false;
  bool known_ = false;
  Head head_;
};

Result<std::unique_ptr<Journal>> Journal::open(const Options& options, const Clock& clock) {
  if (mkdir(options.directory.c_str(), 0700) != 0 && errno != EEXIST) {
    if (errno == ENOENT) return fail(Code::kUnavailable, "{}", kStateDirectoryGone);
    return disk_failure(errno);
  }
  Fd directory(::open(options.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!directory) return disk_failure(errno);
  std::unique_ptr<Journal> journal(new Journal(options, clock, std::move(directory)));
  Lock lock(*journal);
  if (lock.check()) journal->prune(lock.head().segment);
  return journal;
}

Result<void> Journal::check_there() const {
  struct stat status {};
  if (fstat(directory_.get(), &status) != 0 || status.st_nlink > 0) return {};
  return fail(Code::kUnavailable, "{}", kStateDirectoryGone);
}

Failure Journal::failure(int error) const {
  Result<void> there = check_there();
  return there ? disk_failure(error) : Failure(std::move(there).error());
}

std::string Journal::name_of(std::uint64_t segment) const {
  return fmt::format("{:08}.log", segment);
}

Result<void> Journal::begin(const Entry& entry) {
  if (entry.bytes() > options_.max_bytes) {
    return fail(Code::kTooLarge,
                "the change would take {} bytes of the journal, which keeps {}; change less at "
                "once",
                entry.bytes(), options_.max_bytes);
  }
  Lock lock(*this);
  TRY(lock.check());
  TRY_ASSIGN(const Frame frame, write_frame(lock, frame_of(kBegin, encode(entry)), options_.sync));
  lock.head().add({.id = entry.id, .root = entry.root, .frame = frame});
  return lock.save();
}

Result<void> Journal::end(const std::string& id, Outcome outcome) {
  Lock lock(*this);
  TRY(lock.check());
  TRY(write_frame(lock, frame_of(kEnd, encode_end(id, outcome)), /*sync=*/false));
  lock.head().remove(id);
  return lock.save();
}

Result<void> Journal::forget_open(const std::string& id) {
  Lock lock(*this);
  TRY(lock.check());
  lock.head().remove(id);
  return lock.save();
}

std::vector<OpenEntry> Journal::open_entries(const std::string& root) {
  Lock lock(*this);
  if (!lock.check()) return {};
  Head& head = lock.head();
  struct stat status {};
  const std::string last = name_of(head.segment);
  if (fstatat(directory_.get(), last.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
      static_cast<std::uint64_t>(status.st_size) != head.tail) {
    std::uint64_t size = 0;
    const int fd = open_segment(lock.files(), head.segment, size);
    if (fd >= 0 && catch_up(head, fd, size)) (void)lock.save();
  }
  std::vector<OpenEntry> open = std::move(head.open);
  std::erase_if(open, [&](const OpenEntry& entry) {
    const bool below =
        entry.root.starts_with(root) &&
        (entry.root.size() == root.size() || root == "/" || entry.root[root.size()] == '/');
    return !below;
  });
  return open;
}

void Journal::each_name(const std::function<void(const std::string&)>& visit) const {
  const int fd = openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* listing = fd >= 0 ? fdopendir(fd) : nullptr;
  if (listing == nullptr) return;
  while (const dirent* entry = readdir(listing)) visit(entry->d_name);
  closedir(listing);
}

int Journal::open_segment(Files& files, std::uint64_t segment, std::uint64_t& size) const {
  struct stat status {};
  for (bool again = false;; again = true) {
    if (!files.segment || files.segment_number != segment) {
      constexpr int kFlags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
      files.segment = Fd(openat(directory_.get(), name_of(segment).c_str(), kFlags, 0600));
      files.segment_number = segment;
      files.begun_ms = 0;
    }
    if (!files.segment || fstat(files.segment.get(), &status) != 0) return -1;
    if (status.st_nlink > 0 || again) break;
    files.segment = Fd();  // somebody removed it
  }
  size = static_cast<std::uint64_t>(status.st_size);
  return files.segment.get();
}

Result<std::string> Journal::catch_up(Head& head, int segment_fd, std::uint64_t size) const {
  if (size < head.tail) head.tail = 0;  // a crash of the machine took what was said to be whole
  std::string beyond;
  if (size > head.tail && !read_some(segment_fd, head.tail, size - head.tail, beyond)) {
    return disk_failure(errno);
  }
  char kind = 0;
  std::string_view payload;
  for (std::string_view rest = beyond; take_frame(rest, kind, payload);) {
    if (kind == kBegin) {
      if (const auto entry = decode(payload, /*with_bytes=*/false)) {
        head.remove(entry->id);
        head.add(
            {.id = entry->id,
             .root = entry->root,
             .frame = {.segment = head.segment, .offset = head.tail, .length = payload.size()}});
      }
    }
    if (kind == kEnd) head.remove(decode_end(payload).id);
    rest.remove_prefix(kFrameHeader + payload.size());
    head.tail += kFrameHeader + payload.size();
  }
  return beyond;
}

// Whether the last segment should be closed: it goes as a whole, and what is new in it with what is
// old.
bool Journal::is_due(Files& files, const Head& head) const {
  if (head.tail >= options_.segment_bytes) return true;
  if (head.tail == 0) return false;
  const bool known = files.segment && files.segment_number == head.segment && files.begun_ms != 0;
  std::uint64_t size = 0;
  if (!known && open_segment(files, head.segment, size) < 0) return false;
  constexpr std::uint64_t kStart = 256;  // of a frame, with the time in it
  std::string start;
  for (std::uint64_t at = 0; files.begun_ms == 0 && at < size;) {
    if (!read_some(files.segment.get(), at, kStart, start)) return false;
    const std::optional<FrameStart> frame = find_frame_start(start);
    if (!frame) return false;
    if (frame->kind == kBegin) files.begun_ms = decode_time(frame->payload).value_or(0);
    at += kFrameHeader + frame->length;
  }
  const std::int64_t age_ms = clock_.wall_ms() - files.begun_ms;
  return files.begun_ms != 0 && std::chrono::milliseconds(age_ms) > options_.max_age / 4;
}

Result<Frame> Journal::write_frame(Lock& lock, std::string_view frame, bool sync) {
  Head& head = lock.head();
  bool fresh = is_due(lock.files(), head);
  if (fresh) {
    ++head.segment;
    head.tail = 0;
  }
  fresh = fresh || head.tail == 0;
  const std::uint64_t segment = head.segment;
  std::uint64_t size = 0;
  const int fd = open_segment(lock.files(), segment, size);
  if (fd < 0) return failure(errno);
  TRY_ASSIGN(const std::string beyond, catch_up(head, fd, size));
  const std::uint64_t tail = head.tail;
  const bool written = write_all(fd, frame, tail);
  if (!written || (sync && fdatasync(fd) != 0)) {
    const int error = errno;
    (void)(ftruncate(fd, static_cast<off_t>(tail)) == 0);
    return disk_failure(error);
  }
  if (sync && fresh && fsync(directory_.get()) != 0) return disk_failure(errno);
  const Frame at{.segment = segment, .offset = tail, .length = frame.size() - kFrameHeader};
  head.tail = tail + frame.size();
  // A longer frame that was half written may lie behind.
  if (!beyond.empty()) (void)(ftruncate(fd, static_cast<off_t>(head.tail)) == 0);
  if (fresh) prune(segment);
  return at;
}

std::uint64_t Journal::last_segment() const {
  const std::vector<std::uint64_t> all = segments();
  return all.empty() ? 1 : all.back();
}

std::vector<std::uint64_t> Journal::segments() const {
  std::vector<std::uint64_t> found;
  each_name([&](const std::string& name) {
    std::uint64_t number = 0;
    const auto end = std::from_chars(name.data(), name.data() + name.size(), number);
    if (end.ec == std::errc() && std::string_view(end.ptr) == ".log") found.push_back(number);
  });
  std::sort(found.begin(), found.end());
  return found;
}

std::int64_t Journal::oldest_ms() const {
  return clock_.wall_ms() - std::chrono::milliseconds(options_.max_age).count();
}

// REQUIRES: the lock. `keep` stays whatever it is.
void Journal::prune(std::uint64_t keep) {
  std::vector<std::uint64_t> all = segments();
  std::uint64_t total = 0;
  const std::int64_t oldest = oldest_ms() / 1000;
  for (std::size_t i = all.size(); i-- > 0;) {
    struct stat status {};
    const std::string name = name_of(all[i]);
    if (fstatat(directory_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    total += static_cast<std::uint64_t>(status.st_size);
    const bool over = total > options_.max_bytes || status.st_mtim.tv_sec < oldest;
    if (over && all[i] != keep) (void)unlinkat(directory_.get(), name.c_str(), 0);
  }
}

}  // namespace quarry::journal
