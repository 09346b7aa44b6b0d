// The part of Change that does what was planned, and takes it back when a part of it fails.

#include <algorithm>
#include <set>
#include <utility>

#include "server/base/log.h"
#include "server/change/change.h"
#include "server/change/changes.h"
#include "server/change/looks.h"
#include "server/sandbox/status.h"

namespace quarry::change {
namespace {

using journal::Outcome;
using journal::Step;
using sandbox::Path;
using sandbox::Place;

constexpr std::uint32_t kNewDirectory = 0777;  // less the umask

Result<void> make_link(const Place& place, const std::string& target, std::string_view attributes) {
  TRY(place.make_link(target));
  place.set_link_attributes(attributes);
  return {};
}

// Whatever was written into it: the file or directory itself.
bool is_file(const Place& place, const std::optional<sandbox::Stamp>& stamp) {
  const auto there = place.look();
  if (!there || !*there || !stamp) return false;
  const sandbox::Stamp& now = (*there)->stamp;
  return now.device == stamp->device && now.inode == stamp->inode;
}

}  // namespace

std::string Change::tag(std::size_t at) const {
  return draft_tag(entry_.id, at);
}

// The names that were made, changed and removed, on disk: each directory once.
Result<void> Change::sync_names() const {
  if (!changes_.sync()) return {};
  std::set<Path> directories;
  for (const Step& step : entry_.steps) {
    for (const std::string& name : {step.path, step.to}) {
      if (name.empty()) continue;
      TRY_ASSIGN(const Path path, path_in(workspace_, name));
      directories.insert(path.parent());
    }
  }
  // One that a later step has removed is on disk with its parent's names.
  for (const Path& directory : directories) TRY(workspace_.sync_directory(directory));
  return {};
}

Result<void> Change::sync_content(sandbox::Draft& draft, bool replaces) const {
  if (changes_.sync()) return draft.sync();
  if (replaces) draft.begin_sync();  // the old content goes with it
  return {};
}

Result<void> Change::check_unchanged(const Place& place, const Plan& plan) const {
  if (!plan.check) return {};
  TRY_ASSIGN(const auto there, place.look());
  const bool same = there ? plan.was == there->stamp : !plan.was.has_value();
  if (same) return {};
  return sandbox::changed_meanwhile(place.path().display());
}

Result<void> Change::write_file(const Place& place, std::size_t at) {
  const Step& step = entry_.steps[at];
  Plan& plan = plans_[at];
  if (plan.name_of) {
    TRY_ASSIGN(const bool named, write_name(place, at, *plan.name_of));
    if (named) return {};
  }
  TRY_ASSIGN(sandbox::Draft draft, place.draft(tag(at), step.before ? kPrivate : plan.new_mode));
  TRY(draft.write(plan.bytes));
  if (step.before) {
    auto alike = draft.resemble(place);
    if (!alike) {
      TRY(check_unchanged(place, plan));  // says it better
      return alike;
    }
  } else {
    draft.set_attributes(plan.attributes);
  }
  if (plan.mode) TRY(draft.set_mode(*plan.mode));
  TRY(sync_content(draft, step.before.has_value()));
  TRY_ASSIGN(plan.now, draft.stamp());
  if (!step.before) return draft.put();
  TRY_ASSIGN(const sandbox::Expected old, expected(place, at));
  return finished(at, draft.put_over(old));
}

// `done`: false when what was there is stuck beside its place.
Result<void> Change::finished(std::size_t at, const Result<bool>& done) {
  if (!done) return hand_on(done.error());
  if (*done) return {};
  plans_[at].stuck = true;
  TRY_ASSIGN(const Path path, path_in(workspace_, entry_.steps[at].path));
  return fail(Code::kConflict, "what was at '{}' is at '{}' now", path.display(),
              path.parent().child(Place::draft_name(tag(at))).display());
}

// What the step replaces or removes.
Result<sandbox::Expected> Change::expected(const Place& place, std::size_t at) const {
  const Step& step = entry_.steps[at];
  const std::string* const bytes = is_unread(*step.before) ? nullptr : &step.old_bytes;
  if (plans_[at].check && plans_[at].was) return expected(*plans_[at].was, bytes);
  TRY_ASSIGN(const auto there, place.look());
  if (!there) return sandbox::changed_meanwhile(place.path().display());
  sandbox::Expected old = expected(there->stamp, bytes);
  old.tells = false;  // an earlier step has put it there: no stamp of before that tells it
  return old;
}

// `bytes`: null when they are not known.
sandbox::Expected Change::expected(const sandbox::Stamp& stamp, const std::string* bytes) const {
  sandbox::Expected old{.stamp = stamp};
  if (bytes != nullptr) old.bytes = *bytes;
  old.tells = sandbox::settled(stamp, begun_ms_);
  return old;
}

Result<void> Change::make(std::size_t at) {
  const Step& step = entry_.steps[at];
  const Plan& plan = plans_[at];
  TRY_ASSIGN(const Path path, path_in(workspace_, step.path));
  TRY_ASSIGN(const Place place, workspace_.place(path));
  switch (step.kind) {
    case Step::Kind::kMove: {
      TRY_ASSIGN(const Path to, path_in(workspace_, step.to));
      TRY_ASSIGN(const Place target, workspace_.place(to));
      std::optional<sandbox::Stamp> over;
      if (at > 0 && entry_.is_replaced_by_next(at - 1)) {
        TRY_ASSIGN(const sandbox::Expected old, expected(target, at - 1));
        if (!target.holds(old)) return sandbox::changed_meanwhile(to.display());
        over = old.stamp;
      }
      TRY_ASSIGN(const auto source, place.look());
      if (source) plans_[at].now = source->stamp;
      TRY_ASSIGN(const bool moved, place.move_to(target, over));
      if (!moved) {
        return fail(Code::kUnavailable,
                    "'{}' cannot be renamed across file systems; copy it (copy=true) and delete it",
                    path.display());
      }
      return {};
    }
    case Step::Kind::kDirectory:
      return step.after ? make_directory_step(place, at) : place.remove_directory();
    case Step::Kind::kFile:
    case Step::Kind::kLink:
      if (step.after && step.kind == Step::Kind::kFile) return write_file(place, at);
      if (step.after) return make_link(place, plan.bytes, plan.attributes);
      TRY(check_unchanged(place, plan));
      if (entry_.is_replaced_by_next(at)) return {};  // the move does it, with no moment in between
      TRY_ASSIGN(const sandbox::Expected old, expected(place, at));
      return finished(at, place.remove_file(old, tag(at)));
  }
  return {};
}

// Before anything in them goes. Where it fails, the step that needs it says so.
void Change::open_directories() const {
  for (std::size_t at = plans_.size(); at-- > 0;) {
    if (!plans_[at].opens) continue;
    const auto place = place_in(workspace_, entry_.steps[at].path);
    const std::uint32_t mode = entry_.steps[at].before->mode;
    if (place && (mode & kOwnerMayChange) != kOwnerMayChange)
      (void)place->set_mode(mode | kOwnerMayChange);
  }
}

// What can be seen to fail does so before there is anything to be taken back.
Result<void> Change::check_changeable(std::set<Path> asked) const {
  for (const Step& step : entry_.steps) {
    for (const std::string& name : {step.path, step.to}) {
      if (name.empty()) continue;
      TRY_ASSIGN(const Path path, path_in(workspace_, name));
      if (!asked.insert(path.parent()).second) continue;
      const auto place = workspace_.place(path);
      if (place) TRY(place->check_changeable());  // else an earlier step makes its directory
    }
  }
  return {};
}

Result<void> Change::make_directory_step(const Place& place, std::size_t at) {
  Plan& plan = plans_[at];
  auto made = place.make_directory(kNewDirectory);
  if (made || !plan.on_the_way || made.error().code != Code::kConflict) return made;
  // Another change that needs it has made it meanwhile.
  TRY_ASSIGN(const auto there, place.look());
  if (!there || there->kind != sandbox::Kind::kDirectory) return made;
  plan.mine = false;
  return {};
}

// Once everything is in them, the deepest first: a mode may forbid its owner to put things there,
// and a default ACL is taken over by what is made there.
Result<void> Change::finish_directories() const {
  for (std::size_t at = entry_.steps.size(); at-- > 0;) {
    const Step& step = entry_.steps[at];
    if (step.kind != Step::Kind::kDirectory || !step.after || !plans_[at].mode) continue;
    TRY_ASSIGN(const Path path, path_in(workspace_, step.path));
    TRY_ASSIGN(const Place place, workspace_.place(path));
    if (!plans_[at].attributes.empty()) place.set_attributes(plans_[at].attributes);
    TRY(place.set_mode(*plans_[at].mode));
  }
  return {};
}

Result<void> Change::revert(std::size_t at, std::size_t made) {
  const Step& step = entry_.steps[at];
  TRY_ASSIGN(const Path path, path_in(workspace_, step.path));
  TRY_ASSIGN(const Place place, workspace_.place(path));
  // What the next step moves something onto goes with that step, not before.
  if (entry_.is_replaced_by_next(at) && at + 1 >= made) return {};
  const Looks now = looks(workspace_, entry_, at, changes_.limits()[Limit::kChangeBytes]);
  if (now == Looks::kOld && step.kind != Step::Kind::kMove) return {};
  if (now != Looks::kNew) {
    return fail(Code::kConflict, "another program has changed '{}' since", path.display());
  }
  if (step.kind == Step::Kind::kMove) {
    TRY_ASSIGN(const Path to, path_in(workspace_, step.to));
    TRY_ASSIGN(const Place target, workspace_.place(to));
    const auto& stamp = plans_[at].now;
    const bool there = is_file(target, stamp);
    if (there) {
      TRY_ASSIGN(const bool moved, target.move_to(place));
      if (!moved) return fail(Code::kInternal, "it cannot be renamed back");
      if (is_file(place, stamp)) return {};
      // It came between the look and the rename.
      TRY_ASSIGN(const bool back, place.move_to(target));
      if (!back) {
        return fail(Code::kConflict, "what another program put at '{}' is at '{}' now",
                    to.display(), step.path);
      }
    }
    return fail(Code::kConflict, "another program has changed '{}' since", to.display());
  }
  if (step.kind == Step::Kind::kDirectory) {
    if (!step.before) return plans_[at].mine ? place.remove_directory() : Result<void>();
    return place.make_directory(kNewDirectory);  // its mode comes last
  }
  TRY_ASSIGN(const auto there, place.look());
  if (!step.before) {
    if (!there) return {};
    return finished(at, place.remove_file(expected(there->stamp, &plans_[at].bytes), tag(at)));
  }
  if (is_for_good(step)) return fail(Code::kInternal, "'{}' was not kept", step.path);
  if (step.kind == Step::Kind::kLink) return make_link(place, step.old_bytes, step.attributes);
  if (revert_name(place, at, made)) return {};
  TRY_ASSIGN(sandbox::Draft draft, place.draft(tag(at), kPrivate));
  TRY(draft.write(step.old_bytes));
  if (there) {
    TRY(draft.resemble(place));
  } else {
    draft.set_attributes(step.attributes);
  }
  TRY(draft.set_mode(step.before->mode));
  TRY(sync_content(draft, there.has_value()));
  TRY_ASSIGN(plans_[at].now, draft.stamp());
  if (!there) return draft.put();
  return finished(at, draft.put_over(expected(there->stamp, &plans_[at].bytes)));
}

// Takes back the first `made` steps. What could not be: their paths, for the caller; "" for none.
std::string Change::take_back(std::size_t made) {
  std::string left;
  const auto take = [&](std::size_t at, const Result<void>& taken) {
    if (taken) return;
    log::error("a change could not be taken back: {}", taken.error().message);
    left.append(left.empty() ? "'" : ", '").append(entry_.steps[at].path).append("'");
  };
  const auto set_mode = [&](std::size_t at, std::uint32_t mode,
                            std::string_view attributes) -> Result<void> {
    TRY_ASSIGN(const Path path, path_in(workspace_, entry_.steps[at].path));
    TRY_ASSIGN(const Place place, workspace_.place(path));
    if (!attributes.empty()) place.set_attributes(attributes);
    TRY_ASSIGN(const auto there, place.look());
    return there && there->mode == mode ? Result<void>() : place.set_mode(mode);
  };
  const auto is_directory = [&](std::size_t at) {
    return entry_.steps[at].kind == Step::Kind::kDirectory;
  };
  // What was put into a directory that nothing can be taken from any more goes nevertheless.
  for (std::size_t at = 0; at < made; ++at) {
    const bool closed = is_directory(at) && entry_.steps[at].after && plans_[at].mode;
    if (closed) (void)set_mode(at, *plans_[at].mode | kOwnerMayChange, {});
  }
  for (std::size_t at = made; at-- > 0;) take(at, revert(at, made));
  for (std::size_t at = 0; at < entry_.steps.size(); ++at) {
    const Step& step = entry_.steps[at];
    const bool changed = at < made || plans_[at].opens;
    if (!changed || !is_directory(at) || !step.before) continue;
    take(at, set_mode(at, step.before->mode, at < made ? step.attributes : ""));
  }
  return left;
}

Result<void> Change::try_out() const {
  std::set<Path> opened;  // what open_directories() would see to
  for (std::size_t at = 0; at < plans_.size(); ++at) {
    const bool opens =
        plans_[at].opens && (entry_.steps[at].before->mode & kOwnerMayChange) != kOwnerMayChange;
    if (!opens) continue;
    TRY_ASSIGN(Path path, path_in(workspace_, entry_.steps[at].path));
    opened.insert(std::move(path));
  }
  const auto able = check_changeable(std::move(opened));
  if (able) return {};
  return fail(able.error().code, "{}; nothing was changed", able.error().message);
}

Result<Receipt> Change::commit() {
  if (entry_.steps.empty()) return Receipt{};
  TRY(cancel_.check());
  entry_.time_ms = changes_.clock_.wall_ms();
  TRY_ASSIGN(journal::Journal* const journal, changes_.journal());
  find_shared_files();
  if (journal != nullptr) TRY(journal->begin(entry_));
  open_directories();
  std::size_t made = 0;
  Result<void> result;
  if (entry_.steps.size() > 1) result = check_changeable();
  while (result && made < entry_.steps.size()) {
    result = make(made);
    if (result) follow_own_change(made++);
  }
  if (result) result = finish_directories();
  if (result) result = sync_names();
  if (result) {
    end(Outcome::kDone);
    const bool for_good = std::any_of(entry_.steps.begin(), entry_.steps.end(), is_for_good);
    return Receipt{.id = entry_.id,
                   .undoable = journal != nullptr && !for_good,
                   .for_good = for_good,
                   .split = find_split()};
  }
  if (made < plans_.size() && plans_[made].stuck) ++made;  // in its middle
  const std::string left = take_back(made);
  // What is stuck is put back or removed by whoever settles the entry.
  const bool stuck =
      std::any_of(plans_.begin(), plans_.end(), [](const Plan& p) { return p.stuck; });
  if (!stuck) end(left.empty() ? Outcome::kReverted : Outcome::kPartly);
  const Error& cause = result.error();
  return fail(cause.code, "{}; {}{}", cause.message,
              left.empty() ? "nothing was changed"
                           : "changed nevertheless, since it could not be taken back: ",
              left);
}

void Change::end(Outcome outcome) {
  const auto journal = changes_.journal();
  if (!journal || *journal == nullptr) return;
  const auto ended = (*journal)->end(entry_.id, outcome);
  if (ended) return;
  log::warning("the journal: {}", ended.error().message);  // the next change finds it out
}

}  // namespace quarry::change
