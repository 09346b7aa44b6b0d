// The part of Sessions that reads their state.

#include <algorithm>

#include "server/base/utf8.h"
#include "server/session/sessions.h"

namespace quarry::session {
namespace {

using store::Table;

constexpr int kTries = 3;                   // before the writers are kept out for a moment
constexpr std::size_t kEntryOverhead = 48;  // what JSON puts around a name and its value

// What `text` takes as a JSON string.
std::size_t json_bytes(std::string_view text) {
  std::size_t bytes = text.size() + 2;
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\n' || c == '\t' || c == '\r') {
      bytes += 1;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      bytes += 5;
    }
  }
  return bytes;
}

// The longest part of `value` from `offset` on that JSON writes in `room` bytes, in whole
// characters.
std::string_view part_of(std::string_view value, std::uint64_t offset, std::size_t room) {
  std::string_view part =
      utf8::clip(value.substr(std::min<std::size_t>(offset, value.size())), room);
  while (!part.empty() && json_bytes(part) > room) {
    part = utf8::clip(part, part.size() - std::max<std::size_t>(part.size() / 8, 1));
  }
  return part;
}

// Collects entries in their order as long as the answer has room.
class Collector {
 public:
  Collector(const StateOptions& options, StateView& view) : options_(options), view_(view) {}

  // False when the entry has no room: it and what follows are for the next answer.
  bool add(std::string_view name, std::string_view value) {
    if (options_.keys.size() != 1 && seen_++ < options_.offset) return true;
    const std::size_t head = json_bytes(name) + kEntryOverhead;
    // A value that an answer of its own has room for begins the next one, if need be.
    const std::size_t whole = head + json_bytes(value);
    const std::size_t needed = whole <= options_.max_bytes ? whole : head;
    if (!view_.entries.empty() && used_ + needed > options_.max_bytes) {
      view_.next_key = seen_ - 1;
      return false;
    }
    used_ += head;
    StateEntry entry{.name = std::string(name), .value = {}, .size = value.size()};
    const std::size_t room = options_.max_bytes - std::min(used_, options_.max_bytes);
    if (options_.keys.size() == 1) {
      const std::string_view part =
          part_of(value, options_.offset, std::max<std::size_t>(room, 64));
      entry.shown = true;
      entry.value = part;
      const std::uint64_t end = options_.offset + part.size();
      if (end < value.size() && !part.empty()) entry.next_offset = end;
    } else if (const std::size_t bytes = json_bytes(value); bytes <= room) {
      entry.shown = true;
      entry.value = value;
      used_ += bytes;
    }
    view_.entries.push_back(std::move(entry));
    return true;
  }

 private:
  const StateOptions& options_;
  StateView& view_;
  std::uint64_t seen_ = 0;
  std::size_t used_ = 0;
};

// `source` is the store or a transaction.
template <class Source>
Result<void> collect(Source& source, const std::string& id, const StateOptions& options,
                     StateView& view) {
  Collector collector(options, view);
  if (options.keys.empty()) {
    const std::string prefix = rows::state_prefix(id);
    return source.scan(Table::kSessionState, prefix, {},
                       [&](std::string_view key, std::string_view value) {
                         return collector.add(key.substr(prefix.size()), value);
                       });
  }
  for (const std::string_view name : options.keys) {
    const auto value = source.get(Table::kSessionState, rows::state_key(id, name));
    if (!value) {
      view.missing.emplace_back(name);
    } else if (!collector.add(name, *value)) {
      break;
    }
  }
  return {};
}

}  // namespace

Result<StateView> Sessions::state(std::string_view handle, const StateOptions& options) {
  TRY_ASSIGN(const auto session, find(handle));
  return state(*session, options);
}

Result<StateView> Sessions::state(Session& session, const StateOptions& options) {
  for (const std::string_view name : options.keys) {
    if (name.empty() || name.size() > config_.limits.size(Limit::kSessionKeyBytes)) {
      return fail(Code::kInvalidArgs, "argument 'keys': a key has 1 to {} bytes, one has {}",
                  config_.limits[Limit::kSessionKeyBytes], name.size());
    }
  }
  Result<StateView> answer;
  StateView& view = *answer;
  if (options.keys.empty() && session.checked() == store_.generation()) {
    session.read_record(view.record);
    if (view.record.keys == 0) return answer;
  }
  const bool is_default = session.handle() == kDefaultHandle;
  const std::string id = is_default ? rows::default_id(session.root()) : session.handle();
  const auto read = [&](auto& source) -> Result<void> {
    view = {};
    TRY_ASSIGN(std::optional<Record> record, rows::find(source, id));
    if (is_default) {
      record = default_record(std::move(record), &session);
    } else if (!record || record->expired) {
      return fail(Code::kNotFound, "the session was closed or has expired; call session_open");
    }
    view.record = std::move(*record);
    // A session without state costs no look at it.
    if (view.record.keys > 0 || !options.keys.empty()) TRY(collect(source, id, options, view));
    return {};
  };
  bool whole = false;
  std::uint64_t before = 0;
  for (int i = 0; i < kTries && !whole; ++i) {
    before = store_.generation();
    TRY(read(store_));
    if (store_.generation() == before) {
      whole = true;
    } else {
      TRY_ASSIGN(const auto after, rows::find(store_, id));
      whole = (after ? after->version : 0) == view.record.version;
    }
  }
  if (!whole) {
    TRY(store_.change([&](store::Transaction& change) { return read(change); }));
  }
  session.adopt(view.record, whole ? before : store::kNoGeneration);
  session.read_record(view.record);
  return answer;
}

}  // namespace quarry::session
