#include "server/journal/journal.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <unordered_map>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/journal/frames.h"

namespace quarry::journal {
namespace {

constexpr std::chrono::milliseconds kPatience{5000};

[[gnu::cold]] Failure disk_failure(int error) {
  if (error == ENOSPC || error == EDQUOT) {
    return fail(Code::kUnavailable,
                "no space left for the journal in the state directory; nothing was changed");
  }
  return fail(Code::kUnavailable, "the journal in the state directory cannot be written: {}",
              strerrordesc_np(error));
}

bool write_all(int fd, std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t put = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      if (put == 0) errno = ENOSPC;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return true;
}

// As much as there is of `length` bytes.
bool read_some(int fd, std::uint64_t from, std::uint64_t length, std::string& out) {
  out.resize(length);
  std::size_t have = 0;
  while (have < out.size()) {
    const ssize_t got =
        pread(fd, out.data() + have, out.size() - have, static_cast<off_t>(from + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  out.resize(have);
  return true;
}

bool read_all(int fd, std::string& out) {
  struct stat status {};
  return fstat(fd, &status) == 0 &&
         read_some(fd, 0, static_cast<std::uint64_t>(status.st_size), out);
}

}  // namespace

// The right to append, among threads and processes, for the life of the object, with what the head
// says. Threads wait for each other at the descriptors, processes by a lock of theirs.
class Journal::Lock {
 public:
  explicit Lock(Journal& journal) : files_(journal.files_.lock()) {
    Fd& fd = files_->lock;
    const auto open_lock = [&] {
      constexpr int kFlags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
      fd = Fd(openat(journal.directory_.get(), "lock", kFlags, 0600));
      return static_cast<bool>(fd);
    };
    if (!fd && !open_lock()) {
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
    if (error_ == 0 && !known_) head_.segment = journal.last_segment();
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
    return disk_failure(error_);
  }
  Head& head() { return head_; }
  Files& files() { return *files_; }
  Result<void> save() {
    if (write_all(files_->lock.get(), encode(head_), 0)) return {};
    return disk_failure(errno);
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

  Guarded<Files>::Lock files_;
  int error_ = 0;
  bool held_ = false;
  bool known_ = false;
  Head head_;
};

Result<std::unique_ptr<Journal>> Journal::open(const Options& options, const Clock& clock) {
  if (mkdir(options.directory.c_str(), 0700) != 0 && errno != EEXIST) return disk_failure(errno);
  Fd directory(::open(options.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!directory) return disk_failure(errno);
  return std::unique_ptr<Journal>(new Journal(options, clock, std::move(directory)));
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
  std::vector<OpenEntry> open = std::move(lock.head().open);
  std::erase_if(open, [&](const OpenEntry& entry) { return entry.root != root; });
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
    }
    if (!files.segment || fstat(files.segment.get(), &status) != 0) return -1;
    if (status.st_nlink > 0 || again) break;
    files.segment = Fd();  // somebody removed it
  }
  size = static_cast<std::uint64_t>(status.st_size);
  return files.segment.get();
}

Result<Frame> Journal::write_frame(Lock& lock, std::string_view frame, bool sync) {
  Head& head = lock.head();
  bool fresh = head.tail >= options_.segment_bytes;
  const std::uint64_t segment = fresh ? head.segment + 1 : head.segment;
  std::uint64_t tail = fresh ? 0 : head.tail;
  fresh = fresh || tail == 0;
  std::uint64_t size = 0;
  const int fd = open_segment(lock.files(), segment, size);
  if (fd < 0) return disk_failure(errno);
  if (size < tail) tail = 0;  // a crash of the machine took what was said to be whole
  // What another process appended before it could say so counts.
  std::string beyond;
  if (size > tail && !read_some(fd, tail, size - tail, beyond)) return disk_failure(errno);
  char kind = 0;
  std::string_view payload;
  for (std::string_view rest = beyond; take_frame(rest, kind, payload);) {
    rest.remove_prefix(kFrameHeader + payload.size());
    tail += kFrameHeader + payload.size();
  }
  const bool written = write_all(fd, frame, tail);
  if (!written || (sync && fdatasync(fd) != 0)) {
    const int error = errno;
    (void)(ftruncate(fd, static_cast<off_t>(tail)) == 0);
    return disk_failure(error);
  }
  if (sync && fresh && fsync(directory_.get()) != 0) return disk_failure(errno);
  const Frame at{.segment = segment, .offset = tail, .length = frame.size() - kFrameHeader};
  head.segment = segment;
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

// REQUIRES: the lock. `keep` stays whatever it is.
void Journal::prune(std::uint64_t keep) {
  std::vector<std::uint64_t> all = segments();
  std::uint64_t total = 0;
  const std::int64_t oldest = clock_.wall_ms() / 1000 - options_.max_age.count();
  for (std::size_t i = all.size(); i-- > 0;) {
    struct stat status {};
    const std::string name = name_of(all[i]);
    if (fstatat(directory_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    total += static_cast<std::uint64_t>(status.st_size);
    const bool over = total > options_.max_bytes || status.st_mtim.tv_sec < oldest;
    if (over && all[i] != keep) (void)unlinkat(directory_.get(), name.c_str(), 0);
  }
}

Result<std::string> Journal::read_segment(std::uint64_t segment) const {
  std::string bytes;
  const Fd fd(openat(directory_.get(), name_of(segment).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return bytes;  // pruned meanwhile
  if (!fd || !read_all(fd.get(), bytes)) return disk_failure(errno);
  return bytes;
}

Result<void> Journal::each(const std::function<bool(const Listed&)>& visit) const {
  const std::vector<std::uint64_t> all = segments();
  std::unordered_map<std::string, Outcome> outcomes;
  for (std::size_t i = all.size(); i-- > 0;) {
    TRY_ASSIGN(const std::string bytes, read_segment(all[i]));
    std::vector<std::pair<Frame, std::string_view>> begun;
    std::unordered_map<std::string, Outcome> here;  // the last word of each counts
    char kind = 0;
    std::string_view payload;
    for (std::string_view rest = bytes; take_frame(rest, kind, payload);) {
      const Frame frame{
          .segment = all[i], .offset = bytes.size() - rest.size(), .length = payload.size()};
      if (kind == kBegin) begun.emplace_back(frame, payload);
      if (kind == kEnd) {
        const Ended ended = decode_end(payload);
        here[std::string(ended.id)] = ended.outcome;
      }
      rest.remove_prefix(kFrameHeader + payload.size());
    }
    outcomes.merge(here);  // what a later segment says stays
    for (std::size_t at = begun.size(); at-- > 0;) {
      auto entry = decode(begun[at].second, /*with_bytes=*/false);
      if (!entry) continue;
      Listed listed{.entry = std::move(*entry), .frame = begun[at].first};
      const auto outcome = outcomes.find(listed.entry.id);
      if (outcome != outcomes.end()) listed.outcome = outcome->second;
      if (!visit(listed)) return {};
    }
  }
  return {};
}

Result<Entry> Journal::load(const Frame& frame) const {
  const Fd fd(openat(directory_.get(), name_of(frame.segment).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno != ENOENT) return disk_failure(errno);
  std::string bytes;
  if (fd && frame.length <= options_.max_bytes &&
      !read_some(fd.get(), frame.offset, kFrameHeader + frame.length, bytes)) {
    return disk_failure(errno);
  }
  char kind = 0;
  std::string_view payload;
  if (take_frame(bytes, kind, payload) && kind == kBegin) {
    if (auto entry = decode(payload, /*with_bytes=*/true)) return std::move(*entry);
  }
  return fail(Code::kNotFound, "the change is not kept any more");
}

Result<Outcome> Journal::outcome_of(const std::string& id, const Frame& frame) const {
  Outcome outcome = Outcome::kOpen;
  for (const std::uint64_t segment : segments()) {
    if (segment < frame.segment) continue;
    TRY_ASSIGN(const std::string bytes, read_segment(segment));
    char kind = 0;
    std::string_view payload;
    for (std::string_view rest = bytes; take_frame(rest, kind, payload);) {
      rest.remove_prefix(kFrameHeader + payload.size());
      if (kind != kEnd) continue;
      const Ended ended = decode_end(payload);
      if (ended.id == id) outcome = ended.outcome;
    }
  }
  return outcome;
}

std::uint64_t Journal::bytes() const {
  std::uint64_t total = 0;
  for (const std::uint64_t segment : segments()) {
    struct stat status {};
    if (fstatat(directory_.get(), name_of(segment).c_str(), &status, 0) == 0) {
      total += static_cast<std::uint64_t>(status.st_size);
    }
  }
  return total;
}

}  // namespace quarry::journal
