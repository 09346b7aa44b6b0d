#include "server/journal/journal.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <unordered_map>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/bytes.h"
#include "server/base/hash.h"
#include "server/base/log.h"

namespace quarry::journal {
namespace {

constexpr char kBegin = 'B';
constexpr char kEnd = 'E';
constexpr std::uint32_t kMagic = 0x314A5551;  // "QUJ1"
constexpr std::chrono::milliseconds kPatience{5000};

constexpr std::string_view kMark = "open-";

std::string mark_of(const std::string& id) {
  return std::string(kMark).append(id);
}

struct Header {
  std::uint32_t magic = kMagic;
  char kind = 0;
  std::array<char, 3> unused{};
  std::uint64_t length = 0;
  std::uint64_t checksum = 0;  // of kind and payload
};
static_assert(sizeof(Header) == 24);

std::uint64_t checksum_of(char kind, std::string_view payload) {
  return hash64(payload) ^ (static_cast<std::uint64_t>(kind) << 56U);
}

std::string frame_of(char kind, std::string_view payload) {
  Header header;
  header.kind = kind;
  header.length = payload.size();
  header.checksum = checksum_of(kind, payload);
  std::string frame(sizeof header, '\0');
  std::memcpy(frame.data(), &header, sizeof header);
  return frame.append(payload);
}

// The first frame of `bytes`; false when there is no whole one.
bool take_frame(std::string_view bytes, char& kind, std::string_view& payload) {
  Header header;
  if (bytes.size() < sizeof header) return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  bytes.remove_prefix(sizeof header);
  if (header.magic != kMagic || header.length > bytes.size()) return false;
  payload = bytes.substr(0, header.length);
  kind = header.kind;
  return checksum_of(kind, payload) == header.checksum;
}

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

bool read_all(int fd, std::uint64_t from, std::string& out) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return false;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  out.resize(size > from ? size - from : 0);
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

struct Ended {
  std::string_view id;
  Outcome outcome = Outcome::kOpen;
};

Ended decode_end(std::string_view payload) {
  ByteReader in(payload);
  Ended ended;
  ended.id = in.string();
  ended.outcome = static_cast<Outcome>(std::min<std::uint64_t>(in.number(), 3));
  return ended;
}

}  // namespace

// The right to append, among processes and threads, for the life of the object: a lock of its own
// open file description.
class Journal::Lock {
 public:
  Lock(int directory, const Clock& clock) {
    fd_ = Fd(openat(directory, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd_) {
      error_ = errno;
      return;
    }
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    const std::int64_t until = clock.steady_ns() + std::chrono::nanoseconds(kPatience).count();
    while (fcntl(fd_.get(), F_OFD_SETLK, &whole) != 0) {
      error_ = errno;
      if ((error_ != EAGAIN && error_ != EACCES && error_ != EINTR) || clock.steady_ns() > until) {
        return;
      }
      const timespec pause{.tv_sec = 0, .tv_nsec = 200'000};
      nanosleep(&pause, nullptr);
    }
    error_ = 0;
    if (pread(fd_.get(), &position_, sizeof position_, 0) != sizeof position_) position_ = {};
  }

  Result<void> check() const {
    if (error_ == 0) return {};
    if (error_ == EAGAIN || error_ == EACCES) {
      return fail(Code::kUnavailable, "another quarry process keeps the journal; call again");
    }
    return disk_failure(error_);
  }
  Position position() const { return position_; }
  void set_position(Position position) const {
    // A hint: what is lost of it is found again by the frames' checksums.
    (void)(pwrite(fd_.get(), &position, sizeof position, 0) == sizeof position);
  }

 private:
  Fd fd_;
  int error_ = 0;
  Position position_;
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
  const Lock lock(directory_.get(), clock_);
  TRY(lock.check());
  const std::string mark = mark_of(entry.id);
  const Fd fd(
      openat(directory_.get(), mark.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return disk_failure(errno);
  auto begun = write_all(fd.get(), entry.root, 0)
                   ? write_frame(lock, frame_of(kBegin, encode(entry)), options_.sync)
                   : Result<void>(disk_failure(errno));
  if (!begun) forget_open(entry.id);
  return begun;
}

Result<void> Journal::end(const std::string& id, Outcome outcome) {
  std::string payload;
  ByteWriter(payload).string(id).number(static_cast<std::uint64_t>(outcome));
  const Lock lock(directory_.get(), clock_);
  TRY(lock.check());
  auto ended = write_frame(lock, frame_of(kEnd, payload), /*sync=*/false);
  if (ended) forget_open(id);
  return ended;
}

void Journal::forget_unbegun(const std::string& id) const {
  // Whoever is about to begin keeps the lock from its mark to its frame.
  const Lock lock(directory_.get(), clock_);
  if (!lock.check()) return;
  const auto listed = load(id);
  if (!listed && listed.error().code == Code::kNotFound) forget_open(id);
}

void Journal::forget_open(const std::string& id) const {
  (void)unlinkat(directory_.get(), mark_of(id).c_str(), 0);
}

std::vector<std::string> Journal::open_entries(const std::string& root) const {
  std::vector<std::string> ids;
  each_name([&](const std::string& name) {
    if (!name.starts_with(kMark)) return;
    const Fd fd(openat(directory_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    std::string text;
    // An empty one is of a process that was killed, or stopped by the disk, right then.
    if (fd && read_all(fd.get(), 0, text) && (text == root || text.empty())) {
      ids.push_back(name.substr(kMark.size()));
    }
  });
  return ids;
}

void Journal::each_name(const std::function<void(const std::string&)>& visit) const {
  const int fd = openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* listing = fd >= 0 ? fdopendir(fd) : nullptr;
  if (listing == nullptr) return;
  while (const dirent* entry = readdir(listing)) visit(entry->d_name);
  closedir(listing);
}

Result<void> Journal::write_frame(const Lock& lock, std::string_view frame, bool sync) {
  Position at = lock.position();
  bool fresh = at.tail >= options_.segment_bytes;
  if (fresh) at = {.segment = at.segment + 1, .tail = 0};
  const Fd fd(openat(directory_.get(), name_of(at.segment).c_str(),
                     O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return disk_failure(errno);
  fresh = fresh || at.tail == 0;
  // What another process appended before it could say so counts.
  std::string beyond;
  if (!read_all(fd.get(), at.tail, beyond)) return disk_failure(errno);
  char kind = 0;
  std::string_view payload;
  for (std::string_view rest = beyond; take_frame(rest, kind, payload);) {
    rest.remove_prefix(sizeof(Header) + payload.size());
    at.tail += sizeof(Header) + payload.size();
  }
  const bool written = write_all(fd.get(), frame, at.tail);
  if (!written || (sync && fdatasync(fd.get()) != 0)) {
    const int error = errno;
    (void)(ftruncate(fd.get(), static_cast<off_t>(at.tail)) == 0);
    return disk_failure(error);
  }
  if (sync && fresh && fsync(directory_.get()) != 0) return disk_failure(errno);
  at.tail += frame.size();
  // A longer frame that was half written may lie behind.
  if (!beyond.empty()) (void)(ftruncate(fd.get(), static_cast<off_t>(at.tail)) == 0);
  lock.set_position(at);
  if (fresh) prune(at.segment);
  return {};
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
  if (!fd || !read_all(fd.get(), 0, bytes)) return disk_failure(errno);
  return bytes;
}

Result<void> Journal::each(const std::function<bool(const Listed&)>& visit) const {
  const std::vector<std::uint64_t> all = segments();
  std::unordered_map<std::string, Outcome> outcomes;
  for (std::size_t i = all.size(); i-- > 0;) {
    TRY_ASSIGN(const std::string bytes, read_segment(all[i]));
    std::vector<std::string_view> begun;
    std::unordered_map<std::string, Outcome> here;  // the last word of each counts
    char kind = 0;
    std::string_view payload;
    for (std::string_view rest = bytes; take_frame(rest, kind, payload);) {
      if (kind == kBegin) begun.push_back(payload);
      if (kind == kEnd) {
        const Ended ended = decode_end(payload);
        here[std::string(ended.id)] = ended.outcome;
      }
      rest.remove_prefix(sizeof(Header) + payload.size());
    }
    outcomes.merge(here);  // what a later segment says stays
    for (std::size_t at = begun.size(); at-- > 0;) {
      auto entry = decode(begun[at], /*with_bytes=*/false);
      if (!entry) continue;
      Listed listed{.entry = std::move(*entry)};
      const auto outcome = outcomes.find(listed.entry.id);
      if (outcome != outcomes.end()) listed.outcome = outcome->second;
      if (!visit(listed)) return {};
    }
  }
  return {};
}

Result<Listed> Journal::load(const std::string& id) const {
  const std::vector<std::uint64_t> all = segments();
  std::optional<Outcome> outcome;  // what the latest segment that knows one says
  for (std::size_t i = all.size(); i-- > 0;) {
    TRY_ASSIGN(const std::string bytes, read_segment(all[i]));
    std::optional<Entry> entry;
    std::optional<Outcome> here;
    char kind = 0;
    std::string_view payload;
    for (std::string_view rest = bytes; take_frame(rest, kind, payload);) {
      rest.remove_prefix(sizeof(Header) + payload.size());
      if (kind == kEnd) {
        const Ended ended = decode_end(payload);
        if (ended.id == id) here = ended.outcome;
      } else if (kind == kBegin) {
        const auto begun = decode(payload, /*with_bytes=*/false);
        if (begun && begun->id == id) entry = decode(payload, /*with_bytes=*/true);
      }
    }
    if (!outcome) outcome = here;
    if (entry) {
      return Listed{.entry = std::move(*entry), .outcome = outcome.value_or(Outcome::kOpen)};
    }
  }
  return fail(Code::kNotFound, "no change '{}' is kept", id);
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
