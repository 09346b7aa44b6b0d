// The part of Journal that reads what was recorded.

#include <cerrno>
#include <unordered_map>

#include <fcntl.h>
#include <sys/stat.h>

#include "server/journal/frames.h"
#include "server/journal/journal.h"
#include "server/journal/segment_bytes.h"

namespace quarry::journal {

Result<std::string> Journal::read_segment(std::uint64_t segment) const {
  std::string bytes;
  const Fd fd(openat(directory_.get(), name_of(segment).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return bytes;  // pruned meanwhile
  if (!fd || !read_all(fd.get(), bytes)) return disk_failure(errno);
  return bytes;
}

Result<void> Journal::each(const std::function<bool(const Listed&)>& visit) const {
  TRY(check_there());
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
      if (!entry || entry->time_ms < oldest_ms()) continue;
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
