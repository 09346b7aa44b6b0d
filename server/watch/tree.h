// Tree: what is known about the state of one root's tree, shared by all sessions on that root.
//
// Nothing is watched before the second call that could use it: a single call must not pay. Then
// work(), on a thread that may take its time, sets a Watch, and epochs() answers from it in a
// fraction of a microsecond. Where no watch is possible the tree is checked by Fingerprints
// instead; why() says why.
//
// What neither sees: writes through a shared mapping until it is closed, changes through a hard
// link or another mount outside the root, changes that other machines make to a mounted file
// system within its own cache times. So nothing is older than kMaxAgeNs that is given out: what is
// believed of the tree without asking the system for it is no older than kMaxLookAgeNs, and an
// answer that rests on it is kept for kMaxAnswerAgeNs.
//
// A watch tells of a file's change under the name that it was made through. Who keeps something
// under the file's other names has to find those (search/shared_files.h).
//
// epochs() is the reader thread's: it never waits for more than a few directories to be watched,
// and says nothing while somebody works. Safe from any thread.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "server/base/clock.h"
#include "server/base/guarded.h"
#include "server/sandbox/workspace.h"
#include "server/watch/changes.h"
#include "server/watch/epochs.h"
#include "server/watch/fingerprint.h"
#include "server/watch/watch.h"

namespace quarry::watch {

inline constexpr std::int64_t kMaxAgeNs = 30'000'000'000;
inline constexpr std::int64_t kMaxLookAgeNs = 20'000'000'000;
inline constexpr std::int64_t kMaxAnswerAgeNs = kMaxAgeNs - kMaxLookAgeNs;

struct TreeLimits {
  std::size_t max_directories = 32'768;
  bool may_watch = true;  // false: fingerprints only
};

enum class Mode : std::uint8_t {
  kIdle,      // not used enough yet
  kStarting,  // watches are being set, for the first time or again after a loss
  kWatching,
  kChecking,  // by fingerprint
};

struct Standing {
  std::string root;
  Mode mode = Mode::kIdle;
  std::string why;  // of kChecking
  bool git_known = false;
  std::size_t directories = 0;  // watched
  std::uint64_t losses = 0;     // how often the watches had to be set again
};

class Tree {
 public:
  // `clock` and `quota` outlive the tree, `files` need not: a tree whose workspace is gone knows
  // nothing. `serial`: different for each tree of the process.
  Tree(std::uint64_t serial, const std::shared_ptr<const sandbox::Workspace>& files,
       const Clock& clock, Quota& quota, const TreeLimits& limits);

  std::uint64_t serial() const { return serial_; }
  bool is_of(const std::shared_ptr<const sandbox::Workspace>& files) const;
  std::int64_t used_ns() const { return used_ns_.load(std::memory_order_relaxed); }
  bool gone() const { return files_.expired(); }
  std::shared_ptr<const sandbox::Workspace> files() const { return files_.lock(); }

  // A call comes whose answer may be kept. True: there is work to do, and it is the caller's to
  // have work() or leave_work() called once.
  [[nodiscard]] bool use();
  // Sets watches, catches up with many new directories, or finds out that it cannot.
  void work();
  void leave_work();

  // The state now, with every change in it that was finished before; nothing when that would take
  // longer, or is not known this way.
  std::optional<Epochs> epochs();
  // The same, and adds to `changes` where the tree has changed since the last time. For one taker.
  std::optional<Epochs> take_changes(Changes& changes);
  // The same by asking the file system. Nothing unless the mode is kChecking.
  std::optional<Fingerprint> fingerprint(const Parallel& parallel, const CancelToken& cancel);
  // Whether that is likely to take less than `cost_ns`, judged by the last one.
  bool fingerprint_pays(std::int64_t cost_ns);

  Mode mode() const { return mode_.load(std::memory_order_relaxed); }
  Standing standing() const;

 private:
  struct State {
    std::unique_ptr<Watch> watch;
    Epochs epochs;
    Changes changes;  // not taken yet
    std::string why;
    bool behind = false;  // epochs do not hold before work() was done
    bool lost = false;    // the watch is of no use any more
    std::uint64_t losses = 0;
  };

  std::optional<Epochs> catch_up(State& state);
  void start(State& state);
  void give_up(State& state, std::string why);
  bool work_on(const sandbox::Workspace& files, std::unique_ptr<Watch>& dropped);

  const std::uint64_t serial_;
  // Owners: the sessions on this root.
  const std::weak_ptr<const sandbox::Workspace> files_;
  const std::string root_;
  const Clock& clock_;
  Quota& quota_;
  const TreeLimits limits_;
  std::atomic<std::uint64_t> uses_{0};
  std::atomic<std::int64_t> used_ns_{0};
  std::atomic<std::int64_t> next_start_ns_{0};  // of kStarting and kChecking
  std::atomic<std::int64_t> fingerprint_ns_{0};
  std::atomic<Mode> mode_{Mode::kIdle};
  std::atomic<bool> busy_{false};    // somebody has been told to work()
  std::atomic<bool> wanted_{false};  // behind, or lost
  mutable Guarded<State> state_;
};

}  // namespace quarry::watch
