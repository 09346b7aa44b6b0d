#include "server/analysis/fact_cache.h"

#include <cstring>
#include <optional>
#include <utility>

#include "server/base/log.h"

namespace quarry::analysis {
namespace {

void append_number(std::string& out, std::uint64_t number) {
  for (unsigned shift = 0; shift < 64; shift += 8) {
    out.push_back(static_cast<char>(static_cast<unsigned char>(number >> shift)));
  }
}

// A value: the maker's version and the identity, then the facts.
std::string head_of(const Maker& maker, Identity identity) {
  std::string head;
  append_number(head, maker.version);
  append_number(head, identity);
  return head;
}

}  // namespace

std::string FactCache::key_of(const Maker& maker, std::string_view kind,
                              std::string_view rest) const {
  std::string key(maker.name);
  key.append(1, '\0').append(kind).append(1, '\0');
  // Blobs are the same in every repository.
  if (kind != "blob") key.append(root_).append(1, '\0');
  return key.append(rest);
}

Result<std::string> FactCache::facts(const Maker& maker, const git::TrackedFile& file,
                                     std::uint64_t max_bytes, const Make& make,
                                     const CancelToken& cancel) {
  const bool working = origin_ == Origin::kWorkingTree;
  const std::string key = key_of(maker, working ? "file" : "blob", working ? file.path : file.blob);
  if (const Identity identity = refresh_ ? 0 : contents_.identity(file); identity != 0) {
    auto kept = store_.get(store::Table::kAnalysis, key);
    const std::string head = head_of(maker, identity);
    if (kept && kept->starts_with(head)) return kept->substr(head.size());
  }
  count_read(1);
  TRY_ASSIGN(const Content content, contents_.read(file, max_bytes, cancel));
  std::string facts = make(content.bytes);
  if (content.identity != 0) keep(key, head_of(maker, content.identity).append(facts));
  return facts;
}

void FactCache::keep(std::string key, std::string value) {
  constexpr std::size_t kMostWaiting = std::size_t{1} << 20U;
  bool much = false;
  {
    auto waiting = waiting_.lock();
    waiting->bytes += key.size() + value.size();
    waiting->entries.push_back({std::move(key), std::move(value)});
    much = waiting->bytes > kMostWaiting;
  }
  if (much) save();
}

void FactCache::save() {
  const Waiting taken = std::exchange(*waiting_.lock(), {});
  if (taken.entries.empty()) return;
  const auto put = store_.put_all(store::Table::kAnalysis, taken.entries);
  if (!put) log::debug("facts not kept: {}", put.error().message);
}

std::optional<std::string> FactCache::record(const Maker& maker, std::string_view key) const {
  if (refresh_) return std::nullopt;
  const bool working = origin_ == Origin::kWorkingTree;
  auto kept =
      store_.get(store::Table::kAnalysis, key_of(maker, working ? "working" : "revision", key));
  const std::string head = head_of(maker, 0);
  if (!kept || !kept->starts_with(head)) return std::nullopt;
  return kept->substr(head.size());
}

void FactCache::keep_record(const Maker& maker, std::string_view key, std::string_view value) {
  const bool working = origin_ == Origin::kWorkingTree;
  keep(key_of(maker, working ? "working" : "revision", key), head_of(maker, 0).append(value));
}

}  // namespace quarry::analysis
