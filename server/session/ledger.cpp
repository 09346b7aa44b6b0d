#include "server/session/ledger.h"

#include <algorithm>

namespace quarry::session {
namespace {

constexpr std::size_t kMostSpans = 64;  // of one file; the oldest is forgotten first

}  // namespace

std::size_t Ledger::Entry::weight() const {
  return sizeof *this + 64 + key.size() + spans.capacity() * sizeof(Span) +
         (text ? text->size() : 0);
}

Ledger::Ledger(const Bounds& bounds, std::shared_ptr<LedgerMemory> memory)
    : bounds_(bounds), memory_(std::move(memory)) {}

Ledger::~Ledger() {
  memory_->used.fetch_sub(content_.lock()->bytes, std::memory_order_relaxed);
}

std::int64_t Ledger::received(const Entry& entry, std::int64_t first, std::int64_t last,
                              std::int64_t now_ms) const {
  std::vector<Span> spans;
  for (const Span& span : entry.spans) {
    if (now_ms - span.at_ms <= bounds_.age_ms) spans.push_back(span);
  }
  std::sort(spans.begin(), spans.end(),
            [](const Span& a, const Span& b) { return a.first < b.first; });
  std::int64_t oldest = now_ms;
  for (const Span& span : spans) {
    if (span.first > first) break;
    if (span.last < first) continue;
    oldest = std::min(oldest, span.at_ms);
    first = span.last + 1;
    if (first > last) return oldest;
  }
  return -1;
}

Ledger::Look Ledger::look(const Reading& reading, std::int64_t now_ms) const {
  const auto content = content_.lock();
  const auto found = content->by_key.find(reading.key);
  if (found == content->by_key.end()) return {};
  const Entry& entry = *found->second;
  Look look;
  if (entry.hash == reading.hash) {
    const std::int64_t oldest = received(entry, reading.first, reading.last, now_ms);
    if (oldest < 0) return {};
    look.kind = Look::Kind::kReceived;
    look.age_ms = now_ms - oldest;
    return look;
  }
  const auto in_time = [&](const Span& span) { return now_ms - span.at_ms <= bounds_.age_ms; };
  const auto newest = std::find_if(entry.spans.rbegin(), entry.spans.rend(), in_time);
  if (newest == entry.spans.rend()) return {};
  look.kind = Look::Kind::kChanged;
  look.old_hash = entry.hash;
  const std::int64_t oldest = received(entry, 1, entry.total, now_ms);
  look.whole = oldest >= 0;
  look.age_ms = now_ms - (look.whole ? oldest : newest->at_ms);
  look.old_text = entry.text;
  return look;
}

void Ledger::note(const Reading& reading, std::int64_t now_ms) {
  auto content = content_.lock();
  add(*content, reading, now_ms);
}

void Ledger::note_change(std::uint64_t before, const Reading& after, std::int64_t now_ms) {
  auto content = content_.lock();
  const auto found = content->by_key.find(after.key);
  if (found == content->by_key.end()) return;
  const Entry& entry = *found->second;
  if (entry.hash != before) return;
  // A change shows nothing again: what is left of the lines grows old as it was.
  const std::int64_t oldest = received(entry, 1, entry.total, now_ms);
  if (oldest >= 0) add(*content, after, oldest);
}

void Ledger::add(Content& content, const Reading& reading, std::int64_t now_ms) {
  Entry entry;
  if (const auto found = content.by_key.find(reading.key); found != content.by_key.end()) {
    const auto old = found->second;
    if (old->hash == reading.hash) {
      entry.spans = old->spans;
      entry.text = old->text;
    }
    drop(content, old);
  }
  entry.key = reading.key;
  entry.hash = reading.hash;
  entry.total = reading.total;
  std::erase_if(entry.spans, [&](const Span& span) {
    return now_ms - span.at_ms > bounds_.age_ms ||
           (span.first >= reading.first && span.last <= reading.last);
  });
  if (entry.spans.size() == kMostSpans) entry.spans.erase(entry.spans.begin());
  entry.spans.push_back({reading.first, reading.last, now_ms});
  if (reading.text && reading.text->size() <= bounds_.bytes / 4) entry.text = reading.text;

  const std::size_t weight = entry.weight();
  content.by_use.push_front(std::move(entry));
  content.by_key[content.by_use.front().key] = content.by_use.begin();
  content.bytes += weight;
  memory_->used.fetch_add(weight, std::memory_order_relaxed);
  while (!content.by_use.empty() &&
         (content.bytes > bounds_.bytes ||
          memory_->used.load(std::memory_order_relaxed) > memory_->most)) {
    drop(content, std::prev(content.by_use.end()));
  }
}

void Ledger::drop(Content& content, Entries::iterator entry) {
  const std::size_t weight = entry->weight();
  content.bytes -= weight;
  memory_->used.fetch_sub(weight, std::memory_order_relaxed);
  content.by_key.erase(entry->key);
  content.by_use.erase(entry);
}

}  // namespace quarry::session
