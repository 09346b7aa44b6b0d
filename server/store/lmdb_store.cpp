#include "server/store/lmdb_store.h"

#include <algorithm>

#include "server/base/log.h"
#include "server/store/open_environment.h"
#include "server/store/record.h"

namespace quarry::store {
namespace {

constexpr char kState[] = "state";
constexpr char kCache[] = "cache";
constexpr double kFullState = 0.9;  // what is left lets erase() work
constexpr double kFullCache = 0.75;
constexpr std::size_t kSample = 32;
constexpr int kSamplesPerPut = 4;
constexpr std::size_t kListedAtOnce = 256;
constexpr std::size_t kListedBytes = std::size_t{1} << 20U;
constexpr std::size_t kMostValueBytes = std::size_t{64} << 20U;

Failure state_is_full() {
  return fail(Code::kTooLarge, "the store is full; close sessions that are no longer needed");
}

Result<void> check_sizes(Table table, std::string_view key, std::string_view value) {
  TRY(check_key(table, key));
  if (value.size() > kMostValueBytes) {
    return fail(Code::kTooLarge, "a value of {} bytes is over the store's limit of {}",
                value.size(), kMostValueBytes);
  }
  return {};
}

// The writer's lock between processes, for the life of the object.
class WriterLock {
 public:
  WriterLock(StateDirectory& directory, StateDirectory::Byte byte,
             std::chrono::milliseconds patience)
      : directory_(directory), byte_(byte), held_(directory.lock(byte, patience)) {}
  ~WriterLock() {
    if (held_) directory_.unlock(byte_);
  }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

  Result<void> check() const {
    if (held_) return {};
    return fail(Code::kUnavailable,
                "another quarry process keeps the store locked; call again later");
  }

