// Undoing: a change that reverts an earlier one, when its files are still as that one left them.

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "server/base/utf8.h"
#include "server/change/changes.h"
#include "server/change/looks.h"

namespace quarry::change {
namespace {

using journal::Listed;
using journal::Outcome;
using journal::State;
using journal::Step;
using sandbox::Path;

std::string shown(std::string_view path) {
  std::string text;
  utf8::append_escaped_name(text, path);
  return text;
}

// What a change left at each path that it touched.
struct Left {
  Step::Kind kind = Step::Kind::kFile;
  std::optional<State> state;
  bool moved_here = false;  // something, whatever it is
  bool sets_mode = false;
};

std::map<std::string, Left> left_by(const journal::Entry& entry) {
  std::map<std::string, Left> left;
  for (const Step& step : entry.steps) {
    if (step.kind == Step::Kind::kMove) {
      left[step.path] = {.kind = step.kind, .state = {}};
      left[step.to] = {.kind = step.kind, .state = step.after, .moved_here = true};
    } else {
      Left& here = left[step.path];
      const bool sets = step.before && step.after && step.before->mode != step.after->mode;
      here = {.kind = step.kind, .state = step.after, .sets_mode = here.sets_mode || sets};
    }
  }
  return left;
}

// Whether both touch one path.
bool share_path(const journal::Entry& one, const journal::Entry& other) {
  const auto left = left_by(one);
  return std::ranges::any_of(left_by(other),
                             [&](const auto& touched) { return left.count(touched.first) != 0; });
}

std::string said_of(std::string_view what, const journal::Entry& entry) {
  return fmt::format("{} change_id={} ({})", what, entry.id, entry.tool);
}

// Why the files are not as the change left them; "" when they are.
Result<std::string> difference(Change& change, const sandbox::Workspace& workspace,
                               const journal::Entry& entry) {
  for (const auto& [text, left] : left_by(entry)) {
    TRY_ASSIGN(const Path path, path_in(workspace, text));
    TRY_ASSIGN(const std::optional<sandbox::Metadata> now, change.look(path));
    const bool wanted = left.moved_here || left.state.has_value();
    if (left.kind == Step::Kind::kDirectory && left.state) continue;  // see revert_directory
    if (wanted != now.has_value()) {
      return fmt::format("'{}' {} since", shown(text), now ? "was made" : "was removed");
    }
    if (!left.state || !now) continue;
    std::string hash;
    if (is_unread(*left.state)) {
      hash = state_unread(*now).hash;
    } else {
      TRY_ASSIGN(const std::optional<Found> found, change.read(path));
      if (found) hash = state_of(found->bytes, 0).hash;
    }
    if (hash != left.state->hash) return fmt::format("'{}' was changed since", shown(text));
    if (left.sets_mode && now->mode != left.state->mode) {
      return fmt::format("the mode of '{}' was changed since", shown(text));
    }
  }
  return std::string();
}

// A directory that the change made goes when nothing else is in it now. Whether it goes, or is
// gone.
Result<bool> revert_directory(Change& change, const Path& path) {
  const auto names = change.names_in(path);
  if (!names && names.error().code == Code::kNotFound) return true;
  if (!names) return Failure(names.error());
  if (!names->empty()) return false;
  TRY(change.remove_directory(path));
  return true;
}

Result<void> plan_reversal(Change& change, const sandbox::Workspace& workspace,
                           journal::Entry& entry, std::set<std::string>& kept) {
  std::map<std::uint64_t, std::pair<Path, State>> files;  // that are put back, of several names
  for (std::size_t i = entry.steps.size(); i-- > 0;) {
    Step& step = entry.steps[i];
    TRY_ASSIGN(const Path path, path_in(workspace, step.path));
    switch (step.kind) {
      case Step::Kind::kMove: {
        TRY_ASSIGN(const Path to, path_in(workspace, step.to));
        TRY(change.move(to, path));
        break;
      }
      case Step::Kind::kDirectory:
        if (step.before) {
          TRY(change.make_directory(path, step.before->mode, std::move(step.attributes)));
        } else {
          TRY_ASSIGN(const bool goes, revert_directory(change, path));
          if (goes) break;
          kept.insert(step.path);
        }
        break;
      case Step::Kind::kFile:
      case Step::Kind::kLink:
        if (!step.before) {
          TRY(change.remove(path));
        } else if (step.kind == Step::Kind::kLink) {
          TRY(change.put_link(path, std::move(step.old_bytes), std::move(step.attributes)));
        } else {
          // A mode that the change left alone may be another's work.
          const bool same_mode = step.after && step.after->mode == step.before->mode;
          const auto mode = same_mode ? std::nullopt : std::optional(step.before->mode);
          const auto other = files.find(step.file);
          if (other != files.end() && other->second.second == *step.before) {
            TRY(change.put_name(path, std::move(step.old_bytes), mode, std::move(step.attributes),
                                other->second.first));
          } else {
            TRY(change.put(path, std::move(step.old_bytes), mode, Change::kNewFile,
                           std::move(step.attributes)));
            if (step.file != 0) files.emplace(step.file, std::pair(path, *step.before));
          }
        }
        break;
    }
  }
  return {};
}

// Before plan_reversal() takes the old bytes away.
Result<void> keep_contents(Undone& undone, Change& change, const sandbox::Workspace& workspace,
                           const journal::Entry& entry) {
  std::size_t left = Undone::kShownBytes;
  for (const Step& step : entry.steps) {
    if (step.kind != Step::Kind::kFile || !step.before || !step.after) continue;
    if (step.before->size + step.after->size > left) continue;
    TRY_ASSIGN(const Path path, path_in(workspace, step.path));
    TRY_ASSIGN(std::optional<Found> now, change.read(path));
    if (!now || !workspace.check_shown(path, now->bytes)) continue;
    if (!workspace.check_shown(path, step.old_bytes)) continue;
    left -= step.before->size + step.after->size;
    undone.rewritten.push_back({step.path, std::move(now->bytes), step.old_bytes});
  }
  return {};
}

}  // namespace

Result<Undone> Changes::undo_one(Change& change, const sandbox::Workspace& workspace,
                                 const Listed& listed) {
  Undone undone{.id = listed.entry.id,
                .tool = listed.entry.tool,
                .undo_id = {},
                .refusal = {},
                .way_on = {},
                .passed_over = {},
                .steps = listed.entry.steps,
                .kept = {},
                .rewritten = {}};
  TRY_ASSIGN(journal::Journal* const journal, this->journal());
  TRY_ASSIGN(journal::Entry entry, journal->load(listed.frame));
  change.reverts(entry.id);
  std::vector<Path> paths;
  for (const auto& [text, left] : left_by(entry)) {
    TRY_ASSIGN(Path path, path_in(workspace, text));
    paths.push_back(std::move(path));
  }
  TRY(change.lock(paths));
  if (listed.outcome == Outcome::kPartly) {
    // Cut off in the middle: what was made of it is taken back.
    const auto most = config_.limits[Limit::kChangeBytes];
    std::vector<Step> made;
    for (std::size_t at = 0; at < entry.steps.size(); ++at) {
      if (looks(workspace, entry, at, most) == Looks::kOld) continue;
      made.push_back(entry.steps[at]);
    }
    entry.steps = std::move(made);
    undone.steps = entry.steps;
    for (Step& step : undone.steps) step.old_bytes.clear();
  }
  TRY_ASSIGN(undone.refusal, difference(change, workspace, entry));
  const auto gone = std::find_if(entry.steps.begin(), entry.steps.end(), is_for_good);
  if (gone != entry.steps.end()) {
    undone.refusal = fmt::format("'{}' was deleted for good", shown(gone->path));
  }
  if (!undone.refusal.empty()) return undone;
  TRY(keep_contents(undone, change, workspace, entry));
  TRY(plan_reversal(change, workspace, entry, undone.kept));
  return undone;
}

Result<std::vector<Undone>> Changes::undo(const sandbox::Workspace& workspace,
                                          const UndoRequest& request, const CancelToken& cancel) {
  TRY_ASSIGN(journal::Journal* const journal, this->journal());
  if (journal == nullptr) {
    return fail(Code::kUnavailable,
                "there is no journal: the server has no state directory; see server_status");
  }
  TRY(recover(workspace));
  std::vector<Listed> wanted;
  std::vector<Listed> later;                    // than the one that is named, and can be undone
  std::optional<Listed> before;                 // the oldest wanted, or the one refused
  std::map<std::string, std::string> reverted;  // and what has reverted it
  std::string was_reverted;
  std::string for_good;  // the newest that cannot be undone: those before it can
  TRY(journal->each([&](const Listed& listed) {
    const journal::Entry& entry = listed.entry;
    if (entry.session != request.session || entry.root != workspace.root()) return true;
    if (listed.outcome != Outcome::kDone && listed.outcome != Outcome::kPartly) return true;
    const bool is_reverted = reverted.count(entry.id) != 0;
    // What was made of an undo that was cut off is a change like any other; what it was to revert
    // stands.
    const bool reverts = !entry.undoes.empty() && listed.outcome == Outcome::kDone;
    const bool stays = std::ranges::any_of(entry.steps, is_for_good);
    if (!is_reverted && reverts) reverted.emplace(entry.undoes, entry.id);
    if (!request.id.empty()) {
      if (entry.id != request.id) {
        if (!is_reverted && !reverts && !stays) later.push_back(listed);
        return true;
      }
      if (is_reverted) was_reverted = reverted[entry.id];
      if (!is_reverted) wanted.push_back(listed);
      return false;
    }
    if (is_reverted || reverts) return true;
    if (stays) {
      if (for_good.empty()) for_good = entry.id;
      return true;
    }
    if (wanted.size() == request.count) {
      before = listed;
      return false;
    }
    wanted.push_back(listed);
    return true;
  }));
  if (!was_reverted.empty()) {
    return fail(Code::kConflict, "change '{}' is undone already; change_id={} takes that back",
                request.id, was_reverted);
  }
  if (wanted.empty()) {
    if (request.id.empty()) {
      return fail(Code::kNotFound, "this session has made no change that could be undone{}",
                  for_good.empty() ? ", or it is not kept any more"
                                   : fmt::format("; change {} deleted files for good", for_good));
    }
    return fail(Code::kNotFound,
                "this session has made no change '{}', or it is not kept any more; count=10 with "
                "dry_run=true lists the newest",
                request.id);
  }
  std::vector<Undone> done;
  const Author author{.session = request.session, .tool = "undo"};
  // A dry run plans all in one, so that each finds what those before it would leave.
  Change dry(*this, workspace, author, cancel);
  for (std::size_t at = 0; at < wanted.size(); ++at) {
    const Listed& listed = wanted[at];
    Change change(*this, workspace, author, cancel);
    auto one = undo_one(request.dry_run ? dry : change, workspace, listed);
    if (one && request.dry_run && one->refusal.empty()) {
      const auto able = dry.try_out();
      if (!able) one = Failure(able.error());
    } else if (one && one->refusal.empty()) {
      const auto receipt = change.commit();
      if (receipt) {
        one->undo_id = receipt->id;
      } else {
        one = Failure(receipt.error());
      }
    }
    // Undoing those before it may have taken its place in the journal, and that of all older ones.
    const bool lost = !one && one.error().code == Code::kNotFound && !journal->load(listed.frame);
    if (!one) {
      if (done.empty()) return Failure(one.error());
      // Those before it are undone, and told.
      one = Undone{.id = listed.entry.id,
                   .tool = listed.entry.tool,
                   .undo_id = {},
                   .refusal = one.error().message,
                   .way_on = {},
                   .passed_over = {},
                   .steps = {},
                   .kept = {},
                   .rewritten = {}};
    }
    if (!one->refusal.empty() && request.id.empty() && !lost) {
      if (at + 1 < wanted.size()) before = wanted[at + 1];
      if (before) one->way_on = said_of("the one before it is", before->entry);
    } else if (!one->refusal.empty()) {
      const auto same = std::ranges::find_if(
          later, [&](const Listed& other) { return share_path(other.entry, listed.entry); });
      if (same != later.end()) one->way_on = said_of("undo first", same->entry);
    }
    done.push_back(std::move(*one));
    // What came before was changed by what could not be undone, or may have been.
    if (!done.back().refusal.empty()) break;
  }
  done.front().passed_over = for_good;
  return done;
}

}  // namespace quarry::change
