#include "server/store/memory_store.h"

#include <algorithm>
#include <vector>

#include "server/store/record.h"

namespace quarry::store {
namespace {

constexpr std::size_t kVisitedAtOnce = 256;
// No store on disk gets there in its time: one that takes the place of this one has another
// generation.
constexpr std::uint64_t kFirstGeneration = std::uint64_t{1} << 63U;
constexpr std::size_t kEntryBytes = 128;  // what a map's node takes beside key and value

std::size_t weight(std::string_view key, std::string_view value) {
  return key.size() + value.size() + kEntryBytes;
}

}  // namespace

MemoryStore::MemoryStore(std::string note, const Options& options) : options_(options) {
  auto content = content_.lock();
  content->stats.mode = "memory";
  content->stats.note = std::move(note);
}

Result<std::optional<std::string>> MemoryStore::read(Table table, std::string_view key) {
  auto content = content_.lock();
  ++content->stats.gets;
  const auto found = content->entries.find(Key(table, key));
  if (found == content->entries.end()) return std::nullopt;
  ++content->stats.hits;
  return found->second.value;
}

void MemoryStore::remove(Content& content, std::map<Key, Entry>::iterator entry) {
  const std::size_t bytes = weight(entry->first.second, entry->second.value);
  if (durable(entry->first.first)) {
    content.state_bytes -= bytes;
  } else {
    content.cache_bytes -= bytes;
    content.by_age.erase(entry->second.written);
  }
  content.entries.erase(entry);
}

Result<void> MemoryStore::put(Table table, std::string_view key, std::string_view value) {
  auto content = content_.lock();
  TRY(put_into(*content, table, key, value));
  ++content->stats.commits;
  return {};
}

Result<void> MemoryStore::put_into(Content& content, Table table, std::string_view key,
                                   std::string_view value) const {
  TRY(check_key(table, key));
  const std::size_t bytes = weight(key, value);
  Key own(table, key);
  const auto old = content.entries.find(own);
  if (durable(table) && content.retired) {
    return fail(Code::kUnavailable, "the state directory has just been opened; call again");
  }
  if (durable(table)) {
    const std::size_t freed = old == content.entries.end() ? 0 : weight(key, old->second.value);
    if (content.state_bytes - freed + bytes > options_.state_bytes) {
      return fail(Code::kTooLarge, "the store is full; close sessions that are no longer needed");
    }
  } else if (bytes > options_.cache_bytes) {
    return fail(Code::kTooLarge, "the value is too large for the cache");
  }
  if (old != content.entries.end()) remove(content, old);
  const std::uint64_t written = ++content.writes;
  if (durable(table)) {
    content.state_bytes += bytes;
  } else {
    while (content.cache_bytes + bytes > options_.cache_bytes) {
      remove(content, content.entries.find(content.by_age.begin()->second));
    }
    content.cache_bytes += bytes;
    content.by_age.emplace(written, own);
  }
  content.entries.emplace(std::move(own), Entry{std::string(value), written});
  ++content.stats.puts;
  return {};
}

Result<void> MemoryStore::erase(Table table, std::string_view key) {
  auto content = content_.lock();
  const auto found = content->entries.find(Key(table, key));
  if (found == content->entries.end()) return {};
  remove(*content, found);
  ++content->writes;
  return {};
}

// Undone in the reverse order when the work fails. Holds the store's lock for its life.
class MemoryStore::Change final : public Transaction {
 public:
  explicit Change(MemoryStore& store) : store_(store), content_(store.content_.lock()) {}

  std::optional<std::string> get(Table table, std::string_view key) override {
    ++content_->stats.gets;
    const auto found = content_->entries.find(Key(table, key));
    if (found == content_->entries.end()) return std::nullopt;
    ++content_->stats.hits;
    return found->second.value;
  }
  Result<void> put(Table table, std::string_view key, std::string_view value) override {
    remember(table, key);
    return store_.put_into(*content_, table, key, value);
  }
  Result<void> erase(Table table, std::string_view key) override {
    remember(table, key);
    const auto found = content_->entries.find(Key(table, key));
    if (found != content_->entries.end()) remove(*content_, found);
    return {};
  }
  Result<void> scan(Table table, std::string_view prefix, std::string_view after,
                    const Visit& visit) override {
    for (auto entry = content_->entries.lower_bound(Key(table, std::max(prefix, after)));
         entry != content_->entries.end() && entry->first.first == table &&
         entry->first.second.starts_with(prefix);
         ++entry) {
      if (entry->first.second == after) continue;
      if (!visit(entry->first.second, entry->second.value)) break;
    }
    return {};
  }

  void commit() {
    ++content_->writes;
    ++content_->stats.commits;
  }
  void undo() {
    for (auto old = before_.rbegin(); old != before_.rend(); ++old) {
      const auto found = content_->entries.find(old->first);
      if (found != content_->entries.end()) remove(*content_, found);
      // What was there before fits again.
      if (old->second) {
        (void)store_.put_into(*content_, old->first.first, old->first.second, *old->second);
      }
    }
  }

 private:
  void remember(Table table, std::string_view key) {
    Key own(table, key);
    const auto found = content_->entries.find(own);
    std::optional<std::string> value;
    if (found != content_->entries.end()) value = found->second.value;
    before_.emplace_back(std::move(own), std::move(value));
  }

  MemoryStore& store_;
  Guarded<Content>::Lock content_;
  std::vector<std::pair<Key, std::optional<std::string>>> before_;
};

Result<Written> MemoryStore::change(const Work& work) {
  Change change(*this);
  Result<void> done = work(change);
  if (!done) {
    change.undo();
    return Failure(std::move(done).error());
  }
  change.commit();
  return Written{.durable = false};
}

bool MemoryStore::retire() {
  auto content = content_.lock();
  if (content->state_bytes > 0) return false;
  content->retired = true;
  return true;
}

bool MemoryStore::holds_nothing() const {
  return content_.lock()->state_bytes == 0;
}

std::uint64_t MemoryStore::generation() const {
  return kFirstGeneration + content_.lock()->writes;
}

Result<void> MemoryStore::each(Table table, const Visit& visit) {
  return visit_from(table, "", "", visit);
}

Result<void> MemoryStore::scan(Table table, std::string_view prefix, std::string_view after,
                               const Visit& visit) {
  return visit_from(table, prefix, after, visit);
}

// Copied part by part: `visit` may use the store.
Result<void> MemoryStore::visit_from(Table table, std::string_view prefix, std::string_view after,
                                     const Visit& visit) {
  std::vector<std::pair<std::string, std::string>> part;
  Key from(table, std::max(prefix, after));
  bool exclude = !after.empty() && after >= prefix;
  do {
    part.clear();
    {
      auto content = content_.lock();
      auto entry =
          exclude ? content->entries.upper_bound(from) : content->entries.lower_bound(from);
      for (; entry != content->entries.end() && entry->first.first == table &&
             entry->first.second.starts_with(prefix) && part.size() < kVisitedAtOnce;
           ++entry) {
        part.emplace_back(entry->first.second, entry->second.value);
      }
    }
    for (const auto& [key, value] : part) {
      if (!visit(key, value)) return {};
    }
    if (!part.empty()) from.second = part.back().first;
    exclude = true;
  } while (part.size() == kVisitedAtOnce);
  return {};
}

StoreStats MemoryStore::stats() const {
  return content_.lock()->stats;
}

}  // namespace quarry::store
