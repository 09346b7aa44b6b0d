#include "server/session/session.h"

#include <algorithm>

namespace quarry::session {
Session::Session(const Record& record, Roots::Place place, std::size_t heavy_calls,
                 const LedgerRoom& ledger)
    : handle_(record.handle),
      root_(record.root),
      read_only_(record.read_only),
      place_(std::move(place)),
      stored_(std::in_place, Stored{record, record.label}),
      order_(heavy_calls),
      ledger_(record.ledger ? std::make_unique<Ledger>(ledger.bounds, ledger.memory) : nullptr),
      used_ms_(record.used_ms),
      stored_ms_(record.used_ms),
      ttl_s_(record.ttl_s) {}

void Session::read_record(Record& now) const {
  {
    const auto stored = stored_.lock();
    static_cast<Standing&>(now) = stored->standing;
    now.label = stored->label;
  }
  now.handle = handle_;
  now.root = root_;
  now.read_only = read_only_;
  now.used_ms = std::max(now.used_ms, used_ms());
}

void Session::adopt(const Record& record, std::uint64_t generation) {
  ttl_s_.store(record.ttl_s, std::memory_order_relaxed);
  std::int64_t stored = stored_ms_.load(std::memory_order_relaxed);
  while (stored < record.used_ms &&
         !stored_ms_.compare_exchange_weak(stored, record.used_ms, std::memory_order_relaxed)) {
  }
  std::int64_t used = used_ms();
  while (used < record.used_ms &&
         !used_ms_.compare_exchange_weak(used, record.used_ms, std::memory_order_relaxed)) {
  }
  auto own = stored_.lock();
  // A record that was read before another one may come after it.
  if (record.version < own->standing.version) return;
  own->standing = record;
  own->label = record.label;
  checked_.store(generation, std::memory_order_relaxed);
}

std::optional<Record> Session::stored_at(std::uint64_t generation) const {
  const auto stored = stored_.lock();
  if (generation == store::kNoGeneration || checked() != generation) return std::nullopt;
  return Record{stored->standing, handle_, root_, stored->label};
}

bool Session::lapsed(std::int64_t now_ms) const {
  return lapsed(now_ms, ttl_s_.load(std::memory_order_relaxed));
}

bool Session::lapsed(std::int64_t now_ms, std::int64_t ttl_s) const {
  Record times;
  times.used_ms = used_ms();
  times.ttl_s = ttl_s;
  return times.lapsed(now_ms);
}

bool Session::touch(std::int64_t now_ms) {
  calls_.fetch_add(1, std::memory_order_relaxed);
  used_ms_.store(now_ms, std::memory_order_relaxed);
  Record times;
  times.ttl_s = ttl_s_.load(std::memory_order_relaxed);
  if (times.ttl_s == 0) return false;
  std::int64_t stored = stored_ms_.load(std::memory_order_relaxed);
  return now_ms - stored > times.slack_ms() &&
         stored_ms_.compare_exchange_strong(stored, now_ms, std::memory_order_relaxed);
}

}  // namespace quarry::session
