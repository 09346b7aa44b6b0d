#include "server/store/lmdb_store.h"

#include <algorithm>
#include <vector>

#include "server/base/log.h"
#include "server/base/state_gone.h"
#include "server/store/doubt.h"
#include "server/store/open_recent.h"
#include "server/store/record.h"

namespace quarry::store {
namespace {

using std::chrono::milliseconds;

constexpr char kState[] = "state";
constexpr char kRecent[] = "recent";
constexpr char kCache[] = "cache";
constexpr std::size_t kCopiedAtOnce = 256;
constexpr std::size_t kListedBytes = std::size_t{1} << 20U;
// How long bringing changes to disk waits for another process, where somebody waits and where not.
constexpr milliseconds kFlushPatience{100};
constexpr milliseconds kClosingPatience{1000};

}  // namespace

Result<std::unique_ptr<Store>> LmdbStore::open(const std::string& path, const Options& options) {
  TRY_ASSIGN(std::unique_ptr<StateDirectory> directory,
             StateDirectory::open(path, options.opening_patience));
  std::unique_ptr<LmdbStore> store(new LmdbStore(std::move(directory), options));
  TRY(store->open_parts());
  TRY(store->directory_->restore_version());
  store->directory_->opened();
  return std::unique_ptr<Store>(std::move(store));
}

LmdbStore::LmdbStore(std::unique_ptr<StateDirectory> directory, const Options& options)
    : options_(options),
      clock_(options.clock != nullptr ? *options.clock : system_clock_),
      directory_(std::move(directory)),
      queue_([this](CommitQueue::Batch batch) {
        durable_->change_state(batch);
        const auto stored = [](const PendingChange* change) { return change->outcome.has_value(); };
        if (std::any_of(batch.begin(), batch.end(), stored)) ++commits_;
      }) {}

Result<OpenedEnvironment> LmdbStore::open_part(const char* name, std::size_t map_bytes,
                                               bool synchronous) {
  return open_environment(
      *directory_, name,
      {.map_bytes = map_bytes, .max_readers = options_.max_readers, .synchronous = synchronous});
}

Result<void> LmdbStore::open_parts() {
  TRY_ASSIGN(OpenedEnvironment state, open_part(kState, options_.state_map_bytes, true));
  TRY_ASSIGN(const auto doubted, find_doubt(*state.environment));
  bool marked = state.suspected;
  bool left = false;  // what is left of a damaged one could not be taken over
  if (state.begun_anew && !doubted) {
    // What cannot be taken over must not keep the store from opening; the next one tries again.
    auto taken = take_over_damaged(*directory_, kState, *state.environment);
    const bool any = taken && !taken->said.empty();
    left = !taken;
    marked = marked && !left;
    salvaged_ = any ? taken->records : 0;
    add_note(true, fmt::format("a damaged 'state' was set aside when the store was opened: {}",
                               any ? taken->said : "nothing of it could be read"));
  } else if (state.suspected && !state.begun_anew) {
    TRY(state.environment->change(doubt_everything));
  }
  if (marked) trust(*directory_, kState);
  std::uint64_t lost = 0;
  TRY_ASSIGN(const bool restart_is_seen, discard_after_restart(*directory_, kRecent, [&] {
               lost = take_over_after_restart(
                   *state.environment, *directory_, kRecent,
                   state.begun_anew || state.suspected || doubted.has_value());
             }));
  // What is not on disk could not be told from what is after the next restart.
  if (!restart_is_seen) options_.durability = Durability::kFull;
  TRY_ASSIGN(RecentLog::Opened recent, open_recent(*directory_, kRecent, *state.environment));
  TRY_ASSIGN(lost_keys_, find_doubt(*state.environment));
  if (lost_keys_ || left) ++doubts_;
  if (recent.begun_anew) {
    add_note(true, fmt::format("a damaged 'recent' was set aside when the store was opened: {} of "
                               "its records, which were not on disk elsewhere, were recovered",
                               recent.recovered));
  }
  if (lost > 0) {
    const std::string note = fmt::format(
        "the machine was restarted before at least {} acknowledged change{} on disk, and lost {}: "
        "with --durability=full a change is acknowledged when it is on disk",
        lost, lost == 1 ? " was" : "s were", lost == 1 ? "it" : "them");
    log::warning("{}", note);
    add_note(true, note);
  }
  add_note(directory_->version_lost(), "the state directory's damaged 'version' was written anew");
  TRY(discard_after_restart(*directory_, kCache));
  TRY_ASSIGN(OpenedEnvironment cache,
             open_part(kCache, options_.cache_map_bytes, !restart_is_seen));
  if (cache.suspected) trust(*directory_, kCache);
  cache_ =
      std::make_unique<Cache>(*directory_, std::move(cache.environment), options_.cache_patience);
  durable_ = std::make_unique<Durable>(
      Durable::Parts{.directory = *directory_,
                     .state = std::move(state.environment),
                     .recent = std::move(recent.log),
                     .recent_bytes = options_.recent_bytes,
                     .patience = options_.state_patience,
                     .second = [this] { return now_second(); },
                     .on_damage = [this] { count_damage(Table::kSessions, "a record"); }});
  flusher_ = std::make_unique<Flusher>(
      Flusher::Parts{.background = options_.background,
                     .clock = clock_,
                     .flush = [this]() -> Result<bool> {
                       TRY(check_in_place());
                       return durable_->flush(std::min(options_.state_patience, kFlushPatience));
                     },
                     .is_pending = [this] { return durable_->pending().value_or(1) > 0; },
                     .clear_dead_readers =
                         [this] {
                           durable_->clear_dead_readers();
                           cache_->environment().clear_dead_readers();
                         }});
  return {};
}

void LmdbStore::add_note(bool applies, std::string_view note) {
  if (!applies) return;
  if (!note_.empty()) note_ += "; ";
  note_ += note;
}

LmdbStore::~LmdbStore() {
  if (flusher_ == nullptr) return;  // was not opened wholly
  flusher_.reset();
  if (durable_->pending().value_or(0) == 0) return;
  const Result<bool> flushed = durable_->flush(std::min(options_.state_patience, kClosingPatience));
  if (!flushed) {
    log::warning("the last changes of the store are left to the next process to bring to disk: {}",
                 flushed.error().message);
  }
}

std::uint32_t LmdbStore::now_second() const {
  return static_cast<std::uint32_t>(clock_.wall_ms() / 1000);
}

void LmdbStore::note_failure(Table table, const Error& error) {
  if (error.code == Code::kInternal) suspect(*directory_, durable(table) ? kState : kCache);
}

void LmdbStore::count_damage(Table table, std::string_view what) {
  ++damaged_;
  if (!durable(table)) return;
  log::warning("{} in the store is damaged and treated as absent", what);
  suspect(*directory_, kState);
  ++doubts_;
}

Result<std::optional<std::string>> LmdbStore::read(Table table, std::string_view key) {
  ++gets_;
  std::string bytes;
  const RecordKey where = record_key(table, key);
  const Result<bool> found = durable(table) ? durable_->find(where.view(), bytes)
                                            : cache_->environment().find(where.view(), bytes);
  if (!found) {
    note_failure(table, found.error());
    if (found.error().code == Code::kInternal) count_damage(table, "a page");
    return Failure(found.error());
  }
  if (!*found) return std::nullopt;
  const std::optional<Record> record = decode_record(table, bytes);
  if (!record) {
    count_damage(table, "a record");
    return std::nullopt;
  }
  if (record->key != key) return std::nullopt;
  ++hits_;
  bytes.erase(0, bytes.size() - record->payload.size());  // the payload is the record's end
  return bytes;
}

Result<void> LmdbStore::put(Table table, std::string_view key, std::string_view value) {
  TRY(check_sizes(table, key, value));
  ++puts_;
  if (durable(table)) {
    const Work work = [&](Transaction& txn) { return txn.put(table, key, value); };
    PendingChange change{.work = &work};
    TRY(commit(change));
    return {};
  }
  const Cache::Write write{std::string(record_key(table, key).view()),
                           encode_record(table, key, value, now_second())};
  return change_cache(table, {&write, 1});
}

Result<void> LmdbStore::put_all(Table table, std::span<const Entry> entries) {
  if (durable(table)) return Store::put_all(table, entries);
  Result<void> outcome;
  std::vector<Cache::Write> writes;
  writes.reserve(entries.size());
  for (const auto& [key, value] : entries) {
    if (auto fits = check_sizes(table, key, value); !fits) {
      outcome = std::move(fits);
      continue;
    }
    writes.push_back({std::string(record_key(table, key).view()),
                      encode_record(table, key, value, now_second())});
  }
  puts_ += writes.size();
  if (!writes.empty()) TRY(change_cache(table, writes));
  return outcome;
}

Result<void> LmdbStore::change_cache(Table table, std::span<const Cache::Write> writes) {
  Result<void> outcome = cache_->change(writes, now_second());
  if (!outcome) note_failure(table, outcome.error());
  if (outcome) ++commits_;
  return outcome;
}

Result<void> LmdbStore::erase(Table table, std::string_view key) {
  if (durable(table)) {
    const Work work = [&](Transaction& txn) { return txn.erase(table, key); };
    PendingChange change{.work = &work};
    TRY(commit(change));
    return {};
  }
  const Cache::Write write{std::string(record_key(table, key).view()), std::nullopt};
  return change_cache(table, {&write, 1});
}

Result<Written> LmdbStore::change(const Work& work) {
  PendingChange change{.work = &work};
  Result<Written> written = commit(change);
  if (written) puts_ += change.puts;
  return written;
}

Result<void> LmdbStore::check_in_place() {
  if (!gone_.load(std::memory_order_relaxed)) {
    if (directory_->in_place()) return {};
    if (!gone_.exchange(true)) log::error("{}", kStateDirectoryGone);
  }
  return fail(Code::kUnavailable, "{}", kStateDirectoryGone);
}

Result<Written> LmdbStore::commit(PendingChange& change) {
  Result<bool> in_recent = false;
  const bool looks =
      options_.durability == Durability::kFull || gone_.load(std::memory_order_relaxed);
  if (looks) TRY(check_in_place());
  if (options_.durability == Durability::kNormal) in_recent = durable_->change_recent(change);
  if (in_recent && *in_recent) {
    if (!change.wrote) return Written{.durable = durable_->pending().value_or(1) == 0};
    ++commits_;
    return Written{.durable = flusher_->changed(durable_->crowded()),
                   .generation = change.generation};
  }
  const Result<void> outcome =
      in_recent ? queue_.apply(change) : Result<void>(Failure(std::move(in_recent).error()));
  if (outcome) return Written{};
  note_failure(Table::kSessions, outcome.error());
  return Failure(outcome.error());
}

Result<void> LmdbStore::flush() {
  TRY(check_in_place());
  TRY(durable_->flush(options_.state_patience));
  flusher_->flushed();
  return {};
}

Failure LmdbStore::out_of_order(Table table) {
  Failure failure =
      fail(Code::kInternal, "the store is damaged; it is set aside at the next start");
  note_failure(table, failure.value());
  return failure;
}

Result<void> LmdbStore::each(Table table, const Visit& visit) {
  const char prefix = static_cast<char>(table);
  return visit_records(table, {&prefix, 1}, {}, visit);
}

Result<void> LmdbStore::scan(Table table, std::string_view prefix, std::string_view after,
                             const Visit& visit) {
  TRY(check_key(table, prefix));
  TRY(check_key(table, after));
  return visit_records(table, record_key(table, prefix).view(), record_key(table, after).view(),
                       visit);
}

Result<Layer> LmdbStore::part(Table table, std::string_view prefix, std::string_view after) {
  if (durable(table)) return durable_->list(prefix, after, kCopiedAtOnce, kListedBytes);
  TRY_ASSIGN(Listed listed, cache_->environment().list(prefix, after, kCopiedAtOnce, kListedBytes));
  return as_layer(std::move(listed));
}

// `prefix` and `after` are keys of the database.
Result<void> LmdbStore::visit_records(Table table, std::string_view prefix, std::string_view start,
                                      const Visit& visit) {
  // Copied part by part: `visit` may use the store, and no read transaction stays open for it.
  std::string after(start);
  for (;;) {
    const Result<Layer> some = part(table, prefix, after);
    if (!some) {
      note_failure(table, some.error());
      return Failure(some.error());
    }
    for (const auto& [key, bytes] : some->records) {
      if (key <= after) return out_of_order(table);  // a damaged tree can lead in circles
      after = key;
      if (!bytes) continue;
      const std::optional<Record> record = decode_record(table, *bytes);
      if (!record) {
        count_damage(table, "a record");
      } else if (!visit(record->key, record->payload)) {
        return {};
      }
    }
    if (some->whole) return {};
    if (some->reached < after) return out_of_order(table);
    after = some->reached;
  }
}

void LmdbStore::settle_doubts() {
  // What settled them comes to disk first.
  if (lost_keys_ && flush()) (void)durable_->forget_doubt();
}

bool LmdbStore::may_have_lost(Table table, std::string_view key) const {
  // Of what was found to be damaged since there is no telling.
  if (!lost_keys_ || doubts_ > 1) return true;
  const RecordKey where = record_key(table, key);
  return std::any_of(lost_keys_->begin(), lost_keys_->end(),
                     [&](const KeyRange& range) { return range.holds(where.view()); });
}

StoreStats LmdbStore::stats() const {
  const auto space = [](Environment& environment) {
    const Result<Environment::Snapshot> now = environment.snapshot();
    return StoreStats::Space{.disk_bytes = environment.disk_bytes(),
                             .used_bytes = now ? now->used_bytes() : 0,
                             .limit_bytes = environment.map_bytes()};
  };
  return {.mode = "lmdb",
          .note = gone_.load(std::memory_order_relaxed) ? std::string(kStateDirectoryGone) : note_,
          .gets = gets_,
          .hits = hits_,
          .puts = puts_,
          .commits = commits_,
          .damaged = damaged_,
          .flushes = durable_->flushes(),
          .pending = durable_->pending().value_or(0),
          .salvaged = salvaged_,
          .waits = directory_->waits(),
          .recent = {.disk_bytes = durable_->recent().disk_bytes(),
                     .used_bytes = durable_->recent().position().end,
                     .limit_bytes = durable_->recent_limit()},
          .state = space(durable_->state()),
          .cache = space(cache_->environment())};
}

}  // namespace quarry::store
