#include "server/store/recent_log.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/log.h"
#include "server/store/open_environment.h"
#include "server/store/recent_frame.h"
#include "server/store/recent_salvage.h"

namespace quarry::store {
namespace {

// A file that is not in force is cut down to this. What is kept is written over.
constexpr std::uint64_t kKeptBytes = std::uint64_t{4} << 20U;
// A write that begins a page which is not there costs four times as much, and of small changes each
// 15th would: so some are made at once, where they are first needed.
constexpr std::size_t kPagesAhead = std::size_t{16} << 10U;
constexpr std::size_t kKeptFrame = std::size_t{1} << 20U;  // of memory for the next one
constexpr int kMostTries = 16;
constexpr std::size_t kPiece = std::size_t{64} << 10U;  // read at once, unless a frame is longer

Failure damaged_log() {
  return fail(Code::kInternal, "the store is damaged; it is set aside at the next start");
}

Failure refused(const char* what, int error) {
  if (error == ENOSPC || error == EDQUOT) {
    return fail(Code::kUnavailable, "no space left for the state directory");
  }
  return fail(Code::kUnavailable, "the store cannot be {}: {}", what, strerrordesc_np(error));
}

// 0 when it cannot be told.
std::uint64_t size_of(int file) {
  struct stat status {};
  return fstat(file, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

// Appends up to `count` bytes of the file from `at` on, fewer at its end.
Result<void> append_from(int file, std::uint64_t at, std::size_t count, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + count);
  std::size_t got = 0;
  while (got < count) {
    const ssize_t some =
        pread(file, out.data() + before + got, count - got, static_cast<off_t>(at + got));
    if (some < 0 && errno == EINTR) continue;
    if (some < 0) return refused("read", errno);
    if (some == 0) break;
    got += static_cast<std::size_t>(some);
  }
  out.resize(before + got);
  return {};
}

Result<Fd> open_file(int folder, const char* name) {
  Fd file(openat(folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  struct stat status {};
  if (!file) {
    if (errno == ELOOP || errno == EISDIR || errno == ENXIO || errno == EACCES) {
      return fail(Code::kInternal, "a file of it is not one that can be read and written");
    }
    return refused("opened", errno);
  }
  if (fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(Code::kInternal, "a file of it is not a regular file");
  }
  return file;
}

}  // namespace

void RecentLog::Read::note(std::uint64_t change, std::string_view key,
                           std::optional<std::string_view> record) {
  auto known = by_key.find(key);
  if (known == by_key.end()) {
    const auto made = records.emplace(key, RecentRecord{}).first;
    known = by_key.emplace(made->first, made).first;
    record_bytes += key.size();
  }
  RecentRecord& mine = known->second->second;
  record_bytes -= mine.record ? mine.record->size() : 0;
  record_bytes += record ? record->size() : 0;
  mine.change = change;
  if (!record) {
    mine.record.reset();
  } else if (mine.record) {
    mine.record->assign(*record);
  } else {
    mine.record.emplace(*record);
  }
}

void RecentLog::Read::forget(std::uint64_t last) {
  for (auto at = records.begin(); at != records.end();) {
    if (at->second.change > last) {
      ++at;
      continue;
    }
    record_bytes -= at->first.size() + (at->second.record ? at->second.record->size() : 0);
    by_key.erase(at->first);
    at = records.erase(at);
  }
}

void RecentLog::Read::clear() {
  by_key.clear();
  records.clear();
  record_bytes = 0;
}

Result<std::unique_ptr<RecentLog>> RecentLog::open_files(const StateDirectory& directory,
                                                         const std::string& name) {
  if (mkdirat(directory.fd(), name.c_str(), 0700) == 0) {
    fsync(directory.fd());
  } else if (errno != EEXIST) {
    return refused("written to", errno);
  }
  Fd folder(openat(directory.fd(), name.c_str(),
                   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!folder) return fail(Code::kInternal, "it is not a directory that can be read");
  TRY_ASSIGN(Fd first, open_file(folder.get(), "0"));
  TRY_ASSIGN(Fd second, open_file(folder.get(), "1"));
  const bool empty = size_of(first.get()) == 0 && size_of(second.get()) == 0;
  TRY_ASSIGN(std::unique_ptr<RecentHead> head, RecentHead::open(folder.get(), empty));
  return std::unique_ptr<RecentLog>(
      new RecentLog(std::move(folder), {std::move(first), std::move(second)}, std::move(head)));
}

Result<RecentLog::Opened> RecentLog::open(const StateDirectory& directory, const std::string& name,
                                          std::uint64_t covered_epoch, const Keep& keep) {
  Opened opened;
  Result<std::unique_ptr<RecentLog>> log = open_files(directory, name);
  std::optional<Error> problem;
  if (!log) {
    problem = log.error();
    if (problem->code == Code::kInternal && directory.alone()) {
      SalvagedLog salvaged = salvage_log(directory, name, covered_epoch);
      opened.salvaged = std::move(salvaged.records);
      opened.salvaged_epoch = salvaged.epoch;
    }
  } else if (const Result<Size> read = (*log)->size(); !read) {
    problem = read.error();
    for (auto& [key, record] : (*log)->read_.lock()->records) {
      opened.salvaged.emplace_back(key, std::move(record));
    }
    opened.salvaged_epoch = (*log)->epoch();
  }
  if (!problem) {
    opened.log = std::move(*log);
    return opened;
  }
  if (problem->code != Code::kInternal) return Failure(std::move(*problem));
  if (!directory.alone()) {
    return fail(
        Code::kUnavailable,
        "'{}' in the state directory is damaged, and other quarry processes have it open: it "
        "is set aside when they have ended",
        name);
  }
  if (keep) TRY(keep(opened));
  TRY(set_aside(directory, name));
  log::warning(
      "'{0}' in the state directory was damaged; it is kept as '{0}.damaged' and a new one begun "
      "with the {1} records that could be read",
      name, opened.salvaged.size());
  TRY_ASSIGN(opened.log, open_files(directory, name));
  opened.begun_anew = true;
  return opened;
}

// Brings `read` up to the position. What was read stays whole when it fails.
Result<void> RecentLog::catch_up(Read& read) const {
  for (int tries = 1;; ++tries) {
    const RecentHead::Position position = head_->position();
    if (position == read.position) return {};
    Result<void> more = read_on(read, position);
    if (more) return {};
    // The writer began anew, and then anew in this file.
    if (head_->position().resets != position.resets && tries < kMostTries) continue;
    return more;
  }
}

// Reads no more at a time than a frame says it has: a head that tells nonsense must not cost its
// memory.
Result<void> RecentLog::read_on(Read& read, RecentHead::Position position) const {
  if (position.resets != read.position.resets) {
    read.clear();
    read.position = {position.resets, 0};
  }
  if (position.end < read.position.end) return damaged_log();
  std::string& bytes = read.bytes;  // of the file, from its begin on
  std::size_t begin = 0;            // of what is not read yet
  bytes.clear();
  const auto window = [&](std::size_t least) -> Result<std::string_view> {
    if (bytes.size() - begin < least) {
      bytes.erase(0, begin);
      begin = 0;
      const std::uint64_t left = position.end - read.position.end;
      const std::size_t piece = std::max(least, std::min<std::size_t>(left, kPiece));
      TRY(append_from(file(position.resets), read.position.end + bytes.size(), piece - bytes.size(),
                      bytes));
    }
    return std::string_view(bytes).substr(begin);
  };
  while (read.position.end < position.end) {
    TRY_ASSIGN(std::string_view rest, window(kFrameHeadBytes));
    const std::size_t announced = announced_bytes(rest, life(position.resets));
    if (announced == 0 || announced > position.end - read.position.end ||
        (announced > kPiece && size_of(file(position.resets)) < read.position.end + announced)) {
      return damaged_log();
    }
    TRY_ASSIGN(rest, window(announced));
    const std::size_t frame =
        read_frame(rest, life(position.resets),
                   [&](std::uint64_t change, std::string_view key,
                       std::optional<std::string_view> record) { read.note(change, key, record); });
    if (frame == 0) return damaged_log();
    begin += frame;
    read.position.end += frame;
  }
  return {};
}

Result<std::uint64_t> RecentLog::find(std::string_view key, std::string& record, bool& erased) {
  auto read = read_.lock();
  TRY(catch_up(*read));
  const auto found = read->by_key.find(key);
  if (found == read->by_key.end()) return 0;
  const RecentRecord& known = found->second->second;
  erased = !known.record;
  if (!erased) record.assign(*known.record);
  return known.change;
}

Result<RecentLog::Part> RecentLog::list(std::string_view prefix, std::string_view after,
                                        std::size_t count, std::size_t bytes) {
  Part part;
  auto read = read_.lock();
  TRY(catch_up(*read));
  part.position = read->position;
  auto at = after < prefix ? read->records.lower_bound(prefix) : read->records.upper_bound(after);
  std::size_t taken = 0;
  for (; at != read->records.end() && at->first.starts_with(prefix); ++at) {
    if (part.records.size() >= count || (taken > 0 && taken >= bytes)) {
      part.whole = false;
      break;
    }
    part.records.emplace_back(at->first, at->second);
    taken += at->first.size() + (at->second.record ? at->second.record->size() : 0);
  }
  for (const auto& [key, record] : part.records) {
    part.last_change = std::max(part.last_change, record.change);
  }
  return part;
}

Result<RecentLog::Size> RecentLog::size() {
  auto read = read_.lock();
  TRY(catch_up(*read));
  return Size{.records = read->records.size(), .bytes = read->record_bytes};
}

// The frame that is made, as the log's part from `position` on.
Result<void> RecentLog::write_at(RecentHead::Position position) const {
  std::size_t done = 0;
  while (done < frame_.size()) {
    const ssize_t some = pwrite(file(position.resets), frame_.data() + done, frame_.size() - done,
                                static_cast<off_t>(position.end + done));
    if (some < 0 && errno == EINTR) continue;
    const int error = some < 0 ? errno : ENOSPC;
    if (some <= 0 && (error == ENOSPC || error == EDQUOT)) {
      return fail(Code::kTooLarge, "no space left for the state directory");
    }
    if (some <= 0) return refused("written to", error);
    done += static_cast<std::size_t>(some);
  }
  return {};
}

// Makes the pages that come after `position`, at best: who writes there makes them otherwise.
void RecentLog::extend(RecentHead::Position position) {
  static constexpr std::array<char, kPagesAhead> kZeros{};
  std::uint64_t& made = made_[position.resets % 2];
  if (position.end < made) return;
  made = size_of(file(position.resets));
  if (position.end < made) return;
  if (pwrite(file(position.resets), kZeros.data(), kZeros.size(),
             static_cast<off_t>(position.end)) < 0) {
    return;
  }
  made = position.end + kZeros.size();
}

Result<void> RecentLog::append(const Writes& writes) {
  const RecentHead::Position before = head_->position();
  const std::uint64_t change = head_->last_change() + 1;
  FrameWriter frame(frame_, life(before.resets));
  for (const auto& [key, record] : writes) frame.add(change, key, record);
  frame.finish();
  const RecentHead::Position after = {before.resets, before.end + frame_.size()};
  if (after.end >= RecentHead::kMostBytes) return fail(Code::kTooLarge, "not in one piece");
  TRY(write_at(before));
  head_->advance(change, after);
  extend(after);
  // Known here without reading it back, unless another thread has done so.
  auto read = read_.lock();
  if (read->position != before) return {};
  for (const auto& [key, record] : writes) read->note(change, key, record);
  read->position = after;
  return {};
}

Result<void> RecentLog::restart(std::uint64_t last) {
  RecentHead::Position next = head_->position().next();
  {
    auto read = read_.lock();
    TRY(catch_up(*read));
    FrameWriter frame(frame_, life(next.resets));
    bool any = false;
    for (const auto& [key, record] : read->records) {
      if (record.change <= last) continue;
      frame.add(record.change, key, record.record);
      any = true;
    }
    frame.finish();
    if (!any) frame_.clear();
  }
  TRY(write_at(next));
  next.end = frame_.size();
  head_->advance(head_->last_change(), next);
  const int left = file(next.resets + 1);
  if (size_of(left) > kKeptBytes) (void)ftruncate(left, kKeptBytes);
  made_[(next.resets + 1) % 2] = 0;  // looked at when it is needed
  if (frame_.capacity() > kKeptFrame) frame_ = {};
  auto read = read_.lock();
  read->forget(last);
  read->position = next;
  return {};
}

void RecentLog::give_back() {
  const std::uint64_t idle = head_->position().resets + 1;
  (void)ftruncate(file(idle), 0);
  made_[idle % 2] = 0;
}

std::uint64_t RecentLog::disk_bytes() const {
  std::uint64_t bytes = 0;
  for (const Fd& one : files_) {
    struct stat status {};
    if (fstat(one.get(), &status) == 0) bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
  }
  return bytes;
}

}  // namespace quarry::store
