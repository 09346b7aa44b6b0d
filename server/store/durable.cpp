#include "server/store/durable.h"

#include <algorithm>

#include "server/store/doubt.h"
#include "server/store/writer_lock.h"

namespace quarry::store {
namespace {

using std::chrono::milliseconds;

// The part of the state's map that records may take; and those of changes that make room. What is
// left is for the pages that a change needs beside those that it replaces.
constexpr double kFullState = 0.9;
constexpr double kReservedState = 0.97;
// A record that is taken over may take so many pages of the database beside its own bytes: the copy
// of the page that names it, one more when that is split, and what is left of the last of its own.
constexpr std::uint64_t kPagesTouched = 3;
constexpr std::uint64_t kPageBytes = 4096;
// What any change takes, however small, and what the last two keep from being written again.
constexpr std::uint64_t kPagesOfDatabase = 16;
// Of disk, beside what records take: with it changes that make no record larger are always made, on
// a full disk too. They need pages before they free any, a few dozen each time.
constexpr std::uint64_t kDiskReserve = std::uint64_t{1} << 20U;
constexpr double kFullRecent = 0.9;
constexpr double kCrowdedRecent = 0.125;
constexpr std::size_t kMergedAtOnce = 256;
constexpr std::size_t kMergedBytes = std::size_t{1} << 20U;
constexpr std::size_t kEverything = SIZE_MAX;

ChangeSet::Base::Room room_for(std::uint64_t used, std::size_t map) {
  using Room = ChangeSet::Base::Room;
  const double part =
      static_cast<double>(used + kPagesOfDatabase * kPageBytes) / static_cast<double>(map);
  return part <= kFullState ? Room::kPlenty : part <= kReservedState ? Room::kReserve : Room::kNone;
}

// False when what was to be written has no room.
Result<bool> unless_no_room(Result<void> written) {
  if (written) return true;
  if (written.error().code == Code::kTooLarge) return false;
  return Failure(std::move(written).error());
}

Result<void> write_into(Environment::Change& state, std::string_view key,
                        const std::optional<std::string>& record) {
  return record ? state.put(key, *record) : state.erase(key);
}

}  // namespace

// What a change that goes into `recent` finds: both parts. flush() may meanwhile move what is
// pending from one to the other, which changes nothing of what is found here. REQUIRES: the recent
// writer's lock, so that nothing leaves `recent` and nobody else changes `state`.
class Durable::Merged final : public ChangeSet::Base {
 public:
  Merged(Durable& owner, const Known& state) : owner_(owner), state_(state) {}
  Result<bool> find(std::string_view key, std::string& record) override {
    bool erased = false;
    TRY_ASSIGN(const std::uint64_t recent, owner_.recent_->find(key, record, erased));
    if (owner_.obsolete(recent, state_.covered)) {
      return owner_.find_in_state(state_.state, key, record);
    }
    return !erased;
  }
  Result<Layer> list(std::string_view prefix, std::string_view after) override {
    TRY_ASSIGN(RecentLog::Part recent,
               owner_.recent_->list(prefix, after, kMergedAtOnce, kMergedBytes));
    TRY_ASSIGN(Listed stored, owner_.state_->list(prefix, after, kMergedAtOnce, kMergedBytes));
    return laid_over(owner_.valid(std::move(recent), state_.covered), as_layer(std::move(stored)));
  }
  // Judged when the change is known as a whole.
  Room room(std::size_t /*more*/) override { return Room::kPlenty; }

 private:
  Durable& owner_;
  const Known state_;  // as it was when the change began
};

// What a change that goes into `state` finds, with what is pending applied to it.
class Durable::InState final : public ChangeSet::Base {
 public:
  InState(Environment::Change& state, Environment& owner) : state_(state), owner_(owner) {}
  Result<bool> find(std::string_view key, std::string& record) override {
    return state_.find(key, record);
  }
  Result<Layer> list(std::string_view prefix, std::string_view after) override {
    TRY_ASSIGN(Listed listed, state_.list(prefix, after, kMergedAtOnce, kMergedBytes));
    return as_layer(std::move(listed));
  }
  Room room(std::size_t more) override {
    const std::uint64_t used = state_.used_bytes() + more;
    const Room in_map = room_for(used, owner_.map_bytes());
    if (in_map != Room::kPlenty) return in_map;
    // Refused once, it is not asked for each record.
    disk_is_full_ = disk_is_full_ || !owner_.reserve(used + kDiskReserve);
    return disk_is_full_ ? Room::kDiskReserve : in_map;
  }

