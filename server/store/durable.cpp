#include "server/store/durable.h"

#include <algorithm>

#include <sys/random.h>

#include "server/store/writer_lock.h"

namespace quarry::store {
namespace {

using std::chrono::milliseconds;

constexpr double kFullState = 0.9;   // what is left lets records be erased
constexpr double kFullRecent = 0.5;  // what is left is for pages that a change replaces
constexpr double kCrowdedRecent = 0.125;
constexpr std::size_t kListedAtOnce = 256;
constexpr std::size_t kListedBytes = std::size_t{1} << 20U;
constexpr std::size_t kEverything = SIZE_MAX;

Result<void> check_fill(std::uint64_t used, std::size_t map) {
  if (static_cast<double>(used) <= kFullState * static_cast<double>(map)) return {};
  return fail(Code::kTooLarge, "the store is full; close sessions that are no longer needed");
}

// From what is stored in `recent` to what it means.
std::optional<std::string> without_stamp(std::string&& stored) {
  if (stored.size() <= kStampBytes) return std::nullopt;
  stored.erase(0, kStampBytes);
  return std::move(stored);
}

Result<void> write_into(Environment::Change& state, std::string_view key,
                        const std::optional<std::string>& record) {
  return record ? state.put(key, *record) : state.erase(key);
}

}  // namespace

// What a change that goes into `recent` finds: both environments.
class Durable::Merged final : public ChangeSet::Base {
 public:
  Merged(Durable& owner, std::uint64_t recent_bytes) : owner_(owner), recent_(recent_bytes) {}
  Result<bool> find(std::string_view key, std::string& record) override {
    return owner_.find(key, record);
  }
  Result<Layer> list(std::string_view prefix, std::string_view after) override {
    return owner_.list(prefix, after, kListedAtOnce, kListedBytes);
  }
  Result<void> check_room(std::size_t more) override {
    TRY_ASSIGN(const std::uint64_t used, owner_.state_bytes());
    return check_fill(used + recent_ + more, owner_.state_->map_bytes());
  }

 private:
  Durable& owner_;
  const std::uint64_t recent_;
};

// What a change that goes into `state` finds, with what is pending applied to it.
class Durable::InState final : public ChangeSet::Base {
 public:
  explicit InState(Environment::Change& state, std::size_t map) : state_(state), map_(map) {}
  Result<bool> find(std::string_view key, std::string& record) override {
    return state_.find(key, record);
  }
  Result<Layer> list(std::string_view prefix, std::string_view after) override {
    TRY_ASSIGN(Listed listed, state_.list(prefix, after, kListedAtOnce, kListedBytes));
    return as_layer(std::move(listed));
  }
  Result<void> check_room(std::size_t more) override {
    return check_fill(state_.used_bytes() + more, map_);
  }

