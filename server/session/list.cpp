// The part of Sessions that lists them.

#include <algorithm>
#include <unordered_set>

#include "server/session/sessions.h"

namespace quarry::session {
namespace {

using store::Table;

constexpr std::size_t kTime = 8;

// The inverted time of creation and the id, which end a key of the index: the newest sorts first.
std::string_view order_in(std::string_view key) {
  return key.substr(key.size() - rows::id_in(key).size() - kTime);
}

}  // namespace

// Which rows of the index are listed.
struct Sessions::Filter {
  std::string prefix;                      // of the rows that are walked
  std::unordered_set<std::string> hashes;  // of roots; empty: a row's value is not looked at
  std::vector<std::string> roots;          // not empty: the rows of these are merged instead
  std::unordered_set<std::string> lapsed;  // ids that are passed over

  bool takes(std::string_view key, std::string_view value) const {
    return (hashes.empty() || hashes.contains(std::string(value))) &&
           (lapsed.empty() || !lapsed.contains(std::string(rows::id_in(key))));
  }
};

// Ids in their order: `count` after the first `skip`.
Result<std::vector<std::string>> Sessions::page_of(const Filter& filter, std::size_t skip,
                                                   std::size_t count) {
  std::vector<std::string> ids;
  if (filter.roots.empty()) {
    TRY(store_.scan(Table::kSessionIndex, filter.prefix, {},
                    [&](std::string_view key, std::string_view value) {
                      if (!filter.takes(key, value)) return true;
                      if (skip > 0) {
                        --skip;
                        return true;
                      }
                      if (ids.size() == count) return false;
                      ids.emplace_back(rows::id_in(key));
                      return true;
                    }));
    return ids;
  }
  std::vector<std::string> found;
  for (const std::string& root : filter.roots) {
    std::size_t wanted = skip + count;  // none of a root's later ones can be on the page
    TRY(store_.scan(Table::kSessionIndex, rows::root_prefix(root), {},
                    [&](std::string_view key, std::string_view value) {
                      if (wanted == 0) return false;
                      if (!filter.takes(key, value)) return true;
                      --wanted;
                      found.emplace_back(order_in(key));
                      return true;
                    }));
  }
  std::sort(found.begin(), found.end());
  for (std::size_t i = skip; i < found.size() && ids.size() < count; ++i) {
    ids.push_back(found[i].substr(kTime));
  }
  return ids;
}

Result<Listed> Sessions::list(const ListOptions& options) {
  settle();
  std::string only_root;
  if (!options.root.empty()) {
    auto resolved = roots_.allowed_root(options.root);
    // A directory that is gone may still have sessions.
    if (!resolved && !roots_.allows(options.root)) return Failure(std::move(resolved).error());
    if (resolved) {
      only_root = std::move(*resolved);
    } else {
      only_root = options.root;
    }
  }

  Filter filter;
  std::size_t allowed = 0;  // sessions on the roots that are listed
  std::size_t known = 0;    // and on all
  std::vector<std::string> roots;
  std::unordered_set<std::string> hashes;
  TRY(store_.scan(Table::kTotals, rows::kRootTotalsPrefix, {},
                  [&](std::string_view, std::string_view value) {
                    RootCount count = rows::decode_root_count(value);
                    known += count.sessions;
                    if (only_root.empty() ? !roots_.allows(count.root) : count.root != only_root) {
                      return true;
                    }
                    allowed += count.sessions;
                    hashes.insert(rows::root_hash(count.root));
                    roots.push_back(std::move(count.root));
                    return true;
                  }));
  std::size_t total = 0;
  if (!options.label.empty()) {
    const std::string prefix = rows::label_totals_prefix(options.label);
    TRY(store_.scan(Table::kTotals, prefix, {}, [&](std::string_view key, std::string_view value) {
      if (hashes.contains(std::string(key.substr(prefix.size())))) {
        total += rows::decode_count(value);
      }
      return true;
    }));
    filter.prefix = rows::label_prefix(options.label);
    filter.hashes = std::move(hashes);
  } else {
    total = allowed;
    if (roots.size() == 1) {
      filter.prefix = rows::root_prefix(roots.front());
    } else if (allowed < known / 4) {  // few among many: not worth passing over the others
      filter.roots = std::move(roots);
    } else {
      filter.prefix = rows::kCreatedPrefix;
      if (allowed < known) filter.hashes = std::move(hashes);
    }
  }

  // What expired since the last sweep is not listed and not counted.
  const std::int64_t now = clock_.wall_ms();
  TRY_ASSIGN(const auto lapsed, rows::lapsed(store_, now, SIZE_MAX));
  for (const std::string& key : lapsed) {
    TRY_ASSIGN(const auto record, rows::find(store_, rows::id_in(key)));
    if (!record || !record->lapsed(now)) continue;
    filter.lapsed.insert(record->handle);
    const bool counted =
        (only_root.empty() ? roots_.allows(record->root) : record->root == only_root) &&
        (options.label.empty() || record->label == options.label);
    if (counted && total > 0) --total;
  }

  Listed listed;
  const std::shared_ptr<Session> default_one = default_session();
  TRY_ASSIGN(auto stored, rows::find(store_, rows::default_id(default_one->root())));
  Record own = default_record(std::move(stored), default_one.get());
  const bool own_listed = (only_root.empty() || only_root == own.root) &&
                          (options.label.empty() || own.label == options.label);
  const std::size_t others = total;
  std::size_t skip = options.offset;
  std::size_t room = options.limit;
  if (own_listed) {
    ++total;
    if (skip == 0 && room > 0) {
      listed.records.push_back(std::move(own));
      --room;
    }
    skip -= std::min<std::size_t>(skip, 1);
  }
  if (room > 0 && skip < others) {
    TRY_ASSIGN(const auto ids, page_of(filter, skip, room));
    for (const std::string& id : ids) {
      TRY_ASSIGN(auto record, rows::find(store_, id));
      // Closed meanwhile, or a hash that two roots or labels share.
      if (!record || record->expired || !roots_.allows(record->root) ||
          (!options.label.empty() && record->label != options.label)) {
        continue;
      }
      if (const auto session = loaded_.peek(id)) {
        // Another process may have used it later and stored that.
        record->used_ms = std::max(record->used_ms, session->used_ms());
      }
      listed.records.push_back(std::move(*record));
    }
    room -= ids.size();
  }
  listed.total = total;
  const std::size_t next = options.offset + options.limit - room;
  if (next < total && next > options.offset) listed.next_offset = next;
  return listed;
}

}  // namespace quarry::session
