// The part of Sessions that is done later: expiry, last uses, records of an older version.

#include <algorithm>

#include "server/base/log.h"
#include "server/session/sessions.h"

namespace quarry::session {
namespace {

using store::Table;

constexpr std::int64_t kSweepMs = 60'000;
constexpr std::int64_t kRepairMs = 600'000;
constexpr std::size_t kStep = 64;         // sessions of one transaction
constexpr std::size_t kStepKeys = 1024;   // of their state, about
constexpr std::size_t kSweepMost = 4096;  // sessions of one sweep in the background
constexpr std::size_t kOpenMost = 64;     // and of one with an opening
constexpr std::string_view kSettledKey = "v";

}  // namespace

bool Sessions::note_use(Session& session, std::int64_t now_ms) {
  if (!session.touch(now_ms)) return false;
  due_.lock()->push_back({session.handle(), session.used_ms()});
  if (config_.background == nullptr) return true;
  in_background(std::chrono::milliseconds(0), &Sessions::store_use);
  return false;
}

void Sessions::store_use() {
  std::vector<Use> due;
  due.swap(*due_.lock());
  for (std::size_t begin = 0; begin < due.size(); begin += kStep) {
    const std::size_t end = std::min(begin + kStep, due.size());
    // Best effort: a session whose last use is not stored only expires a little earlier. One that
    // another process closed meanwhile stays closed.
    (void)store_.change([&](store::Transaction& change) -> Result<void> {
      for (std::size_t i = begin; i < end; ++i) {
        TRY_ASSIGN(const auto was, rows::find(change, due[i].handle));
        if (!was || was->expired || due[i].used_ms <= was->used_ms) continue;
        Record now = *was;
        now.used_ms = due[i].used_ms;
        TRY(rows::replace(change, *was, now));
      }
      return {};
    });
  }
}

void Sessions::remember_use() {
  {
    auto due = due_.lock();
    for (const auto& session : loaded_.all()) {
      if (session->calls() > 0 && session->use_unstored())
        due->push_back({session->handle(), session->used_ms()});
    }
  }
  store_use();
}

void Sessions::in_background(std::chrono::milliseconds delay, void (Sessions::*work)()) {
  config_.background->after(delay, [alive = alive_, work] {
    auto sessions = alive->sessions.lock();
    if (*sessions != nullptr) ((*sessions)->*work)();
  });
}

// Starts the sweeps, or sweeps a little where nobody does it later.
void Sessions::sweep_later() {
  if (config_.background != nullptr) {
    if (!sweeping_.exchange(true)) {
      in_background(std::chrono::milliseconds(kSweepMs), &Sessions::sweep_in_background);
    }
    return;
  }
  const std::int64_t now = clock_.wall_ms();
  std::int64_t last = swept_ms_.load();
  if (now - last >= kSweepMs && swept_ms_.compare_exchange_strong(last, now)) {
    (void)sweep(kOpenMost);
  }
}

void Sessions::sweep_in_background() {
  if (sweep(kSweepMost)) {
    return in_background(std::chrono::milliseconds(0), &Sessions::sweep_in_background);
  }
  // Before the look: whoever stores a session that it does not see starts the sweeps again.
  sweeping_.store(false);
  const Totals all = totals();
  if (all.sessions + all.expired > 0) sweep_later();
}

bool Sessions::sweep(std::size_t most) {
  settle();
  const std::int64_t now = clock_.wall_ms();
  const std::int64_t kept_ms = config_.limits[Limit::kSessionExpiredKept] * 1000;
  std::size_t left = most;
  bool more = false;
  std::size_t taken = 0;
  // Takes `keys` of the index, each a session that is remembered or not, in bounded steps.
  const auto take = [&](const std::vector<std::string>& keys, bool remember) {
    more = more || keys.size() == left;
    left -= keys.size();
    for (std::size_t at = 0; at < keys.size();) {
      std::size_t next = at;
      const auto done = store_.change([&](store::Transaction& change) -> Result<void> {
        std::size_t state_keys = 0;
        for (next = at; next < keys.size() && next < at + kStep && state_keys < kStepKeys; ++next) {
          const std::string_view id = rows::id_in(keys[next]);
          TRY_ASSIGN(const auto record, rows::find(change, id));
          if (!record) {  // damaged: its row in the index goes too
            TRY(change.erase(Table::kSessionIndex, keys[next]));
          } else if (remember ? record->lapsed(now) && !record->expired &&
                                    !in_use_here(id, record->ttl_s, now)
                              : record->expired) {
            state_keys += record->keys;
            ++taken;
            TRY(rows::remove(change, *record, remember));
          }
        }
        return {};
      });
      if (!done) return;  // the store is full or locked: the next sweep tries again
      at = next;
    }
  };
  if (const auto keys = rows::forgettable(store_, now - kept_ms, left)) take(*keys, false);
  if (const auto keys = rows::lapsed(store_, now, left)) take(*keys, true);
  const auto garbage = rows::garbage(store_, kStep);
  for (std::size_t i = 0; garbage && i < garbage->size(); ++i) {
    bool erased = false;
    const auto done = store_.change([&](store::Transaction& change) -> Result<void> {
      TRY_ASSIGN(erased, rows::erase_state(change, rows::id_in((*garbage)[i])));
      return {};
    });
    if (!done) return false;
    more = more || !erased;
    ++taken;
  }
  // What is spared stays where it is: no reason to look again at once.
  return more && taken > 0;
}

bool Sessions::in_use_here(std::string_view id, std::int64_t ttl_s, std::int64_t now_ms) const {
  if (loaded_.held(id)) return true;
  const auto session = loaded_.peek(id);
  return session && !session->lapsed(now_ms, ttl_s);
}

void Sessions::settle() {
  // What cannot be mended is met again and again: not each time is worth a look at everything.
  const std::uint64_t doubts = store_.doubts();
  const std::int64_t now_ms = clock_.wall_ms();
  if (doubts != repaired_.load() && now_ms - repaired_ms_.load() >= kRepairMs) {
    repaired_ms_.store(now_ms);
    log::warning("sessions are counted anew: some of the store's records were lost");
    if (repair()) {
      repaired_.store(store_.doubts());
      store_.settle_doubts();
    }
  }
  if (settled_.load(std::memory_order_acquire)) return;
  if (!store_.get(Table::kTotals, kSettledKey)) {
    std::vector<std::string> old;
    const auto seen =
        store_.each(Table::kSessions, [&](std::string_view key, std::string_view value) {
          Record record;
          if (decode(value, record) && !record.indexed && record.handle != kDefaultHandle) {
            old.emplace_back(key);
          }
          return true;
        });
    if (!seen || (old.empty() && totals().sessions == 0)) return;
    for (std::size_t begin = 0; begin < old.size(); begin += kStep) {
      const auto done = store_.change([&](store::Transaction& change) -> Result<void> {
        for (std::size_t i = begin; i < std::min(begin + kStep, old.size()); ++i) {
          TRY_ASSIGN(const auto was, rows::find(change, old[i]));
          if (!was || was->indexed) continue;
          Record now = *was;
          TRY(rows::replace(change, *was, now));
        }
        return {};
      });
      if (!done) return;  // tried again with the next call
    }
    if (!store_.put(Table::kTotals, kSettledKey, "2")) return;
  }
  settled_.store(true, std::memory_order_release);
}

}  // namespace quarry::session