 private:
  StateDirectory& directory_;
  StateDirectory::Byte byte_;
  bool held_;
};

Result<void> apply_to(Environment::Change& open, const PendingChange& change) {
  return change.value ? open.put(change.key, *change.value) : open.erase(change.key);
}

}  // namespace

Result<std::unique_ptr<Store>> LmdbStore::open(const std::string& path, const Options& options) {
  TRY_ASSIGN(std::unique_ptr<StateDirectory> directory, StateDirectory::open(path));
  TRY_ASSIGN(std::unique_ptr<Environment> state,
             open_environment(*directory, kState,
                              {.map_bytes = options.state_map_bytes,
                               .max_readers = options.max_readers,
                               .synchronous = true}));
  TRY_ASSIGN(const bool restart_is_seen, discard_after_restart(*directory, kCache));
  TRY_ASSIGN(std::unique_ptr<Environment> cache,
             open_environment(*directory, kCache,
                              {.map_bytes = options.cache_map_bytes,
                               .max_readers = options.max_readers,
                               .synchronous = !restart_is_seen}));
  directory->opened();
  return std::unique_ptr<Store>(
      new LmdbStore(std::move(directory), std::move(state), std::move(cache), options));
}

LmdbStore::LmdbStore(std::unique_ptr<StateDirectory> directory, std::unique_ptr<Environment> state,
                     std::unique_ptr<Environment> cache, const Options& options)
    : options_(options),
      clock_(options.clock != nullptr ? *options.clock : system_clock_),
      directory_(std::move(directory)),
      state_(std::move(state)),
      cache_(std::move(cache)),
      queue_([this](CommitQueue::Batch batch) { commit_state_batch(batch); }) {}

Environment& LmdbStore::environment(Table table) {
  return durable(table) ? *state_ : *cache_;
}

std::uint32_t LmdbStore::now_second() const {
  return static_cast<std::uint32_t>(clock_.wall_ms() / 1000);
}

void LmdbStore::note_failure(Table table, const Error& error) {
  if (error.code == Code::kInternal) suspect(*directory_, durable(table) ? kState : kCache);
}

void LmdbStore::count_damage(Table table, std::string_view what) {
  ++damaged_;
  if (durable(table)) log::warning("{} in the store is damaged and treated as absent", what);
}

std::optional<std::string> LmdbStore::get(Table table, std::string_view key) {
  ++gets_;
  std::string bytes;
  const Result<bool> found = environment(table).find(view(record_key(table, key)), bytes);
  if (!found) {
    note_failure(table, found.error());
    if (found.error().code == Code::kInternal) count_damage(table, "a page");
    return std::nullopt;
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
  const RecordKey where = record_key(table, key);
  PendingChange change{.key = std::string(view(where)),
                       .value = encode_record(table, key, value, now_second())};
  ++puts_;
  return apply(table, change);
}

Result<void> LmdbStore::erase(Table table, std::string_view key) {
  const RecordKey where = record_key(table, key);
  PendingChange change{.key = std::string(view(where)), .value = std::nullopt};
  return apply(table, change);
}

Result<void> LmdbStore::apply(Table table, PendingChange& change) {
  Result<void> outcome = durable(table) ? queue_.apply(change) : change_cache(change);
  if (!outcome) note_failure(table, outcome.error());
  return outcome;
}

// All of the batch or nothing.
Result<void> LmdbStore::commit_state(CommitQueue::Batch batch) {
  Result<void> committed = state_->change([&](Environment::Change& open) -> Result<void> {
    for (const PendingChange* change : batch) {
      if (change->value && open.fill(change->value->size()) > kFullState) return state_is_full();
      TRY(apply_to(open, *change));
    }
    return {};
  });
  if (committed) ++commits_;
  return committed;
}

void LmdbStore::commit_state_batch(CommitQueue::Batch batch) {
  const auto alone = state_writer_.lock();
  const WriterLock writing(*directory_, StateDirectory::Byte::kStateWriter,
                           options_.state_patience);
  Result<void> outcome = writing.check();
  if (outcome) outcome = commit_state(batch);
  for (PendingChange* change : batch) change->outcome = outcome;
  if (outcome || outcome.error().code != Code::kTooLarge || batch.size() == 1) return;
  // One record too many must not fail the others.
  for (PendingChange*& change : std::vector<PendingChange*>(batch.begin(), batch.end())) {
    change->outcome = commit_state({&change, 1});
  }
}

Result<void> LmdbStore::change_cache(const PendingChange& change) {
  auto sweep = cache_writer_.lock();
  const WriterLock writing(*directory_, StateDirectory::Byte::kCacheWriter,
                           options_.cache_patience);
  TRY(writing.check());
  const std::size_t bytes = change.value ? change.value->size() : 0;
  if (bytes > options_.cache_map_bytes / 4) {
    return fail(Code::kTooLarge, "the value is too large for the cache");
  }
  const auto put = [&](Environment::Change& open) -> Result<void> {
    for (int i = 0; i < kSamplesPerPut && open.fill(bytes) > kFullCache; ++i) {
      TRY(evict(open, *sweep, now_second()));
    }
    return apply_to(open, change);
  };
  Result<void> outcome = cache_->change(put);
  if (!outcome && outcome.error().code == Code::kTooLarge) {
    // The free pages are held back by the reader of a dead process, or lie too scattered for a
    // long value. A cache may be emptied at any time.
    cache_->clear_dead_readers();
    // Twice: LMDB hands out a page again in the second transaction after the one that freed it.
    TRY(cache_->change([](Environment::Change& open) { return open.clear(); }));
    TRY(cache_->change([](Environment::Change& open) { return open.clear(); }));
    outcome = cache_->change(put);
  }
  if (outcome) ++commits_;
  return outcome;
}

// Removes the older half of the next records in key order, which, keys being hashes, is a random
// sample: bounded work, and what leaves is old.
Result<void> LmdbStore::evict(Environment::Change& change, Sweep& sweep, std::uint32_t now) {
  TRY_ASSIGN(std::vector<KeyValue> sample, change.sample(sweep.position, kSample));
  sweep.position = sample.size() < kSample ? std::string() : sample.back().first;
  const auto age = [now](const KeyValue& record) { return now - record_second(record.second); };
  std::sort(sample.begin(), sample.end(),
            [&](const KeyValue& a, const KeyValue& b) { return age(a) > age(b); });
  sample.resize((sample.size() + 1) / 2);
  for (const KeyValue& record : sample) TRY(change.erase(record.first));
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
  return visit_records(table, view(record_key(table, prefix)), view(record_key(table, after)),
                       visit);
}

// `prefix` and `after` are keys of the database.
Result<void> LmdbStore::visit_records(Table table, std::string_view prefix, std::string_view start,
                                      const Visit& visit) {
  // Copied part by part: `visit` may use the store, and no read transaction stays open for it.
  std::string after(start);
  for (;;) {
    Result<std::vector<KeyValue>> part =
        environment(table).list(prefix, after, kListedAtOnce, kListedBytes);
    if (!part) {
      note_failure(table, part.error());
      return Failure(std::move(part).error());
    }
    if (part->empty()) return {};
    for (const KeyValue& stored : *part) {
      // A damaged tree can lead in circles.
      if (stored.first <= after) return out_of_order(table);
      after = stored.first;
      const std::optional<Record> record = decode_record(table, stored.second);
      if (!record) {
        count_damage(table, "a record");
      } else if (!visit(record->key, record->payload)) {
        return {};
      }
    }
  }
}

// One open change of the state environment.
class LmdbStore::Open final : public Transaction {
 public:
  Open(LmdbStore& store, Environment::Change& change) : store_(store), change_(change) {}

  std::optional<std::string> get(Table table, std::string_view key) override {
    std::string bytes;
    const Result<bool> found = change_.find(view(record_key(table, key)), bytes);
    if (!found || !*found) return std::nullopt;
    const std::optional<Record> record = decode_record(table, bytes);
    if (!record) {
      store_.count_damage(table, "a record");
      return std::nullopt;
    }
    if (record->key != key) return std::nullopt;
    return std::string(record->payload);
  }
  Result<void> put(Table table, std::string_view key, std::string_view value) override {
    TRY(check_sizes(table, key, value));
    const std::string record = encode_record(table, key, value, store_.now_second());
    if (change_.fill(record.size()) > kFullState) return state_is_full();
    ++store_.puts_;
    return change_.put(view(record_key(table, key)), record);
  }
  Result<void> erase(Table table, std::string_view key) override {
    return change_.erase(view(record_key(table, key)));
  }
  Result<void> scan(Table table, std::string_view prefix, std::string_view after,
                    const Visit& visit) override {
    std::string from(view(record_key(table, after)));
    for (;;) {
      TRY_ASSIGN(const std::vector<KeyValue> part,
                 change_.list(view(record_key(table, prefix)), from, kListedAtOnce));
      if (part.empty()) return {};
      for (const KeyValue& stored : part) {
        const std::optional<Record> record = decode_record(table, stored.second);
        if (!record) {
          store_.count_damage(table, "a record");
        } else if (!visit(record->key, record->payload)) {
          return {};
        }
      }
      from = part.back().first;
    }
  }

 private:
  LmdbStore& store_;
  Environment::Change& change_;
};

Result<Written> LmdbStore::change(const Work& work) {
  const auto alone = state_writer_.lock();
  const WriterLock writing(*directory_, StateDirectory::Byte::kStateWriter,
                           options_.state_patience);
  TRY(writing.check());
  TRY(state_->change([&](Environment::Change& change) -> Result<void> {
    Open open(*this, change);
    return work(open);
  }));
  ++commits_;
  return Written{};
}

StoreStats LmdbStore::stats() const {
  return {.mode = "lmdb",
          .note = "",
          .gets = gets_,
          .hits = hits_,
          .puts = puts_,
          .commits = commits_,
          .damaged = damaged_};
}

}  // namespace quarry::store
