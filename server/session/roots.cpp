#include "server/session/roots.h"

#include <algorithm>

#include "server/base/utf8.h"

namespace quarry::session {

Roots::Roots(std::vector<Workspace> configured, std::string git_helper, const Clock& clock)
    : configured_(std::move(configured)), git_helper_(std::move(git_helper)), clock_(clock) {}

bool Roots::allows(std::string_view root) const {
  return std::any_of(configured_.begin(), configured_.end(),
                     [&](const Workspace& outer) { return outer->beneath(root); });
}

Result<std::string> Roots::allowed_root(const std::string& requested) const {
  if (requested.empty()) return default_root();
  for (const Workspace& outer : configured_) {
    auto path = outer->parse(requested, "root");
    if (!path) continue;
    if (requested.front() != '/' && outer != configured_.front()) continue;
    auto directory = outer->open_workspace(*path);
    if (!directory) return Failure(directory.error());
    return (*directory)->root();
  }
  std::string names;
  for (const Workspace& root : configured_) {
    if (!names.empty()) names += ", ";
    utf8::append_escaped_name(names, root->given_root());
  }
  return fail(Code::kDenied,
              "argument 'root' must lie inside a root that the server was started with: {}", names);
}

Result<Roots::Place> Roots::open(const std::string& root) {
  TRY_ASSIGN(Workspace workspace, workspace_for(root));
  return Place{std::move(workspace), git_for(root)};
}

Result<Roots::Workspace> Roots::workspace_for(const std::string& root) {
  for (const Workspace& workspace : configured_) {
    if (workspace->root() == root) return workspace;
  }
  {
    auto shared = shared_.lock();
    if (auto known = shared->workspaces[root].lock()) return known;
  }
  for (const Workspace& outer : configured_) {
    if (!outer->beneath(root)) continue;
    TRY_ASSIGN(const sandbox::Path below, outer->parse(root, "root"));
    TRY_ASSIGN(Workspace workspace, outer->open_workspace(below));
    auto shared = shared_.lock();
    shared->workspaces[root] = workspace;
    return workspace;
  }
  return fail(Code::kDenied,
              "argument 'root' lies outside the roots that the server was started with");
}

std::shared_ptr<git::GitClient> Roots::git_for(const std::string& root) {
  auto shared = shared_.lock();
  std::weak_ptr<git::GitClient>& known = shared->clients[root];
  auto client = known.lock();
  if (!client) {
    client = std::make_shared<git::GitClient>(root, git_helper_, clock_);
    known = client;
  }
  return client;
}

}  // namespace quarry::session
