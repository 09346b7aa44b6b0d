#include "server/session/sessions.h"

#include <algorithm>

#include "server/base/ids.h"
#include "server/base/utf8.h"

namespace quarry::session {
namespace {

std::string ago(std::int64_t milliseconds) {
  const std::int64_t minutes = milliseconds / 60'000;
  if (minutes < 120) return fmt::format("{} min", minutes);
  if (minutes < 48 * 60) return fmt::format("{} h", minutes / 60);
  return fmt::format("{} days", minutes / (24 * 60));
}

// The default session's key names its root: two servers on two roots have two default sessions.
std::string default_key(const std::string& root) {
  return fmt::format("{}:{}", kDefaultHandle, root);
}

}  // namespace

Sessions::Sessions(Config config, store::Store& store, const Clock& clock)
    : config_(std::move(config)),
      roots_(config_.roots, config_.git_helper, clock),
      store_(store),
      clock_(clock) {
  state_.lock()->default_session = make_default();
}

std::shared_ptr<Session> Sessions::make_default() {
  Roots::Place place = roots_.default_place();
  const std::int64_t now = clock_.wall_ms();
  Record record{.handle = std::string(kDefaultHandle),
                .root = place.workspace->root(),
                .label = {},
                .read_only = config_.read_only,
                .created_ms = now,
                .used_ms = now,
                .ttl_s = 0};
  return std::make_shared<Session>(std::move(record), std::move(place.workspace),
                                   std::move(place.git));
}

Roots::Narrowing Sessions::narrow_roots(const std::vector<std::string>& uris) {
  Roots::Narrowing narrowing = roots_.narrow(uris);
  move_default();
  return narrowing;
}

void Sessions::widen_roots() {
  roots_.widen();
  move_default();
}

void Sessions::move_default() {
  if (&default_session()->workspace() == roots_.default_workspace().get()) return;
  auto moved = make_default();
  auto state = state_.lock();
  state->default_session.swap(moved);
  state->default_recorded = false;
}

Result<std::shared_ptr<Session>> Sessions::find(std::string_view handle) {
  if (handle.empty() || handle == kDefaultHandle) return default_session();
  std::shared_ptr<Session> session;
  {
    auto state = state_.lock();
    const auto found = state->by_handle.find(handle);
    if (found != state->by_handle.end()) session = found->second;
  }
  if (!session) return resume(handle);
  const Record record = session->record();
  if (is_expired(record)) {
    state_.lock()->by_handle.erase(record.handle);
    return expired(record);
  }
  if (!roots_.allows(record.root)) return roots_.left_out();
  return session;
}

Result<std::shared_ptr<Session>> Sessions::resume(std::string_view handle) {
  const auto stored = store_.get(store::Table::kSessions, handle);
  Record record;
  if (!stored || !decode(*stored, record) || record.handle != handle) {
    return fail(Code::kNotFound,
                "no session with this handle; leave 'session' out for the default session, or call "
                "session_open");
  }
  if (is_expired(record)) return expired(record);
  if (!roots_.allows(record.root)) return roots_.left_out();
  TRY_ASSIGN(const std::string root, roots_.allowed_root(record.root));
  TRY_ASSIGN(Roots::Place place, roots_.open(root));
  record.read_only = record.read_only || config_.read_only;
  auto session = std::make_shared<Session>(std::move(record), std::move(place.workspace),
                                           std::move(place.git));
  auto state = state_.lock();
  return state->by_handle.try_emplace(session->handle(), session).first->second;
}

Result<std::shared_ptr<Session>> Sessions::open(const OpenOptions& options) {
  if (options.label.size() > config_.limits.max_label_bytes) {
    return fail(Code::kInvalidArgs, "argument 'label' is {} bytes long; at most {} are kept",
                options.label.size(), config_.limits.max_label_bytes);
  }
  if (options.ttl_s < 1 || options.ttl_s > config_.limits.max_ttl_s) {
    return fail(Code::kInvalidArgs, "argument 'ttl_s' must be 1 to {}, got {}",
                config_.limits.max_ttl_s, options.ttl_s);
  }
  if (in_use() >= config_.limits.max_sessions) {
    return fail(Code::kUnavailable, "{} sessions are open, the most allowed; close one first",
                config_.limits.max_sessions);
  }
  record_default();
  TRY_ASSIGN(const std::string root, roots_.allowed_root(options.root));
  TRY_ASSIGN(Roots::Place place, roots_.open(root));
  const std::int64_t now = clock_.wall_ms();
  const Record record{.handle = random_id(),
                      .root = root,
                      .label = options.label,
                      .read_only = options.read_only || config_.read_only,
                      .created_ms = now,
                      .used_ms = now,
                      .ttl_s = options.ttl_s};
  TRY(store_.put(store::Table::kSessions, record.handle, encode(record)));
  auto session =
      std::make_shared<Session>(record, std::move(place.workspace), std::move(place.git));
  state_.lock()->by_handle.emplace(record.handle, session);
  return session;
}

Result<void> Sessions::close(std::string_view handle) {
  if (handle.empty() || handle == kDefaultHandle) {
    return fail(Code::kDenied,
                "the default session lives as long as the server; name a handle from session_open");
  }
  TRY_ASSIGN(const auto session, find(handle));
  TRY(store_.erase(store::Table::kSessions, handle));
  session->close();
  state_.lock()->by_handle.erase(session->handle());
  return {};
}

Result<Listed> Sessions::list(const ListOptions& options) {
  record_default();
  Listed listed;
  std::vector<Record> records;
  TRY(store_.each(store::Table::kSessions, [&](std::string_view, std::string_view value) {
    Record record;
    if (decode(value, record) && record.handle != kDefaultHandle && !is_expired(record) &&
        roots_.allows(record.root)) {
      records.push_back(std::move(record));
    }
    return true;
  }));
  {
    auto state = state_.lock();
    for (Record& record : records) {
      const auto found = state->by_handle.find(record.handle);
      if (found != state->by_handle.end()) record = found->second->record();
    }
  }
  std::sort(records.begin(), records.end(), [](const Record& a, const Record& b) {
    return a.used_ms != b.used_ms ? a.used_ms > b.used_ms : a.handle < b.handle;
  });
  records.insert(records.begin(), default_session()->record());
  if (!options.label.empty()) {
    std::erase_if(records, [&](const Record& record) { return record.label != options.label; });
  }
  listed.total = records.size();
  const std::size_t begin = std::min(options.offset, records.size());
  const std::size_t end = std::min(begin + options.limit, records.size());
  listed.records.assign(
      std::make_move_iterator(records.begin() + static_cast<std::ptrdiff_t>(begin)),
      std::make_move_iterator(records.begin() + static_cast<std::ptrdiff_t>(end)));
  return listed;
}

std::size_t Sessions::in_use() const {
  return state_.lock()->by_handle.size() + 1;
}

void Sessions::remember_use() {
  std::vector<Record> used;
  {
    auto state = state_.lock();
    for (const auto& [handle, session] : state->by_handle) {
      if (session->calls() > 0) used.push_back(session->record());
    }
  }
  for (const Record& record : used) {
    // Best effort: a session whose last use is not stored only expires a little earlier. One that
    // another process closed meanwhile stays closed.
    if (!store_.get(store::Table::kSessions, record.handle)) continue;
    (void)store_.put(store::Table::kSessions, record.handle, encode(record));
  }
}

bool Sessions::is_expired(const Record& record) const {
  return record.expires_ms() != 0 && record.expires_ms() <= clock_.wall_ms();
}

Failure Sessions::expired(const Record& record) const {
  std::string root;
  utf8::append_escaped_name(root, record.root);
  return fail(Code::kNotFound, "the session expired {} ago; call session_open with root '{}'",
              ago(clock_.wall_ms() - record.expires_ms()), root);
}

void Sessions::record_default() {
  {
    auto state = state_.lock();
    if (state->default_recorded) return;
    state->default_recorded = true;
  }
  // Best effort: without a store the default session works all the same.
  (void)store_.put(store::Table::kSessions, default_key(default_session()->workspace().root()),
                   encode(default_session()->record()));
}

}  // namespace quarry::session
