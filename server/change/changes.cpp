#include "server/change/changes.h"

#include "server/base/log.h"
#include "server/change/leftover.h"
#include "server/change/looks.h"

namespace quarry::change {
namespace {

using journal::Entry;
using journal::Outcome;
using journal::Step;

std::string directory_of(const std::string& state_directory) {
  return state_directory.empty() ? "" : state_directory + "/journal";
}

// Those that were opened so that what is in them could go, as commit() does. A change that was made
// in part leaves them open: undoing the rest has to write there.
void shut_directories(const sandbox::Workspace& workspace, const Entry& entry) {
  for (const Step& step : entry.steps) {
    const bool goes = step.kind == Step::Kind::kDirectory && step.before && !step.after;
    if (!goes || is_unread(*step.before)) continue;
    const auto place = place_in(workspace, step.path);
    if (!place) continue;
    const auto there = place->look();
    if (!there || !*there || (*there)->kind != sandbox::Kind::kDirectory) continue;
    const std::uint32_t mode = step.before->mode;
    const bool opened = (*there)->mode != mode && (*there)->mode == (mode | kOwnerMayChange);
    if (opened) (void)place->set_mode(mode);
  }
}

}  // namespace

std::string lock_of(const std::string& id) {
  return "change " + id;  // no path: those are absolute
}

std::string lock_of(const std::string& root, const std::string& path) {
  return root == "/" ? root + path : root + "/" + path;
}

Changes::Changes(Config config, const Clock& clock)
    : config_(std::move(config)),
      clock_(clock),
      locks_(config_.state_directory, clock),
      protection_(config_.protect) {}

Result<journal::Journal*> Changes::journal() {
  if (config_.state_directory.empty()) return nullptr;
  auto opened = journal_.lock();
  if (*opened == nullptr) {
    const Limits& limits = config_.limits;
    TRY_ASSIGN(*opened, journal::Journal::open(
                            {.directory = directory_of(config_.state_directory),
                             .sync = config_.sync,
                             .max_bytes = static_cast<std::uint64_t>(limits[Limit::kJournalBytes]),
                             .max_age = std::chrono::seconds(limits[Limit::kJournalAge])},
                            clock_));
  }
  return opened->get();
}

Result<void> Changes::recover(const sandbox::Workspace& workspace) {
  TRY_ASSIGN(journal::Journal* const journal, this->journal());
  if (journal == nullptr) return {};
  for (const journal::OpenEntry& open : journal->open_entries(workspace.root())) {
    // Whoever is at it keeps this.
    TRY_ASSIGN(const auto held, locks_.try_lock({lock_of(open.id)}));
    if (held) TRY(recover_one(workspace, open));
  }
  return {};
}

Result<void> Changes::recover_one(const sandbox::Workspace& workspace,
                                  const journal::OpenEntry& open) {
  TRY_ASSIGN(journal::Journal* const journal, this->journal());
  const auto entry = journal->load(open.frame);
  if (!entry && entry.error().code == Code::kNotFound) return journal->forget_open(open.id);
  if (!entry) return {};
  std::vector<std::string> names;
  for (const Step& step : entry->steps) {
    names.push_back(lock_of(entry->root, step.path));
    if (!step.to.empty()) names.push_back(lock_of(entry->root, step.to));
  }
  TRY_ASSIGN(const auto held, locks_.try_lock(names));
  if (!held) return {};
  TRY_ASSIGN(const Outcome now, journal->outcome_of(entry->id, open.frame));
  // When it was ended, its process died, or failed, right then.
  if (now != Outcome::kOpen) return journal->forget_open(entry->id);
  if (entry->root == workspace.root()) return settle(workspace, *entry);
  // A root below this one. What is not there now cannot be looked at, and may come back.
  const std::size_t skip = workspace.root() == "/" ? 1 : workspace.root().size() + 1;
  TRY_ASSIGN(const sandbox::Path below, path_in(workspace, entry->root.substr(skip)));
  const auto inner = workspace.open_workspace(below);
  if (!inner || (*inner)->root() != entry->root) return {};
  return settle(**inner, *entry);
}

Result<void> Changes::settle(const sandbox::Workspace& workspace, const Entry& entry) {
  std::size_t fresh = 0;
  std::size_t old = 0;
  for (std::size_t at = 0; at < entry.steps.size(); ++at) {
    settle_leftover(workspace, entry, at, config_.limits[Limit::kChangeBytes]);
    const Looks look = looks(workspace, entry, at, config_.limits[Limit::kChangeBytes]);
    fresh += look == Looks::kNew ? 1 : 0;
    old += look == Looks::kOld ? 1 : 0;
  }
  const Outcome outcome = fresh == entry.steps.size() ? Outcome::kDone
                          : old == entry.steps.size() ? Outcome::kReverted
                                                      : Outcome::kPartly;
  if (outcome == Outcome::kReverted) shut_directories(workspace, entry);
  log::info("a change that was cut off ({} of {} steps made) is settled in the journal", fresh,
            entry.steps.size());
  TRY_ASSIGN(journal::Journal* const journal, this->journal());
  return journal->end(entry.id, outcome);
}

}  // namespace quarry::change
