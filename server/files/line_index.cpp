#include "server/files/line_index.h"

#include <algorithm>

namespace quarry::files {

LineIndex::LineIndex(const TextFacts& facts, std::string_view text, std::int64_t skipped)
    : facts_(facts) {
  const char separator = facts.shape.separator();
  Mark mark{1, skipped};
  marks_.reserve(text.size() / kMarkBytes + 1);
  marks_.push_back(mark);
  std::size_t at = 0;
  while (text.size() - at > kMarkBytes) {
    const std::size_t end = text.find(separator, at + kMarkBytes - 1);
    if (end == std::string_view::npos || end + 1 == text.size()) break;
    const std::string_view passed = text.substr(at, end + 1 - at);
    mark.line += separator == '\n' ? static_cast<std::int64_t>(count_newlines(passed))
                                   : std::count(passed.begin(), passed.end(), separator);
    at = end + 1;
    mark.offset = skipped + static_cast<std::int64_t>(at);
    marks_.push_back(mark);
  }
}

LineIndex::Mark LineIndex::find_mark(std::int64_t line) const {
  const auto after =
      std::upper_bound(marks_.begin(), marks_.end(), line,
                       [](std::int64_t wanted, const Mark& mark) { return wanted < mark.line; });
  return after == marks_.begin() ? marks_.front() : *(after - 1);
}

std::shared_ptr<const LineIndex> LineIndexes::find(const sandbox::Stamp& stamp) {
  auto content = content_.lock();
  const auto found = content->by_file.find({stamp.device, stamp.inode});
  if (found == content->by_file.end() || found->second->stamp != stamp) {
    ++content->stats.misses;
    return nullptr;
  }
  ++content->stats.hits;
  content->by_use.splice(content->by_use.begin(), content->by_use, found->second);
  return found->second->index;
}

bool LineIndexes::keep(const sandbox::File& file, LineIndex index) {
  const sandbox::Stamp& stamp = file.stamp();
  if (index.facts().bytes != stamp.size || !sandbox::settled(stamp, clock_.wall_ms())) return false;
  const auto now = file.restamp();
  if (!now || *now != stamp || index.weight() > options_.max_bytes) return false;

  auto content = content_.lock();
  const FileId id{stamp.device, stamp.inode};
  if (const auto old = content->by_file.find(id); old != content->by_file.end()) {
    drop(*content, old->second);
  }
  const std::size_t weight = index.weight();
  while (!content->by_use.empty() && (content->stats.bytes + weight > options_.max_bytes ||
                                      content->by_use.size() >= options_.max_files)) {
    drop(*content, std::prev(content->by_use.end()));
    ++content->stats.evicted;
  }
  content->by_use.push_front({id, stamp, std::make_shared<const LineIndex>(std::move(index))});
  content->by_file[id] = content->by_use.begin();
  content->stats.bytes += weight;
  return true;
}

void LineIndexes::drop(Content& content, std::list<Entry>::iterator entry) {
  content.stats.bytes -= entry->index->weight();
  content.by_file.erase(entry->file);
  content.by_use.erase(entry);
}

LineIndexes::Stats LineIndexes::stats() const {
  auto content = content_.lock();
  Stats stats = content->stats;
  stats.files = content->by_use.size();
  return stats;
}

}  // namespace quarry::files
