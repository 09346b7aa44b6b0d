#include "server/files/line_index.h"

#include <algorithm>

#include "server/base/utf8.h"

namespace quarry::files {
namespace {

// A byte for each unit of UTF-16: itself when it is ASCII, else one that is not.
std::string narrowed(std::string_view raw, LineUnit unit) {
  std::string out;
  out.reserve(raw.size() / 2);
  const std::size_t low = unit == LineUnit::kUtf16Le ? 0 : 1;
  for (std::size_t at = 0; at + 1 < raw.size(); at += 2) {
    const auto byte = static_cast<unsigned char>(raw[at + low]);
    out.push_back(raw[at + 1 - low] == '\0' && byte < 0x80 ? raw[at + low] : '\x80');
  }
  return out;
}

}  // namespace

LineIndex::LineIndex(const TextFacts& facts, std::string_view text, std::int64_t skipped)
    : unit_(facts.shape.separator() == '\r' ? LineUnit::kCr : LineUnit::kLf),
      facts_(facts),
      complete_(true),
      read_to_(skipped) {
  marks_.reserve(text.size() / static_cast<std::size_t>(spacing_) + 1);
  marks_.push_back({1, skipped});
  mark_lines(text);
  finish();
}

LineIndex::LineIndex(LineUnit unit, std::string_view bom) : unit_(unit) {
  marks_.push_back({1, static_cast<std::int64_t>(bom.size())});
  hasher_.emplace();
}

void LineIndex::add(std::string_view piece) {
  hasher_->add(piece);
  facts_.bytes += static_cast<std::int64_t>(piece.size());
  const auto skipped = static_cast<std::size_t>(std::clamp<std::int64_t>(
      marks_.front().offset - read_to_, 0, static_cast<std::int64_t>(piece.size())));
  read_to_ += static_cast<std::int64_t>(skipped);
  piece.remove_prefix(skipped);
  if (unit_bytes(unit_) == 1) {
    tally_.add(piece);
    check_utf8(piece);
  } else {
    tally_.add(narrowed(piece, unit_));
  }
  mark_lines(piece);
}

// Only the first piece of a character may be missing at the end, and only its rest at the start.
void LineIndex::check_utf8(std::string_view piece) {
  if (!utf8_) return;
  if (!cut_.empty()) {
    while (!piece.empty() && utf8::continues(piece.front()) && cut_.size() < 4) {
      cut_.push_back(piece.front());
      piece.remove_prefix(1);
    }
    utf8_ = piece.empty() || is_utf8(cut_);
    if (piece.empty()) return;
    cut_.clear();
  }
  std::size_t begin = piece.size();
  while (begin > 0 && piece.size() - begin < 3 && utf8::continues(piece[begin - 1])) {
    --begin;
  }
  if (begin > 0 && static_cast<unsigned char>(piece[begin - 1]) >= 0xC0U) {
    if (const auto tail = piece.substr(begin - 1); !is_utf8(tail)) {
      cut_ = tail;
      piece.remove_suffix(tail.size());
    }
  }
  utf8_ = utf8_ && is_utf8(piece);
}

void LineIndex::mark_lines(std::string_view piece) {
  const auto at_offset = [&](std::size_t at) { return read_to_ + static_cast<std::int64_t>(at); };
  std::size_t counted = 0;
  while (true) {
    const std::int64_t due = marks_.back().offset + spacing_ - 1 - read_to_;
    const std::size_t from =
        std::max(counted, static_cast<std::size_t>(std::max<std::int64_t>(due, 0)));
    const std::size_t end =
        from >= piece.size() ? std::string_view::npos : after_line_end(piece, from, unit_);
    if (end == std::string_view::npos) break;
    line_ +=
        static_cast<std::int64_t>(count_line_ends(piece.substr(counted, end - counted), unit_));
    counted = end;
    push_mark({line_, at_offset(end)});
  }
  line_ += static_cast<std::int64_t>(count_line_ends(piece.substr(counted), unit_));
  read_to_ = at_offset(piece.size());
}

void LineIndex::push_mark(const Mark& mark) {
  if (marks_.size() == kMostMarks) {
    spacing_ *= 2;
    for (std::size_t i = 1; 2 * i < marks_.size(); ++i) marks_[i] = marks_[2 * i];
    marks_.resize((marks_.size() + 1) / 2);
  }
  marks_.push_back(mark);
}

void LineIndex::finish() {
  // A line end at the file's end begins no line.
  if (marks_.size() > 1 && marks_.back().offset == read_to_) marks_.pop_back();
  if (complete_) return;
  complete_ = true;
  facts_.hash = hasher_->value();
  hasher_.reset();
  utf8_ = utf8_ && is_utf8(cut_);
  facts_.shape = tally_.shape();
  if (facts_.shape.ends == LineEnds::kCr) {
    facts_.shape.lines = 1;
    facts_.shape.final_newline = false;
  }
}

LineIndex::Mark LineIndex::find_mark(std::int64_t line) const {
  const auto after =
      std::upper_bound(marks_.begin(), marks_.end(), line,
                       [](std::int64_t wanted, const Mark& mark) { return wanted < mark.line; });
  return after == marks_.begin() ? marks_.front() : *(after - 1);
}

LineIndex::Mark LineIndex::find_mark_at(std::int64_t offset) const {
  const auto after =
      std::upper_bound(marks_.begin(), marks_.end(), offset,
                       [](std::int64_t wanted, const Mark& mark) { return wanted < mark.offset; });
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
  if (!sandbox::settled(stamp, clock_.wall_ms())) return false;
  if (index.complete() && index.facts().bytes != stamp.size) return false;
  const auto now = file.restamp();
  if (!now || *now != stamp || index.weight() > options_.max_bytes) return false;

  auto content = content_.lock();
  const FileId id{stamp.device, stamp.inode};
  if (const auto old = content->by_file.find(id); old != content->by_file.end()) {
    // Another call may have read further meanwhile.
    const Entry& entry = *old->second;
    if (entry.stamp == stamp && entry.index->unit() == index.unit() &&
        entry.index->read_to() > index.read_to()) {
      return false;
    }
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
