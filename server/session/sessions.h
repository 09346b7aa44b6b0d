// Sessions: every session that this process may use, by handle.
//
// Opening, closing and looking up. Lookup of a session in use is a map access; a handle that this
// process has not seen is looked up in the store, so that sessions survive a restart and other
// processes of the same user see them, and is resumed only when its root lies inside the roots
// allowed here. A session expires `ttl_s` after its last use.
//
// The default session is recorded in the store with the first session call, not at start.
//
// Safe from any thread.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/base/clock.h"
#include "server/base/guarded.h"
#include "server/session/roots.h"
#include "server/session/session.h"
#include "server/store/store.h"

namespace quarry::session {

struct SessionLimits {
  std::int64_t ttl_s = 86'400;
  std::int64_t max_ttl_s = 365LL * 86'400;
  std::size_t max_sessions = 100'000;
  std::size_t max_label_bytes = 200;
};

struct OpenOptions {
  std::string
      root;  // "" = the default session's; relative to it, or absolute inside an allowed one
  std::string label;
  bool read_only = false;
  std::int64_t ttl_s = 86'400;
};

struct ListOptions {
  std::string label;  // "" = all
  std::size_t limit = 50;
  std::size_t offset = 0;
};

struct Listed {
  std::vector<Record> records;  // the default session first, then by last use, newest first
  std::size_t total = 0;
};

class Sessions {
 public:
  struct Config {
    std::vector<std::shared_ptr<const sandbox::Workspace>> roots;  // not empty; first = default's
    bool read_only = false;
    std::string git_helper;  // absolute path of quarry-git
    SessionLimits limits;
  };

  Sessions(Config config, store::Store& store, const Clock& clock);

  std::shared_ptr<Session> default_session() const { return state_.lock()->default_session; }
  const SessionLimits& limits() const { return config_.limits; }
  bool read_only() const { return config_.read_only; }
  const Roots& roots() const { return roots_; }
  // Lets the client's roots narrow what may be used (Roots::narrow), or takes that back. Calls that
  // run go on where they are; the default session moves to the default root.
  Roots::Narrowing narrow_roots(const std::vector<std::string>& uris);
  void widen_roots();

  // kNotFound when there is none or it has expired; the text says how to get a new one.
  Result<std::shared_ptr<Session>> find(std::string_view handle);
  Result<std::shared_ptr<Session>> open(const OpenOptions& options);
  // The default session cannot be closed (kDenied).
  Result<void> close(std::string_view handle);
  Result<Listed> list(const ListOptions& options);
  std::size_t in_use() const;
  // Stores the last use of the sessions in use. At an orderly end.
  void remember_use();

 private:
  struct State {
    std::map<std::string, std::shared_ptr<Session>, std::less<>> by_handle;
    std::shared_ptr<Session> default_session;
    bool default_recorded = false;
  };

  Result<std::shared_ptr<Session>> resume(std::string_view handle);
  Failure expired(const Record& record) const;
  bool is_expired(const Record& record) const;
  void record_default();
  std::shared_ptr<Session> make_default();
  void move_default();

  const Config config_;
  Roots roots_;
  store::Store& store_;
  const Clock& clock_;
  mutable Guarded<State> state_;
};

}  // namespace quarry::session
