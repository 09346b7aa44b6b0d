// Watch: a watch on every directory of one tree, kept whole while directories come and go.
//
// catch_up() takes what the kernel has queued, moves the epochs, and brings the set of watches in
// step: a new directory is watched first and listed then, so that nothing below it is missed; a
// directory that moved is forgotten under its old name and watched anew under its new one. Every
// change of names ends in a look at what the name leads to now, so that it does not matter how
// long ago the events happened.
//
// The epochs and the changes hold whenever catch_up() has returned kWhole. kLost: events were
// dropped, or the tree changed in a way that cannot be followed: start again with a new Watch.
// kFailed: the tree cannot be watched, why() says why.
//
// Thread-compatible.

#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "server/sandbox/workspace.h"
#include "server/watch/area.h"
#include "server/watch/changes.h"
#include "server/watch/epochs.h"
#include "server/watch/notifier.h"

namespace quarry::watch {

// How many directories the watches of this process may hold together.
struct Quota {
  std::size_t limit = 131'072;
  std::atomic<std::size_t> used{0};
};

class Watch {
 public:
  enum class State : std::uint8_t {
    kWhole,
    kBehind,  // more to do: call again
    kLost,
    kFailed,
  };

  // Nothing is watched yet; catch_up() begins with the root. `epochs`, `changes` and `quota`
  // outlive the Watch; `max_directories` bounds this tree.
  Watch(std::unique_ptr<Notifier> notifier, Epochs& epochs, Changes& changes, Quota& quota,
        std::size_t max_directories);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Takes all queued events, then watches or forgets about `steps` directories at most. Where
  // memory gives out it has failed: an event may be lost then.
  State catch_up(const sandbox::Workspace& files, std::size_t steps);

  std::size_t directories() const { return by_path_.size(); }
  const std::string& why() const { return why_; }

 private:
  State advance(const sandbox::Workspace& files, std::size_t steps);
  struct ByText {
    using is_transparent = void;
    static std::string_view text(const sandbox::Path& path) { return path.text(); }
    static std::string_view text(std::string_view path) { return path; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return text(a) < text(b);
    }
  };
  struct Watched {
    int watch;
    Area area;
  };
  using Directories = std::map<sandbox::Path, Watched, ByText>;
  // One name to be looked at again.
  struct Task {
    sandbox::Path path;
    Area area;
  };

  void take_events();
  void take(const Notifier::Event& event);
  void note(const sandbox::Path& path, Area area, std::string_view name);
  void name_changed(const Directories::const_iterator& directory, const Notifier::Event& event);
  void git_entry_changed(const Directories::const_iterator& directory,
                         const Notifier::Event& event);
  void settle_git(const sandbox::Workspace& files);
  // True when nothing is left under `path`.
  bool forget(const sandbox::Path& path, std::size_t& steps);
  void drop(Directories::iterator directory);
  void look(const sandbox::Workspace& files, const Task& task);
  void unopened(const sandbox::Workspace& files, const Task& task, const Error& error);
  bool hold(const sandbox::Path& path, Area area, int watch);
  void list(sandbox::Dir& directory, const Task& task);
  void too_many();
  void lose();
  void fail(std::string why);

  std::unique_ptr<Notifier> notifier_;
  Epochs& epochs_;
  Changes& changes_;
  Quota& quota_;
  const std::size_t max_directories_;
  Directories by_path_;
  std::unordered_map<int, Directories::iterator> by_watch_;
  // Names under which nothing that was watched is any more: done first, so that a directory which
  // moved is not found under two names.
  std::deque<sandbox::Path> forgets_;
  std::deque<Task> looks_;
  std::deque<sandbox::Path> git_entries_;  // of the root's git directory: may lead away now
  std::uint64_t device_ = 0;               // that was last found fit to be watched
  bool lost_ = false;
  std::string why_;  // not empty: failed
};

}  // namespace quarry::watch
