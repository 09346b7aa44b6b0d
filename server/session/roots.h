// Roots: which directories sessions may be opened on, and what all sessions on one of them share.
//
// The command line says what is allowed. A client may narrow it: what is allowed then is what lies
// inside both. Its roots are hints: they never add anything, and when none of them touches what
// the command line allows, or it names none, the command line stands.
//
// A root has one descriptor and one warm git helper however many sessions use it, and gives both
// back when none does any more. A directory that was replaced is opened anew for the next session;
// sessions on the old one keep it, and its Workspace::check_root() tells them.
//
// Safe from any thread.

#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/clock.h"
#include "server/base/guarded.h"
#include "server/git/client.h"
#include "server/sandbox/workspace.h"
#include "server/session/branch.h"

namespace quarry::session {

class Roots {
 public:
  using Workspace = std::shared_ptr<const sandbox::Workspace>;
  // What a session works on. Owners: every session on one root.
  struct Place {
    Workspace workspace;
    std::shared_ptr<git::GitClient> git;
    std::shared_ptr<Branch> branch;
  };
  // What came of the client's roots.
  struct Narrowing {
    std::size_t given = 0;           // roots that the client named
    bool narrowed = false;           // less is allowed than on the command line
    std::vector<std::string> notes;  // what was left out of account and why, one line each
  };

  static constexpr std::size_t kMaxClientRoots = 100;  // considered; the rest is left out

  // `configured` is not empty; its first is the default session's. `git_helper` is the absolute
  // path of quarry-git. `clock` outlives the roots.
  Roots(std::vector<Workspace> configured, std::string git_helper, const Clock& clock);

  // As the command line has them.
  const std::vector<Workspace>& configured() const { return configured_; }
  // What is allowed now: the configured ones, or what the client left of them.
  std::vector<Workspace> allowed() const;
  Narrowing narrowing() const;
  // Where the default session works and relative paths are resolved.
  Workspace default_workspace() const;
  std::string default_root() const { return default_workspace()->root(); }

  // The client's roots as it named them, URIs; each answer replaces the one before. The first of
  // them that can be used becomes the default root when it lies strictly inside a configured one.
  // Leaves alone what the sessions in use work on.
  Narrowing narrow(const std::vector<std::string>& uris);
  // The command line stands.
  void widen();

  // Whether a session on `root`, absolute and resolved, may be used.
  bool allows(std::string_view root) const;
  // Answers a call on a session for which allows() is false: kDenied, saying what would work.
  Failure left_out() const;
  // The directory that a client asks for, absolute and resolved. "" = the default root; relative
  // to it, or absolute. kDenied outside of what is allowed, naming argument 'root'.
  Result<std::string> allowed_root(const std::string& requested) const;
  // Opens `root`, which is absolute and resolved, or shares it when it is in use. kDenied outside,
  // kConflict when the root that it lies in was replaced.
  Result<Place> open(const std::string& root);
  Place default_place() { return share(default_workspace()); }

 private:
  // What is allowed at one time. Never changes; owners: the state and whoever reads it meanwhile.
  struct View {
    std::vector<Workspace> allowed;  // not empty
    Workspace start;                 // the default session's
    Narrowing narrowing;
  };
  struct Shared {
    std::shared_ptr<const View> view;
    // Weak: a root that no session uses any more gives its descriptor and its helper back.
    struct Entry {
      std::weak_ptr<const sandbox::Workspace> workspace;
      std::weak_ptr<git::GitClient> git;
      std::weak_ptr<Branch> branch;
    };
    std::map<std::string, Entry, std::less<>> places;
    std::size_t prune_at = 64;  // places, of which many are left over
  };
  std::shared_ptr<const View> view() const { return shared_.lock()->view; }
  void set_view(View view);
  Failure outside() const;
  // What the client's root leaves of the configured ones, also added to `usable`; the first of it,
  // null when there is none.
  Result<Workspace> touched(const std::string& uri, std::vector<Workspace>& usable) const;
  Place share(Workspace opened);

  const std::vector<Workspace> configured_;
  const std::string git_helper_;
  const Clock& clock_;
  std::atomic<bool> narrowed_{false};  // spares each call a look at the view
  mutable Guarded<Shared> shared_;
};

}  // namespace quarry::session