 private:
  Environment::Change& state_;
  Environment& owner_;
  bool disk_is_full_ = false;
};

Durable::Durable(Parts parts)
    : state_(std::move(parts.state)),
      recent_(std::move(parts.recent)),
      state_lock_{parts.directory, StateDirectory::Byte::kStateWriter},
      recent_lock_(recent_->writer(), parts.directory),
      recent_bytes_(parts.recent_bytes),
      patience_(parts.patience),
      second_(std::move(parts.second)),
      on_damage_(std::move(parts.on_damage)) {}

// Of `state` as it is now.
Result<Durable::Known> Durable::known_state() {
  const std::uint64_t change = state_->last_change();
  {
    auto known = known_.lock();
    if (known->state == change) return *known;
  }
  TRY_ASSIGN(const Environment::Snapshot state, state_->snapshot());
  return known_in(state);
}

Result<Durable::Known> Durable::known_in(const Environment::Snapshot& state) {
  Known now{.state = state.id(), .used_bytes = state.used_bytes()};
  {
    auto known = known_.lock();
    if (known->state == now.state) return *known;
  }
  std::string bytes;
  TRY_ASSIGN(const bool found, state.find(kOwnKey, bytes));
  if (found) now.covered = decode_covered(bytes);
  *known_.lock() = now;
  return now;
}

// As `state` is now; `seen`: its last change, as it was a moment ago.
Result<bool> Durable::find_in_state(std::uint64_t seen, std::string_view key, std::string& record) {
  if (const auto known = settled_.find(seen, key, record); known != Settled::Known::kNo) {
    return known == Settled::Known::kPresent;
  }
  TRY_ASSIGN(const Environment::Snapshot state, state_->snapshot());
  TRY_ASSIGN(const bool found, state.find(key, record));
  settled_.note(state.id(), key, found ? std::optional<std::string_view>(record) : std::nullopt);
  return found;
}

// Whether `state` is what counts for a record of `recent` that this change wrote; 0: there is none.
bool Durable::obsolete(std::uint64_t change, const Covered& covered) const {
  return change == 0 || (covered.epoch == recent_->epoch() && change <= covered.change);
}

Result<bool> Durable::find(std::string_view key, std::string& record) {
  bool erased = false;
  TRY_ASSIGN(const std::uint64_t recent, recent_->find(key, record, erased));
  if (recent == 0) return find_in_state(state_->last_change(), key, record);
  TRY_ASSIGN(const Known state, known_state());
  if (obsolete(recent, state.covered)) return find_in_state(state.state, key, record);
  return !erased;
}

Result<Layer> Durable::list(std::string_view prefix, std::string_view after, std::size_t count,
                            std::size_t bytes) {
  constexpr int kMostTries = 8;
  for (int tries = 1;; ++tries) {
    TRY_ASSIGN(RecentLog::Part recent, recent_->list(prefix, after, count, bytes));
    TRY_ASSIGN(const Environment::Snapshot state, state_->snapshot());
    // When nothing was appended to `recent` before `state` was looked at, the two belong together.
    if (recent_->position() != recent.position && tries < kMostTries) continue;
    TRY_ASSIGN(const Known known, known_in(state));
    TRY_ASSIGN(Listed lower, state.list(prefix, after, count, bytes));
    return laid_over(valid(std::move(recent), known.covered), as_layer(std::move(lower)));
  }
}

// Without what `state` covers.
Layer Durable::valid(RecentLog::Part&& part, const Covered& covered) const {
  Layer layer;
  layer.whole = part.whole;
  if (!part.whole) layer.reached = part.records.back().first;
  layer.records.reserve(part.records.size());
  for (auto& [key, record] : part.records) {
    if (obsolete(record.change, covered)) continue;
    layer.records.emplace_back(std::move(key), std::move(record.record));
  }
  return layer;
}

// Whether `state` and the disk have room for what is pending and `more`, however they lie. What
// does not surely fit is for change_state(), which sees what it takes: so that `recent` never holds
// what flush() cannot take over.
bool Durable::can_be_taken_over(const Known& state, const RecentLog::Size& pending,
                                const ChangeSet& more) const {
  const std::uint64_t records = pending.records + more.writes().size();
  const std::uint64_t bytes = state.used_bytes + pending.bytes + more.bytes();
  const std::uint64_t touched = records * kPagesTouched * kPageBytes;
  // No page is written twice.
  return room_for(bytes + touched, state_->map_bytes()) == ChangeSet::Base::Room::kPlenty &&
         state_->reserve(bytes + std::min(touched, bytes) + kDiskReserve);
}

Result<bool> Durable::change_recent(PendingChange& change) {
  const auto alone = recent_writer_.lock();
  const WriterLock writing(recent_lock_, patience_);
  TRY(writing.check());
  TRY_ASSIGN(const RecentLog::Size pending, recent_->size());
  TRY_ASSIGN(const Known state, known_state());
  // With the state as it was then: flush() may move records meanwhile, but changes none.
  const auto generation = [&] { return recent_->position().word() + state.state; };
  Merged base(*this, state);
  ChangeSet changes(base, second_(), on_damage_, generation());
  TRY((*change.work)(changes));
  TRY(changes.read());
  change.puts = changes.put_count();
  change.wrote = !changes.writes().empty();
  if (!change.wrote) return true;
  if (!can_be_taken_over(state, pending, changes)) return false;
  const auto fits = [&] {
    return static_cast<double>(recent_->position().end + changes.bytes()) <=
           kFullRecent * static_cast<double>(recent_bytes_);
  };
  // A log that has mostly been written over is shortened; else it is for `state` to take it over.
  if (!fits() && pending.bytes < recent_->position().end / 2) {
    TRY_ASSIGN(const bool begun, unless_no_room(recent_->restart(0)));
    if (!begun) {
      recent_->give_back();
      return false;
    }
  }
  crowded_ = static_cast<double>(recent_->position().end) >
             kCrowdedRecent * static_cast<double>(recent_bytes_);
  if (!fits()) return false;
  TRY_ASSIGN(const bool appended, unless_no_room(recent_->append(changes.writes())));
  // To `state`, which has to take over what is pending besides.
  if (!appended) recent_->give_back();
  if (appended) change.generation = generation();
  return appended;
}

// What `recent` holds and `state` does not, erased records too; `last`: the change it was read at.
// REQUIRES: the state writer's lock.
Result<Layer> Durable::pending_records(std::uint64_t& last) {
  TRY_ASSIGN(RecentLog::Part recent, recent_->list({}, {}, kEverything, kEverything));
  last = recent.last_change;
  if (recent.records.empty()) return Layer{};
  TRY_ASSIGN(const Known state, known_state());
  return valid(std::move(recent), state.covered);
}

// REQUIRES: the state writer's lock.
Result<void> Durable::take_over(const Layer& pending, std::uint64_t last) {
  std::uint64_t id = 0;
  settled_.writing();
  Result<void> taken = state_->change([&](Environment::Change& state) -> Result<void> {
    id = state.id();
    for (const auto& [key, record] : pending.records) TRY(write_into(state, key, record));
    return state.put(kOwnKey, encode_covered({recent_->epoch(), last}));
  });
  if (taken) {
    settled_.wrote(id, pending);
  } else {
    settled_.failed();
  }
  return taken;
}

// After a change that found no space: makes usable what there is. Pages that a change frees can be
// written from the second change after it on, unless somebody still reads them.
// REQUIRES: the state writer's lock.
Result<void> Durable::reclaim() {
  state_->clear_dead_readers();
  TRY_ASSIGN(const Known state, known_state());
  const std::uint64_t covered =
      state.covered.epoch == recent_->epoch() ? state.covered.change : std::uint64_t{0};
  for (int i = 0; i < 2; ++i) TRY(take_over(Layer{}, covered));
  return {};
}

// The disk may be full, and `recent` have some of it that it can do without.
bool Durable::give_back(milliseconds patience) {
  const auto alone = recent_writer_.lock();
  const WriterLock writing(recent_lock_, patience);
  if (!writing.check()) return false;
  recent_->give_back();
  return true;
}

Result<bool> Durable::flush(milliseconds patience) {
  const auto alone = state_writer_.lock();
  const WriterLock writing(state_lock_, patience);
  TRY(writing.check());
  std::uint64_t last = 0;
  TRY_ASSIGN(const Layer pending, pending_records(last));
  if (!pending.records.empty()) {
    Result<void> taken = take_over(pending, last);
    const auto makes_room = [&](Code lacking) {
      if (lacking != Code::kTooLarge && lacking != Code::kUnavailable) return false;
      if (lacking == Code::kUnavailable && !give_back(patience)) return false;
      return reclaim().has_value();
    };
    if (!taken && makes_room(taken.error().code)) taken = take_over(pending, last);
    TRY(std::move(taken));
    ++flushes_;
  }
  // From here on it is on disk; what is not forgotten now does not count and is forgotten later.
  const auto alone_in_recent = recent_writer_.lock();
  const WriterLock writing_recent(recent_lock_, patience);
  TRY_ASSIGN(const std::uint64_t left, this->pending());
  if (left > 0 && writing_recent.check()) (void)recent_->restart(last);
  return !pending.records.empty();
}

void Durable::change_state(CommitQueue::Batch batch) {
  const auto alone = state_writer_.lock();
  const WriterLock writing(state_lock_, patience_);
  Result<void> outcome = writing.check();
  if (!outcome) {
    for (PendingChange* change : batch) change->outcome = outcome;
    return;
  }
  const auto alone_in_recent = recent_writer_.lock();
  const WriterLock writing_recent(recent_lock_, patience_);
  outcome = writing_recent.check();
  if (outcome) outcome = commit_batch(batch);
  if (outcome) return;
  const Code lacking = outcome.error().code;
  if (lacking == Code::kTooLarge || lacking == Code::kUnavailable) {
    if (lacking == Code::kUnavailable) recent_->give_back();
    (void)reclaim();  // else it is as full as before
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
    if (!pending.records.empty()) TRY(state.put(kOwnKey, encode_covered({recent_->epoch(), last})));
    for (PendingChange* change : batch) {
      InState base(state, *state_);
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
    (void)recent_->restart(last);  // else later: it does not count any more
  }
  return {};
}

Result<void> Durable::forget_doubt() {
  const auto alone = state_writer_.lock();
  const WriterLock writing(state_lock_, patience_);
  TRY(writing.check());
  return state_->change([](Environment::Change& state) { return state.erase(kDoubtKey); });
}

Result<std::uint64_t> Durable::pending() {
  TRY_ASSIGN(const RecentLog::Size size, recent_->size());
  return size.records;
}

}  // namespace quarry::store
