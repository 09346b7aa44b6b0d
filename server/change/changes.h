// Changes: what all changes of files share: locks, journal, what is protected, how durable they
// are; and their undoing.
//
// The journal opens with the first change. Without a state directory there is none: changes are
// made, and said not to be undoable. A change that a killed process has left open is looked into at
// the next change or undo of its root, or of one above it: what it left behind is removed, and the
// journal then says whether its files are old or new.
//
// Safe from any thread.

#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "server/base/clock.h"
#include "server/base/guarded.h"
#include "server/base/limits.h"
#include "server/change/change.h"
#include "server/change/locks.h"
#include "server/change/protection.h"
#include "server/journal/journal.h"

namespace quarry::change {

struct UndoRequest {
  std::string session;    // as in Author
  std::size_t count = 1;  // the newest changes that are not undone yet
  std::string id;         // instead: this one
  bool dry_run = false;
};

// A file whose content an undo changes, and does not hide.
struct Rewritten {
  std::string path;
  std::string now;   // bytes
  std::string then;  // to which it goes back
};

// What came of one change that was to be undone.
struct Undone {
  std::string id;                    // the change
  std::string tool;                  // that made it
  std::string undo_id;               // the change that reverts it; "" when it was not made
  std::string refusal;               // why it was not; "" when it was, or would be
  std::string way_on;                // what can be undone instead, or first; "" for nothing known
  std::string passed_over;           // a newer change that deleted files for good, and stays
  std::vector<journal::Step> steps;  // of the change, without bytes
  std::set<std::string> kept;        // directories it made that stay: something else is in them
  // Of files that were and are there; as many as kShownBytes hold.
  std::vector<Rewritten> rewritten;
  static constexpr std::size_t kShownBytes = 1 << 20;
};

class Changes {
 public:
  struct Config {
    std::string state_directory;  // "" for none
    bool sync = true;             // each change is on disk before it is answered
    std::vector<std::string> protect = Protection::standard_patterns();
    Limits limits;
  };

  Changes(Config config, const Clock& clock);

  Result<std::vector<Undone>> undo(const sandbox::Workspace& workspace, const UndoRequest& request,
                                   const CancelToken& cancel);

  const Protection& protection() const { return protection_; }
  const Limits& limits() const { return config_.limits; }
  bool sync() const { return config_.sync; }

 private:
  friend class Change;
  // Null when there is no state directory.
  Result<journal::Journal*> journal();
  // Settles what killed processes, or a journal that could not be written, have left open.
  Result<void> recover(const sandbox::Workspace& workspace);
  Result<void> recover_one(const sandbox::Workspace& workspace, const journal::OpenEntry& open);
  Result<void> settle(const sandbox::Workspace& workspace, const journal::Entry& entry);
  Result<Undone> undo_one(Change& change, const sandbox::Workspace& workspace,
                          const journal::Listed& listed);

  const Config config_;
  const Clock& clock_;
  const Locks locks_;
  const Protection protection_;
  Guarded<std::unique_ptr<journal::Journal>> journal_;
};

}  // namespace quarry::change
