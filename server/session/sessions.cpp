#include "server/session/sessions.h"

#include <algorithm>

#include "server/base/ids.h"
#include "server/base/utf8.h"

namespace quarry::session {
namespace {

constexpr std::size_t kCandidates = 16;  // looked at to make room for one

std::string ago(std::int64_t milliseconds) {
  milliseconds = std::max<std::int64_t>(milliseconds, 0);  // the clock may have been set back
  const std::int64_t minutes = milliseconds / 60'000;
  if (minutes < 2) return fmt::format("{} s", milliseconds / 1000);
  if (minutes < 120) return fmt::format("{} min", minutes);
  if (minutes < 48 * 60) return fmt::format("{} h", minutes / 60);
  return fmt::format("{} days", minutes / (24 * 60));
}

}  // namespace

std::string Sessions::memory_note() const {
  if (store_.lasts()) return "";
  // Without a state directory by choice there is no note of a problem.
  std::string note = store_.stats().note;
  return note == store::kChosen ? "" : note;
}

Failure Sessions::unknown(std::string_view instead) const {
  const std::string note = memory_note();
  return fail(Code::kNotFound, "no session with this handle{}; {}",
              note.empty() ? "" : fmt::format(" (earlier ones cannot be read: {})", note), instead);
}

Sessions::Sessions(Config config, store::Store& store, const Clock& clock)
    : config_(std::move(config)),
      roots_(config_.roots, config_.git_helper, clock),
      store_(store),
      clock_(clock),
      ledger_memory_(std::make_shared<LedgerMemory>(config_.limits.size(Limit::kLedgersBytes))),
      loaded_({.sessions = config_.limits.size(Limit::kSessionsLoaded),
               .directories = config_.limits.size(Limit::kSessionDirectories)}),
      alive_(std::make_shared<Alive>()) {
  *alive_->sessions.lock() = this;
  *default_.lock() = make_default();
}

Sessions::~Sessions() {
  *alive_->sessions.lock() = nullptr;
}

std::shared_ptr<Session> Sessions::make_default() {
  return make(default_record(std::nullopt, nullptr), roots_.default_place());
}

std::shared_ptr<Session> Sessions::make(const Record& record, Roots::Place place) const {
  const Limits& limits = config_.limits;
  return std::make_shared<Session>(
      record, std::move(place), limits.size(Limit::kSessionHeavyCalls),
      LedgerRoom{.bounds = {.bytes = limits.size(Limit::kLedgerBytes),
                            .age_ms = limits[Limit::kLedgerAge] * 1000},
                 .memory = ledger_memory_});
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
  default_.lock()->swap(moved);
}

// Other figures of it than those of its state are this process's own. The default root may move
// while a call goes on; its session stays where it is, and so does what the call changes.
Record Sessions::default_record(std::optional<Record> stored, const Session* session) const {
  Record record;
  if (stored) record = std::move(*stored);
  record.handle = kDefaultHandle;
  record.root = session != nullptr ? session->root() : roots_.default_root();
  record.read_only = config_.read_only;
  record.ledger = false;  // several agents may share it
  const std::shared_ptr<Session> current = session != nullptr ? nullptr : default_session();
  const Session* const before = session != nullptr ? session : current.get();
  record.created_ms = before != nullptr ? before->record().created_ms : clock_.wall_ms();
  record.used_ms = before != nullptr ? before->used_ms() : record.created_ms;
  record.ttl_s = 0;
  record.indexed = false;
  return record;
}

Result<std::shared_ptr<Session>> Sessions::find(std::string_view handle, std::int64_t now_ms) {
  return find(handle, /*as_stored=*/true, now_ms);
}

Result<std::shared_ptr<Session>> Sessions::known(std::string_view handle, std::int64_t now_ms) {
  return find(handle, /*as_stored=*/false, now_ms);
}

Result<std::shared_ptr<Session>> Sessions::find(std::string_view handle, bool as_stored,
                                                std::int64_t now_ms) {
  if (handle.empty() || handle == kDefaultHandle) return default_session();
  std::shared_ptr<Session> known = loaded_.find(handle);
  if (!known && !is_handle(handle)) return unknown();
  // Before the record is read: what changes in between is read again next time.
  const std::uint64_t generation = as_stored ? store_.generation() : 0;
  if (known && !roots_.allows(known->root())) return roots_.left_out();
  const bool current = known && (!as_stored || known->checked() == generation);
  if (current && !known->lapsed(now_ms)) return known;
  return load(handle, as_stored ? generation : store_.generation(), std::move(known));
}

Result<std::shared_ptr<Session>> Sessions::load(std::string_view handle, std::uint64_t generation,
                                                std::shared_ptr<Session> known) {
  TRY_ASSIGN(std::optional<Record> record, rows::find(store_, handle));
  const std::int64_t now = clock_.wall_ms();
  // By the last call of this process, as long as the ttl that counts now; or by one that still runs
  // and holds it: beside `known` there is the reference of `loaded_`.
  const bool used_here =
      known && record && (!known->lapsed(now, record->ttl_s) || known.use_count() > 2);
  if (!record || record->handle != handle || record->expired ||
      (record->lapsed(now) && !used_here)) {
    if (known) {
      if (record) record->used_ms = std::max(record->used_ms, known->used_ms());
      if (!record || record->expired) known->close();
      loaded_.erase(handle);
    }
    return record && record->handle == handle ? Result<std::shared_ptr<Session>>(expired(*record))
                                              : unknown();
  }
  if (!roots_.allows(record->root)) return roots_.left_out();
  if (!known) {
    Result<Roots::Place> place = roots_.open(record->root);
    if (!place) return rootless(*record, place.error());
    Record here = *record;
    here.read_only = here.read_only || config_.read_only;
    known = loaded_.insert(make(here, std::move(*place)));
    // It may be the only thing that this process ever has to do with the sessions.
    if (config_.background != nullptr) sweep_later();
  }
  known->adopt(*record, generation);
  return known;
}

Failure Sessions::expired(const Record& record) const {
  // Where the root is not this server's, nothing of the session is told.
  if (!roots_.allows(record.root)) return unknown();
  std::string root;
  utf8::append_escaped_name(root, record.root);
  return fail(Code::kNotFound, "the session expired {} ago; call session_open with root '{}'",
              ago(clock_.wall_ms() - record.expires_ms()), root);
}

Failure Sessions::rootless(const Record& record, const Error& error) const {
  std::string root;
  utf8::append_escaped_name(root, record.root);
  return fail(error.code,
              "the session's root '{}' cannot be used ({}); close the session with session_close, "
              "or make the directory again",
              root, error.message);
}

Result<std::shared_ptr<Session>> Sessions::find_to_close(std::string_view handle) {
  Result<std::shared_ptr<Session>> found = find(handle);
  if (found) return found;
  const auto closed = [&] {
    return unknown(
        "it was closed before, or the handle is wrong: session_status lists what is open");
  };
  if (!is_handle(handle)) return closed();
  TRY_ASSIGN(const std::optional<Record> record, rows::find(store_, handle));
  if (!record) return closed();
  if (record->handle != handle || !roots_.allows(record->root)) return found;
  const std::int64_t now = clock_.wall_ms();
  if (record->expired || record->lapsed(now)) {
    return fail(Code::kNotFound, "the session expired {} ago, so there is nothing to close",
                ago(now - record->expires_ms()));
  }
  return default_session();
}

Result<std::int64_t> Sessions::ttl_of(std::optional<std::int64_t> asked) const {
  const std::int64_t most = config_.limits[Limit::kSessionMaxTtl];
  const std::int64_t ttl = asked.value_or(config_.limits[Limit::kSessionTtl]);
  if (ttl < 1 || ttl > most) {
    return fail(Code::kInvalidArgs, "argument 'ttl_s' must be 1 to {}, got {}", most, ttl);
  }
  return ttl;
}

Result<void> Sessions::check_label(std::string_view label) const {
  const std::size_t most = config_.limits.size(Limit::kSessionLabelBytes);
  if (label.size() <= most) return {};
  return fail(Code::kInvalidArgs, "argument 'label' is {} bytes long; at most {} are kept",
              label.size(), most);
}

Result<Opened> Sessions::open(const OpenOptions& options) {
  TRY(check_label(options.label));
  TRY_ASSIGN(const std::int64_t ttl, ttl_of(options.ttl_s));
  settle();
  TRY_ASSIGN(const std::string root, roots_.allowed_root(options.root));
  TRY_ASSIGN(Roots::Place place, roots_.open(root));
  const std::int64_t now = clock_.wall_ms();
  Record record{{.read_only = options.read_only || config_.read_only,
                 .ledger = options.ledger,
                 .created_ms = now,
                 .used_ms = now,
                 .ttl_s = ttl},
                random_id(),
                root,
                options.label};
  sweep_later();
  std::vector<std::string> candidates;
  bool full = false;
  const auto insert = [&](store::Transaction& change) -> Result<void> {
    TRY(make_room(change, candidates));
    const Totals all = rows::totals(change);
    full = all.sessions + all.expired >= config_.limits.size(Limit::kSessions);
    if (full) {
      return fail(Code::kTooLarge,
                  "{} sessions are open, the most allowed; close some that session_status lists, "
                  "or start the server with a larger --limit sessions",
                  all.sessions);
    }
    return rows::insert(change, record);
  };
  Result<store::Written> written = store_.change(insert);
  if (!written && full) {
    // Those that expired first go first.
    TRY_ASSIGN(candidates, rows::forgettable(store_, now, kCandidates));
    TRY_ASSIGN(const auto lapsed, rows::lapsed(store_, now, kCandidates));
    candidates.insert(candidates.end(), lapsed.begin(), lapsed.end());
    if (!candidates.empty()) written = store_.change(insert);
  }
  if (!written) return Failure(std::move(written).error());
  sweep_later();  // again: the sweeps may have ended before this session was there
  auto session = loaded_.insert(make(record, std::move(place)));
  session->adopt(record, written->generation);
  return Opened{.session = std::move(session), .durable = written->durable};
}

// Removes what has expired, candidate by candidate, until one more session has room.
Result<void> Sessions::make_room(store::Transaction& change,
                                 std::span<const std::string> candidates) {
  const std::int64_t now = clock_.wall_ms();
  for (const std::string& key : candidates) {
    const Totals all = rows::totals(change);
    if (all.sessions + all.expired < config_.limits.size(Limit::kSessions)) return {};
    const std::string_view id = rows::id_in(key);
    TRY_ASSIGN(const auto record, rows::find(change, id));
    if (!record || !record->lapsed(now) || loaded_.held(id)) continue;
    TRY(rows::remove(change, *record, /*remember=*/false));
  }
  return {};
}

Result<store::Written> Sessions::close(std::string_view handle) {
  if (handle.empty() || handle == kDefaultHandle) {
    return fail(Code::kDenied,
                "the default session lives as long as the server; name a handle from session_open");
  }
  TRY_ASSIGN(const auto session, find_to_close(handle));
  bool left = false;
  TRY_ASSIGN(const store::Written written,
             store_.change([&](store::Transaction& change) -> Result<void> {
               TRY_ASSIGN(const auto record, rows::find(change, handle));
               if (!record || record->expired) return unknown();
               TRY_ASSIGN(left, rows::remove(change, *record, /*remember=*/false));
               return {};
             }));
  if (session->handle() == handle) session->close();
  loaded_.erase(handle);
  // The session is gone; of a large state the rest follows in parts, and if this process dies
  // meanwhile, with the next sweep.
  while (left) {
    const auto part = store_.change([&](store::Transaction& change) -> Result<void> {
      TRY_ASSIGN(const bool done, rows::erase_state(change, handle));
      left = !done;
      return {};
    });
    if (!part) break;
  }
  return written;
}

}  // namespace quarry::session