 private:
  Environment::Change& state_;
  const std::size_t map_;
};

Durable::Durable(Parts parts)
    : directory_(parts.directory),
      state_(std::move(parts.state)),
      recent_(std::move(parts.recent)),
      patience_(parts.patience),
      second_(std::move(parts.second)),
      on_damage_(std::move(parts.on_damage)) {}

Result<std::unique_ptr<Durable>> Durable::open(Parts parts) {
  std::unique_ptr<Durable> out(new Durable(std::move(parts)));
  TRY(out->find_epoch());
  return out;
}

Result<void> Durable::find_epoch() {
  std::string bytes;
  TRY_ASSIGN(const bool found, recent_->find(kOwnKey, bytes));
  epoch_ = found ? decode_number(bytes) : 0;
  if (epoch_ != 0) return {};
  const WriterLock writing(directory_, StateDirectory::Byte::kRecentWriter, patience_);
  TRY(writing.check());
  while (epoch_ == 0) {
    if (getrandom(&epoch_, sizeof epoch_, 0) != static_cast<ssize_t>(sizeof epoch_)) epoch_ = 0;
  }
  return recent_->change(
      [&](Environment::Change& change) { return change.put(kOwnKey, encode_number(epoch_)); });
}

template <class Source>
Result<Covered> Durable::covered_in(const Source& source) const {
  std::string bytes;
  TRY_ASSIGN(const bool found, source.find(kOwnKey, bytes));
  return found ? decode_covered(bytes) : Covered{};
}

bool Durable::obsolete(std::string_view stored, const Covered& covered) const {
  return covered.epoch == epoch_ && decode_number(stored) <= covered.change;
}

Result<bool> Durable::find(std::string_view key, std::string& record) {
  bool in_recent = false;
  if (recent_->last_change() != empty_after_.load(std::memory_order_relaxed)) {
    TRY_ASSIGN(const Environment::Snapshot recent, recent_->snapshot());
    TRY_ASSIGN(in_recent, recent.find(key, record));
    if (!in_recent && recent.records() <= 1) {
      empty_after_.store(recent.id(), std::memory_order_relaxed);
    }
  }
  TRY_ASSIGN(const Environment::Snapshot state, state_->snapshot());
  if (in_recent) {
    TRY_ASSIGN(const Covered covered, covered_in(state));
    if (!obsolete(record, covered)) {
      if (record.size() <= kStampBytes) return false;
      record.erase(0, kStampBytes);
      return true;
    }
  }
  return state.find(key, record);
}

Result<Layer> Durable::list(std::string_view prefix, std::string_view after, std::size_t count,
                            std::size_t bytes) {
  constexpr int kMostTries = 8;
  for (int tries = 1;; ++tries) {
    TRY_ASSIGN(const Environment::Snapshot recent, recent_->snapshot());
    TRY_ASSIGN(const Environment::Snapshot state, state_->snapshot());
    // When nothing was committed into `recent` before `state` was looked at, the two belong
    // together.
    if (recent_->last_change() != recent.id() && tries < kMostTries) continue;
    TRY_ASSIGN(const Covered covered, covered_in(state));
    TRY_ASSIGN(Listed upper_records, recent.list(prefix, after, count, bytes));
    TRY_ASSIGN(Listed lower_records, state.list(prefix, after, count, bytes));
    Layer upper = as_layer(std::move(upper_records));
    std::erase_if(upper.records,
                  [&](const auto& record) { return obsolete(*record.second, covered); });
    for (auto& [key, stored] : upper.records) stored = without_stamp(std::move(*stored));
    return laid_over(std::move(upper), as_layer(std::move(lower_records)));
  }
}

Result<std::uint64_t> Durable::state_bytes() {
  auto used = state_used_.lock();
  if (used->change == 0 || used->change != state_->last_change()) {
    TRY_ASSIGN(const Environment::Snapshot state, state_->snapshot());
    *used = {state.id(), state.used_bytes()};
  }
  return used->bytes;
}

Result<bool> Durable::change_recent(PendingChange& change) {
  const auto alone = recent_writer_.lock();
  const WriterLock writing(directory_, StateDirectory::Byte::kRecentWriter, patience_);
  TRY(writing.check());
  bool fits = true;
  bool applied = false;
  Result<void> committed = recent_->change([&](Environment::Change& recent) -> Result<void> {
    const std::uint64_t used = recent.used_bytes();
    Merged base(*this, used);
    ChangeSet changes(base, second_(), on_damage_);
    TRY((*change.work)(changes));
    TRY(changes.read());
    change.puts = changes.put_count();
    change.wrote = !changes.writes().empty();
    crowded_ =
        static_cast<double>(used) > kCrowdedRecent * static_cast<double>(recent_->map_bytes());
    fits = static_cast<double>(used + changes.bytes()) <=
           kFullRecent * static_cast<double>(recent_->map_bytes());
    if (!fits) return fail(Code::kTooLarge, "not in one piece");
    applied = true;
    return apply(changes, recent);
  });
  if (committed) return true;
  if (!fits || (applied && committed.error().code == Code::kTooLarge)) return false;
  return Failure(std::move(committed).error());
}

Result<void> Durable::apply(const ChangeSet& changes, Environment::Change& recent) const {
  const std::string stamp = encode_number(recent.id());
  for (const auto& [key, record] : changes.writes()) {
    TRY(recent.put(key, stamp, record ? std::string_view(*record) : std::string_view()));
  }
  return {};
}

// What `recent` holds and `state` does not, erased records too; `last`: the change it was read at.
// REQUIRES: the state writer's lock.
Result<Layer> Durable::pending_records(std::uint64_t& last) {
  TRY_ASSIGN(const Environment::Snapshot recent, recent_->snapshot());
  last = recent.id();
  if (recent.records() <= 1) return Layer{};
  TRY_ASSIGN(Listed listed, recent.list({}, {}, kEverything, kEverything));
  TRY_ASSIGN(const Environment::Snapshot state, state_->snapshot());
  TRY_ASSIGN(const Covered covered, covered_in(state));
  Layer out = as_layer(std::move(listed));
  std::erase_if(out.records, [&](const auto& record) { return obsolete(*record.second, covered); });
  for (auto& [key, stored] : out.records) stored = without_stamp(std::move(*stored));
  return out;
}

// Erases from `recent` what `state` covers, up to the change `last`.
// REQUIRES: the recent writer's lock.
Result<void> Durable::forget(std::uint64_t last) {
  return recent_->change([&](Environment::Change& recent) -> Result<void> {
    if (recent.id() == last + 1) {
      TRY(recent.clear());
      return recent.put(kOwnKey, encode_number(epoch_));
    }
    TRY_ASSIGN(const Listed listed, recent.list({}, {}, kEverything, kEverything));
    for (const auto& [key, stored] : listed.records) {
      if (key != kOwnKey && decode_number(stored) <= last) TRY(recent.erase(key));
    }
    return {};
  });
}

Result<bool> Durable::flush(milliseconds patience) {
  const auto alone = state_writer_.lock();
  const WriterLock writing(directory_, StateDirectory::Byte::kStateWriter, patience);
  TRY(writing.check());
  std::uint64_t last = 0;
  TRY_ASSIGN(const Layer pending, pending_records(last));
  if (!pending.records.empty()) {
    const auto take_over = [&](Environment::Change& state) -> Result<void> {
      for (const auto& [key, record] : pending.records) TRY(write_into(state, key, record));
      return state.put(kOwnKey, encode_covered({epoch_, last}));
    };
    Result<void> taken = state_->change(take_over);
    if (!taken && taken.error().code == Code::kTooLarge && state_->clear_dead_readers() > 0) {
      taken = state_->change(take_over);
    }
    TRY(std::move(taken));
    ++flushes_;
  }
  // From here on it is on disk; what is not erased now does not count and is erased later.
  const auto alone_in_recent = recent_writer_.lock();
  const WriterLock writing_recent(directory_, StateDirectory::Byte::kRecentWriter, patience);
  TRY_ASSIGN(const std::uint64_t left, this->pending());
  if (left > 0 && writing_recent.check()) (void)forget(last);
  return !pending.records.empty();
}

void Durable::change_state(CommitQueue::Batch batch) {
  const auto alone = state_writer_.lock();
  const WriterLock writing(directory_, StateDirectory::Byte::kStateWriter, patience_);
  Result<void> outcome = writing.check();
  if (!outcome) {
    for (PendingChange* change : batch) change->outcome = outcome;
    return;
  }
  const auto alone_in_recent = recent_writer_.lock();
  const WriterLock writing_recent(directory_, StateDirectory::Byte::kRecentWriter, patience_);
  outcome = writing_recent.check();
  if (outcome) outcome = commit_batch(batch);
  if (outcome) return;
  if (outcome.error().code == Code::kTooLarge) {
    clear_dead_readers();
    // One record too many must not fail the others.
    for (PendingChange* change : batch) {
      const Result<void> own = commit_batch({&change, 1});
      if (!own) change->outcome = own;
    }
    return;
  }
  for (PendingChange* change : batch) change->outcome = outcome;
}

// Sets the outcome of each whose work fails; all others share the outcome that is returned.
Result<void> Durable::commit_batch(CommitQueue::Batch batch) {
  std::uint64_t last = 0;
  TRY_ASSIGN(const Layer pending, pending_records(last));
  TRY(state_->change([&](Environment::Change& state) -> Result<void> {
    for (const auto& [key, record] : pending.records) TRY(write_into(state, key, record));
    if (!pending.records.empty()) TRY(state.put(kOwnKey, encode_covered({epoch_, last})));
    for (PendingChange* change : batch) {
      InState base(state, state_->map_bytes());
      ChangeSet changes(base, second_(), on_damage_);
      change->outcome = (*change->work)(changes);
      if (change->outcome) change->outcome = changes.read();
      if (!change->outcome) continue;
      change->puts = changes.put_count();
      change->wrote = !changes.writes().empty();
      for (const auto& [key, record] : changes.writes()) TRY(write_into(state, key, record));
    }
    return {};
  }));
  if (!pending.records.empty()) {
    ++flushes_;
    (void)forget(last);  // else it is erased later: it does not count any more
  }
  return {};
}

Result<std::uint64_t> Durable::pending() {
  if (recent_->last_change() == empty_after_.load(std::memory_order_relaxed)) return 0;
  TRY_ASSIGN(const Environment::Snapshot recent, recent_->snapshot());
  if (recent.records() <= 1) {
    empty_after_.store(recent.id(), std::memory_order_relaxed);
    return 0;
  }
  return recent.records() - 1;
}

void Durable::clear_dead_readers() {
  state_->clear_dead_readers();
  recent_->clear_dead_readers();
}

}  // namespace quarry::store
