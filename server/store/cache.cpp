#include "server/store/cache.h"

#include <algorithm>
#include <vector>

#include "server/store/record.h"
#include "server/store/writer_lock.h"

namespace quarry::store {
namespace {

constexpr double kFull = 0.75;
constexpr std::size_t kSample = 32;
constexpr int kSamplesPerPut = 4;

}  // namespace

Result<void> Cache::change(std::span<const Write> writes, std::uint32_t now) {
  auto sweep = writer_.lock();
  const WriterLock writing(lock_, patience_);
  TRY(writing.check());
  bool any_too_large = false;
  const auto apply_one = [&](Environment::Change& open, const Write& write) -> Result<void> {
    const std::size_t bytes = write.record ? write.record->size() : 0;
    if (bytes > environment_->map_bytes() / 4) {
      any_too_large = true;
      return {};
    }
    for (int i = 0; i < kSamplesPerPut && open.fill(bytes) > kFull; ++i) {
      TRY(evict(open, *sweep, now));
    }
    return write.record ? open.put(write.key, *write.record) : open.erase(write.key);
  };
  const auto apply = [&](Environment::Change& open) -> Result<void> {
    for (const Write& write : writes) TRY(apply_one(open, write));
    return {};
  };
  Result<void> outcome = environment_->change(apply);
  if (!outcome && outcome.error().code == Code::kTooLarge) {
    // The free pages are held back by the reader of a dead process, or lie too scattered for a
    // long value. A cache may be emptied at any time.
    environment_->clear_dead_readers();
    // Twice: LMDB hands out a page again in the second transaction after the one that freed it.
    TRY(environment_->change([](Environment::Change& open) { return open.clear(); }));
    TRY(environment_->change([](Environment::Change& open) { return open.clear(); }));
    outcome = environment_->change(apply);
  }
  if (outcome && any_too_large) {
    return fail(Code::kTooLarge, "the value is too large for the cache");
  }
  return outcome;
}

// Removes the older half of the next records in key order, which, keys being hashes, is a random
// sample: bounded work, and what leaves is old.
Result<void> Cache::evict(Environment::Change& change, Sweep& sweep, std::uint32_t now) {
  TRY_ASSIGN(std::vector<KeyValue> sample, change.sample(sweep.position, kSample));
  sweep.position = sample.size() < kSample ? std::string() : sample.back().first;
  const auto age = [now](const KeyValue& record) { return now - record_second(record.second); };
  std::sort(sample.begin(), sample.end(),
            [&](const KeyValue& a, const KeyValue& b) { return age(a) > age(b); });
  sample.resize((sample.size() + 1) / 2);
  for (const KeyValue& record : sample) TRY(change.erase(record.first));
  return {};
}

}  // namespace quarry::store
