#include "server/session/roots.h"

#include <algorithm>

#include "server/base/utf8.h"
#include "server/sandbox/file_uri.h"
#include "server/sandbox/shown.h"

namespace quarry::session {
namespace {

constexpr std::size_t kMaxNotes = 10;

// Whether `path` is `directory` or lies below it, as text.
bool lies_in(std::string_view path, std::string_view directory) {
  if (directory == "/") return path.starts_with('/');
  return path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

// The path that a file:// URI names, without empty and "." components.
Result<std::string> path_of(const std::string& uri) {
  if (!sandbox::is_file_uri(uri)) {
    return fail(Code::kInvalidArgs, "it is no file:// URI");
  }
  TRY_ASSIGN(const std::string decoded, sandbox::decode_file_uri(uri, "URI"));
  std::string path;
  for (std::size_t begin = 0; begin < decoded.size();) {
    const std::size_t end = std::min(decoded.find('/', begin), decoded.size());
    const std::string_view part = std::string_view(decoded).substr(begin, end - begin);
    if (part == "..") {
      return fail(Code::kInvalidArgs, "it climbs with '..'");
    }
    if (!part.empty() && part != ".") path.append("/").append(part);
    begin = end + 1;
  }
  return path.empty() ? std::string("/") : path;
}

// Drops what lies inside another of the list, and what is in it twice.
void drop_nested(std::vector<Roots::Workspace>& list) {
  std::vector<Roots::Workspace> outermost;
  for (const auto& one : list) {
    const bool inside = std::any_of(list.begin(), list.end(), [&](const auto& other) {
      return other->root() != one->root() && other->beneath(one->root());
    });
    const bool twice = std::any_of(outermost.begin(), outermost.end(),
                                   [&](const auto& kept) { return kept->root() == one->root(); });
    if (!inside && !twice) outermost.push_back(one);
  }
  list = std::move(outermost);
}

std::string names_of(const std::vector<Roots::Workspace>& roots) {
  std::string names;
  for (const auto& root : roots) {
    if (!names.empty()) names += ", ";
    utf8::append_escaped_name(names, root->given_root());
  }
  return names;
}

std::string_view whose(bool narrowed) {
  return narrowed ? "the client has open" : "the server was started with";
}

}  // namespace

Roots::Roots(std::vector<Workspace> configured, std::string git_helper, const Clock& clock)
    : configured_(std::move(configured)), git_helper_(std::move(git_helper)), clock_(clock) {
  widen();
}

std::vector<Roots::Workspace> Roots::allowed() const {
  return view()->allowed;
}

Roots::Narrowing Roots::narrowing() const {
  return view()->narrowing;
}

Roots::Workspace Roots::default_workspace() const {
  return view()->start;
}

void Roots::set_view(View view) {
  narrowed_ = view.narrowing.narrowed;
  shared_.lock()->view = std::make_shared<const View>(std::move(view));
}

void Roots::widen() {
  set_view({.allowed = configured_, .start = configured_.front(), .narrowing = {}});
}

Result<Roots::Workspace> Roots::touched(const std::string& uri,
                                        std::vector<Workspace>& usable) const {
  TRY_ASSIGN(const std::string path, path_of(uri));
  // What contains a configured root, or is one, leaves it whole.
  Workspace first;
  for (const Workspace& outer : configured_) {
    if (!lies_in(outer->root(), path) && !lies_in(outer->given_root(), path)) continue;
    usable.push_back(outer);
    if (!first) first = outer;
  }
  if (first) return first;
  for (const Workspace& outer : configured_) {
    if (!lies_in(path, outer->root()) && !lies_in(path, outer->given_root())) continue;
    TRY(outer->check_root());
    TRY_ASSIGN(const sandbox::Path below, outer->parse(uri, "URI"));
    TRY_ASSIGN(Workspace inner, outer->open_workspace(below));
    // The same directory as the one in use keeps what its sessions share.
    for (const Workspace& used : view()->allowed) {
      if (used->root() == inner->root() && used->check_root()) inner = used;
    }
    usable.push_back(inner);
    return inner;
  }
  return Workspace();
}

Roots::Narrowing Roots::narrow(const std::vector<std::string>& uris) {
  View view;
  Narrowing& narrowing = view.narrowing;
  narrowing.given = uris.size();
  std::size_t more_notes = 0;
  const auto note = [&](std::string text) {
    if (narrowing.notes.size() < kMaxNotes) {
      narrowing.notes.push_back(std::move(text));
    } else {
      ++more_notes;
    }
  };
  Workspace first;
  for (std::size_t i = 0; i < std::min(uris.size(), kMaxClientRoots); ++i) {
    const auto place = touched(uris[i], view.allowed);
    const std::string shown =
        fmt::format("client root '{}' is left out: ", sandbox::shown_argument(uris[i]));
    if (!place) {
      note(shown + place.error().message);
    } else if (*place == nullptr) {
      note(shown + "it lies outside the roots of the command line");
    } else if (!first) {
      first = *place;
    }
  }
  if (uris.size() > kMaxClientRoots) {
    note(fmt::format("the client named {} roots; the first {} were considered", uris.size(),
                     kMaxClientRoots));
  }
  if (more_notes > 0) narrowing.notes.push_back(fmt::format("and {} more", more_notes));
  if (!first) {
    if (!uris.empty()) {
      narrowing.notes.insert(narrowing.notes.begin(),
                             "no root of the client can be used: the command line's stand");
    }
    view.allowed = configured_;
    view.start = configured_.front();
    Narrowing told = narrowing;
    set_view(std::move(view));
    return told;
  }
  const auto is_configured = [&](const Workspace& root) {
    return std::find(configured_.begin(), configured_.end(), root) != configured_.end();
  };
  const auto whole = [&](const Workspace& root) {
    return std::find(view.allowed.begin(), view.allowed.end(), root) != view.allowed.end();
  };
  // Strictly inside: it becomes the default. Otherwise the command line's, as long as it is whole.
  view.start = is_configured(first) && whole(configured_.front()) ? configured_.front() : first;
  narrowing.narrowed = !std::all_of(configured_.begin(), configured_.end(), whole);
  drop_nested(view.allowed);
  Narrowing told = narrowing;
  set_view(std::move(view));
  return told;
}

bool Roots::allows(std::string_view root) const {
  if (!narrowed_) {
    return std::any_of(configured_.begin(), configured_.end(),
                       [&](const Workspace& outer) { return outer->beneath(root); });
  }
  const auto now = view();
  return std::any_of(now->allowed.begin(), now->allowed.end(),
                     [&](const Workspace& outer) { return outer->beneath(root); });
}

Failure Roots::outside() const {
  const auto now = view();
  return fail(Code::kDenied, "argument 'root' must lie inside a root that {}: {}",
              whose(now->narrowing.narrowed), names_of(now->allowed));
}

Failure Roots::left_out() const {
  const auto now = view();
  return fail(Code::kDenied,
              "the session's root lies outside the roots that {}; call session_open with a root "
              "inside {}",
              whose(now->narrowing.narrowed), names_of(now->allowed));
}

Result<std::string> Roots::allowed_root(const std::string& requested) const {
  const auto now = view();
  if (requested.empty()) return now->start->root();
  const auto resolve = [&](const Workspace& outer) -> Result<std::string> {
    TRY_ASSIGN(const sandbox::Path path, outer->parse(requested, "root"));
    TRY(outer->check_root());
    TRY_ASSIGN(const auto directory, outer->open_workspace(path));
    return directory->root();
  };
  if (requested.front() != '/' && !sandbox::is_file_uri(requested)) {
    if (now->start->parse(requested, "root")) return resolve(now->start);
    return outside();
  }
  for (const Workspace& outer : now->allowed) {
    if (outer->parse(requested, "root")) return resolve(outer);
  }
  return outside();
}

Result<Roots::Place> Roots::open(const std::string& root) {
  const auto now = view();
  for (const Workspace& outer : now->allowed) {
    if (!outer->beneath(root)) continue;
    Workspace known = root == now->start->root() ? now->start : nullptr;
    if (outer->root() == root) known = outer;
    if (known) {
      TRY(known->check_root());
      return share(std::move(known));
    }
    {
      auto shared = shared_.lock();
      const auto found = shared->places.find(root);
      if (found != shared->places.end()) known = found->second.workspace.lock();
    }
    if (known && known->check_root()) return share(std::move(known));
    TRY(outer->check_root());
    TRY_ASSIGN(const sandbox::Path below, outer->parse(root, "root"));
    TRY_ASSIGN(Workspace opened, outer->open_workspace(below));
    return share(std::move(opened));
  }
  return left_out();
}

// The git helper was fenced into the directory that was opened with it: another directory of the
// same name needs another.
Roots::Place Roots::share(Workspace opened) {
  auto shared = shared_.lock();
  if (shared->places.size() >= shared->prune_at) {
    std::erase_if(shared->places, [](const auto& place) {
      return place.second.workspace.expired() && place.second.git.expired();
    });
    shared->prune_at = std::max<std::size_t>(64, shared->places.size() * 2);
  }
  Shared::Entry& entry = shared->places[opened->root()];
  const bool same = entry.workspace.lock() == opened;
  auto git = same ? entry.git.lock() : nullptr;
  if (!git) git = std::make_shared<git::GitClient>(opened->root(), git_helper_, clock_);
  auto branch = same ? entry.branch.lock() : nullptr;
  if (!branch) branch = std::make_shared<Branch>();
  entry = {.workspace = opened, .git = git, .branch = branch};
  return {std::move(opened), std::move(git), std::move(branch)};
}

}  // namespace quarry::session
