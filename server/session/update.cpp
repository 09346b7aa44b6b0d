// The part of Sessions that changes their state.

#include <algorithm>

#include "server/base/utf8.h"
#include "server/session/sessions.h"

namespace quarry::session {
namespace {

using store::Table;

std::string shown(std::string_view name) {
  constexpr std::size_t kShown = 60;
  std::string text;
  utf8::append_escaped_name(text, utf8::clip(name, kShown));
  if (name.size() > kShown) text.append("...");
  return text;
}

std::uint64_t weight(std::string_view name, std::string_view value) {
  return name.size() + value.size() + Record::kKeyBytes;
}

}  // namespace

// What can be said without the store.
Result<void> Sessions::check(const Changes& changes, bool is_default) const {
  const Limits& limits = config_.limits;
  if (changes.label) TRY(check_label(*changes.label));
  if (changes.ttl_s) {
    TRY(ttl_of(changes.ttl_s));
    if (is_default) {
      return fail(Code::kInvalidArgs,
                  "argument 'ttl_s': the default session does not expire; leave it out");
    }
  }
  const auto check_name = [&](std::string_view name) -> Result<void> {
    if (name.empty() || name.size() > limits.size(Limit::kSessionKeyBytes)) {
      return fail(Code::kInvalidArgs, "the key '{}' is {} bytes long; a key has 1 to {}",
                  shown(name), name.size(), limits[Limit::kSessionKeyBytes]);
    }
    if (name.find('\0') == std::string_view::npos) return {};
    return fail(Code::kInvalidArgs, "the key '{}' must not contain a NUL character", shown(name));
  };
  for (const auto& [name, value] : changes.set) {
    TRY(check_name(name));
    if (value.size() > limits.size(Limit::kSessionValueBytes)) {
      return fail(Code::kTooLarge, "the value of '{}' has {} bytes; at most {} are kept",
                  shown(name), value.size(), limits[Limit::kSessionValueBytes]);
    }
    if (std::find(changes.unset.begin(), changes.unset.end(), name) != changes.unset.end()) {
      return fail(Code::kInvalidArgs, "the key '{}' is both in 'set' and in 'unset'", shown(name));
    }
  }
  for (const std::string_view name : changes.unset) TRY(check_name(name));
  return {};
}

Result<void> Sessions::apply(store::Transaction& change, const Session& session,
                             const Changes& changes, Record& now) {
  const bool is_default = session.handle() == kDefaultHandle;
  const std::string own_id = is_default ? rows::default_id(session.root()) : std::string();
  const std::string_view id = is_default ? own_id : session.handle();
  // What this process knows is mostly what is stored.
  std::optional<Record> stored = is_default ? std::nullopt : session.stored_at(change.generation());
  if (!stored) {
    TRY_ASSIGN(stored, rows::find(change, id));
  }
  if (is_default) {
    stored = default_record(std::move(stored), &session);
  } else if (!stored || stored->expired) {
    return fail(Code::kNotFound, "the session was closed or has expired; call session_open");
  }
  const Record& was = *stored;
  if (changes.expected_version && *changes.expected_version != was.version) {
    return fail(Code::kConflict,
                "argument 'expected_version' is {}, but the session is at version {}: read it with "
                "session_status and try again with {}",
                *changes.expected_version, was.version, was.version);
  }
  now = was;
  ++now.version;
  if (changes.label) now.label = *changes.label;
  if (changes.ttl_s) now.ttl_s = *changes.ttl_s;
  // Stored with what is written anyhow, but not so often that the index moves each time.
  const std::int64_t used = std::max(session.used_ms(), was.used_ms);
  if (used - was.used_ms > was.slack_ms() || was.ttl_s != now.ttl_s) now.used_ms = used;

  for (const auto& [name, value] : changes.set) {
    const std::string key = rows::state_key(id, name);
    const auto old = change.get(Table::kSessionState, key);
    if (old) {
      now.state_bytes -= std::min(now.state_bytes, weight(name, *old));
      now.keys -= std::min<std::uint64_t>(now.keys, 1);
    }
    now.state_bytes += weight(name, value);
    ++now.keys;
    if (!old || *old != value) TRY(change.put(Table::kSessionState, key, value));
  }
  for (const std::string_view name : changes.unset) {
    const std::string key = rows::state_key(id, name);
    const auto old = change.get(Table::kSessionState, key);
    if (!old) continue;
    now.state_bytes -= std::min(now.state_bytes, weight(name, *old));
    now.keys -= std::min<std::uint64_t>(now.keys, 1);
    TRY(change.erase(Table::kSessionState, key));
  }
  const Limits& limits = config_.limits;
  if (now.state_bytes > was.state_bytes &&
      now.state_bytes > limits.size(Limit::kSessionStateBytes)) {
    return fail(Code::kTooLarge,
                "the session's state would have {} bytes; at most {} are kept: unset keys that are "
                "no longer needed",
                now.state_bytes, limits[Limit::kSessionStateBytes]);
  }
  if (now.keys > was.keys && now.keys > limits.size(Limit::kSessionKeys)) {
    return fail(Code::kTooLarge,
                "the session's state would have {} keys; at most {} are kept: unset some that are "
                "no longer needed",
                now.keys, limits[Limit::kSessionKeys]);
  }
  if (now.state_bytes > was.state_bytes &&
      rows::totals(change).state_bytes + (now.state_bytes - was.state_bytes) >
          limits.size(Limit::kAllStateBytes)) {
    return fail(Code::kTooLarge,
                "the state of all sessions together has reached its limit of {} bytes: unset keys "
                "or close sessions that are no longer needed",
                limits[Limit::kAllStateBytes]);
  }
  return rows::replace(change, was, now);
}

Result<Updated> Sessions::update(std::string_view handle, const Changes& changes) {
  TRY_ASSIGN(const auto session, find(handle));
  return update(*session, changes);
}

Result<Updated> Sessions::update(Session& session, const Changes& changes) {
  TRY(check(changes, session.handle() == kDefaultHandle));
  Record record;
  TRY_ASSIGN(const store::Written written, store_.change([&](store::Transaction& change) {
    return apply(change, session, changes, record);
  }));
  session.adopt(record, written.generation);
  return Updated{.version = record.version, .durable = written.durable};
}

Result<std::vector<Updated>> Sessions::update_all(std::span<const Update> updates) {
  if (updates.size() > config_.limits.size(Limit::kSessionBatch)) {
    return fail(Code::kTooLarge, "{} updates in one batch; at most {} are made together",
                updates.size(), config_.limits[Limit::kSessionBatch]);
  }
  std::size_t at = 0;
  const auto named = [&](const Error& error) {
    return fail(error.code, "update {} of {}: {}; nothing was changed", at + 1, updates.size(),
                error.message);
  };
  // Held until the end, so that none leaves while it is changed.
  std::vector<std::shared_ptr<Session>> sessions;
  for (at = 0; at < updates.size(); ++at) {
    auto session = find(updates[at].handle);
    if (!session) return named(session.error());
    if (const auto fit = check(updates[at].changes, (*session)->handle() == kDefaultHandle); !fit) {
      return named(fit.error());
    }
    sessions.push_back(std::move(*session));
  }
  std::vector<Record> records;
  TRY_ASSIGN(const store::Written written,
             store_.change([&](store::Transaction& change) -> Result<void> {
               records.clear();
               for (at = 0; at < updates.size(); ++at) {
                 const auto made =
                     apply(change, *sessions[at], updates[at].changes, records.emplace_back());
                 if (!made) return named(made.error());
               }
               return {};
             }));
  std::vector<Updated> made;
  made.reserve(updates.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    made.push_back({.version = records[i].version, .durable = written.durable});
    sessions[i]->adopt(records[i], written.generation);
  }
  return made;
}

}  // namespace quarry::session
