// Roots: which directories sessions may be opened on, and what all sessions on one of them share.
//
// The command line says what is allowed. A root has one descriptor and one warm git helper however
// many sessions use it, and gives both back when none does any more.
//
// Safe from any thread.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/clock.h"
#include "server/base/guarded.h"
#include "server/git/client.h"
#include "server/sandbox/workspace.h"

namespace quarry::session {

class Roots {
 public:
  using Workspace = std::shared_ptr<const sandbox::Workspace>;
  // What a session works on. Owners: every session on one root.
  struct Place {
    Workspace workspace;
    std::shared_ptr<git::GitClient> git;
  };

  // `configured` is not empty; its first is the default session's. `git_helper` is the absolute
  // path of quarry-git. `clock` outlives the roots.
  Roots(std::vector<Workspace> configured, std::string git_helper, const Clock& clock);

  // As the command line has them.
  const std::vector<Workspace>& configured() const { return configured_; }
  // Where the default session works and relative paths are resolved.
  const std::string& default_root() const { return configured_.front()->root(); }

  // Whether a session on `root`, absolute and resolved, may be used.
  bool allows(std::string_view root) const;
  // The directory that a client asks for, absolute and resolved. "" = the default root; relative
  // to it, or absolute. kDenied outside of what is allowed, naming argument 'root'.
  Result<std::string> allowed_root(const std::string& requested) const;
  // Opens `root`, which is absolute and resolved, or shares it when it is in use. kDenied outside.
  Result<Place> open(const std::string& root);

 private:
  struct Shared {
    // Weak: a root that no session uses any more gives its descriptor and its helper back.
    std::map<std::string, std::weak_ptr<const sandbox::Workspace>> workspaces;
    std::map<std::string, std::weak_ptr<git::GitClient>> clients;
  };
  Result<Workspace> workspace_for(const std::string& root);
  std::shared_ptr<git::GitClient> git_for(const std::string& root);

  const std::vector<Workspace> configured_;
  const std::string git_helper_;
  const Clock& clock_;
  Guarded<Shared> shared_;
};

}  // namespace quarry::session
