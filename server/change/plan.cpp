// The part of Change that says what will be done: nothing in the tree changes here.

#include <algorithm>

#include "server/base/hash.h"
#include "server/base/ids.h"
#include "server/base/utf8.h"
#include "server/change/change.h"
#include "server/change/changes.h"

namespace quarry::change {
namespace {

using journal::Step;
using sandbox::Kind;
using sandbox::Metadata;
using sandbox::Path;

std::string shown(const Path& path) {
  std::string text;
  utf8::append_escaped_name(text, path.display());
  return text;
}

Failure not_a_file(const Path& path) {
  return fail(Code::kInvalidArgs, "'{}' is not a regular file", shown(path));
}

}  // namespace

std::string draft_tag(const std::string& id, std::size_t step) {
  return fmt::format("{}-{}", id, step);
}

journal::State state_of(std::string_view bytes, std::uint32_t mode) {
  return {.hash = content_hash(bytes), .mode = mode, .size = bytes.size()};
}

Result<Path> path_in(const sandbox::Workspace& workspace, const std::string& text) {
  // Component by component: the text is a path already and is not decoded again.
  Path path;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    path = path.child(std::string_view(text).substr(begin, end - begin));
    begin = end + 1;
  }
  if (path.is_root() || !workspace.parse("./" + std::string(path.name()))) {
    return fail(Code::kInternal, "the journal holds a path that is none");
  }
  return path;
}

Change::Change(Changes& changes, const sandbox::Workspace& workspace, Author author,
               const CancelToken& cancel)
    : changes_(changes), workspace_(workspace), cancel_(cancel) {
  constexpr std::size_t kIdLength = 10;
  std::string id = random_id();
  // It is typed by models: no characters that begin an option or are lost at an end.
  std::erase_if(id, [](char c) { return c == '-' || c == '_'; });
  entry_.id = id.substr(0, kIdLength);
  entry_.session = std::move(author.session);
  entry_.tool = std::move(author.tool);
  entry_.root = workspace.root();
}

Change::~Change() = default;

Result<void> Change::lock(std::span<const Path> paths) {
  TRY(changes_.recover(workspace_, cancel_));
  free_.clear();
  known_.clear();
  seen_.clear();
  last_.reset();
  std::vector<std::string> names;
  for (const Path& path : paths) {
    TRY(check_free(path));
    names.push_back(workspace_.root() + "/" + path.text());
  }
  const std::string subject =
      paths.size() == 1 ? "'" + shown(paths.front()) + "'" : "one of these files";
  held_.reset();  // else it would wait for itself
  TRY_ASSIGN(Locks::Held held, changes_.locks_.lock(names, subject, cancel_));
  held_ = std::move(held);
  return {};
}

Result<void> Change::check_free(const Path& path) {
  if (free_.count(path) != 0) return {};
  TRY(changes_.protection().check(workspace_, path, &known_));
  free_.insert(path);
  return {};
}

Result<std::optional<Found>> Change::read(const Path& path) {
  Plan unused;
  TRY_ASSIGN(std::optional<Found> found, read_planned(path, unused));
  // For the step that changes it. Of others only the stamp is kept.
  if (found && planned_.count(path) == 0) last_ = Last{.path = path, .found = *found};
  return found;
}

Result<std::optional<Found>> Change::read_planned(const Path& path, Plan& plan) {
  Path at = path;
  if (const auto planned = planned_.find(path); planned != planned_.end()) {
    plan.check = false;
    if (!planned->second.exists) {
      plan.check = true;
      return std::optional<Found>();
    }
    if (planned->second.step) {
      const std::size_t step = *planned->second.step;
      Found found;
      found.bytes = plans_[step].bytes;
      found.metadata.kind = entry_.steps[step].kind == Step::Kind::kLink        ? Kind::kSymlink
                            : entry_.steps[step].kind == Step::Kind::kDirectory ? Kind::kDirectory
                                                                                : Kind::kFile;
      if (entry_.steps[step].after) found.metadata.mode = entry_.steps[step].after->mode;
      return std::optional(std::move(found));
    }
    if (planned->second.origin) at = *planned->second.origin;
  }
  std::optional<Found> found;
  if (last_ && last_->path == at) {
    found = std::move(last_->found);
    last_.reset();
  } else {
    TRY_ASSIGN(found, read_now(at));
  }
  const auto stamp = found ? std::optional(found->metadata.stamp) : std::nullopt;
  // What was read once is what is changed, however often it was read.
  const auto [seen, first] = seen_.emplace(at, stamp);
  if (!first && seen->second != stamp) {
    return fail(Code::kConflict, "'{}' was changed by another program meanwhile; read it again",
                shown(path));
  }
  if (plan.check) plan.was = stamp;
  return found;
}

Result<std::optional<Found>> Change::read_now(const Path& path) const {
  const auto place = workspace_.place(path);
  if (!place) {
    // Nothing is where even its directory is not.
    if (place.error().code == Code::kNotFound) return std::optional<Found>();
    return Failure(place.error());
  }
  TRY_ASSIGN(const std::optional<Metadata> there, place->look());
  if (!there) return std::optional<Found>();
  Found found{.metadata = *there, .bytes = {}};
  const auto most = changes_.limits()[Limit::kChangeBytes];
  if (there->kind == Kind::kFile) {
    TRY_ASSIGN(const sandbox::File file, place->open_file());
    TRY(file.read_all(found.bytes, most));
    TRY_ASSIGN(found.metadata.stamp, file.restamp());
    if (found.metadata.stamp != file.stamp()) {
      return fail(Code::kConflict, "'{}' is being written by another program; call again",
                  shown(path));
    }
  } else if (there->kind == Kind::kSymlink) {
    TRY_ASSIGN(found.bytes, place->link_target());
  }
  return std::optional(std::move(found));
}

Result<void> Change::add(Step step, Plan plan) {
  TRY(cancel_.check());
  const Limits& limits = changes_.limits();
  if (entry_.steps.size() >= limits.size(Limit::kChangeFiles)) {
    return fail(Code::kTooLarge, "more than {} files and directories would change at once",
                limits[Limit::kChangeFiles]);
  }
  bytes_ += step.old_bytes.size() + plan.bytes.size();
  if (bytes_ > limits.size(Limit::kChangeBytes)) {
    return fail(Code::kTooLarge,
                "more than {} bytes would change at once, and could not be kept to be undone; "
                "change less in one call",
                limits[Limit::kChangeBytes]);
  }
  entry_.steps.push_back(std::move(step));
  plans_.push_back(std::move(plan));
  return {};
}

Result<bool> Change::is_directory(const Path& path) const {
  if (path.is_root()) return true;
  if (const auto planned = planned_.find(path); planned != planned_.end()) {
    if (!planned->second.exists) return false;
    if (planned->second.step) {
      return entry_.steps[*planned->second.step].kind == Step::Kind::kDirectory;
    }
  }
  const auto there = workspace_.metadata(path);
  if (!there) {
    if (there.error().code == Code::kNotFound) return false;
    return Failure(there.error());
  }
  if (there->kind == Kind::kDirectory) return true;
  return fail(Code::kInvalidArgs, "'{}' is not a directory", shown(path));
}

Result<void> Change::make_parents(const Path& path) {
  const Path parent = path.parent();
  TRY_ASSIGN(const bool there, is_directory(parent));
  if (there) return {};
  return make_directory(parent);
}

Result<void> Change::make_directory(const Path& path, std::optional<std::uint32_t> mode) {
  TRY(check_free(path));
  TRY(make_parents(path));
  planned_[path] = {.exists = true, .step = entry_.steps.size(), .origin = {}};
  return add({.kind = Step::Kind::kDirectory,
              .path = path.text(),
              .to = {},
              .before = {},
              .after = journal::State{.hash = {}, .mode = mode.value_or(0), .size = 0},
              .old_bytes = {}},
             {.bytes = {}, .mode = mode, .was = {}});
}

Result<void> Change::put(const Path& path, std::string bytes, std::optional<std::uint32_t> mode,
                         std::uint32_t new_mode) {
  TRY(check_free(path));
  Plan plan{.bytes = std::move(bytes), .mode = mode, .was = {}, .new_mode = new_mode};
  TRY_ASSIGN(std::optional<Found> found, read_planned(path, plan));
  Step step{.kind = Step::Kind::kFile, .path = path.text()};
  if (found) {
    if (found->metadata.kind == Kind::kDirectory) {
      return fail(Code::kInvalidArgs, "'{}' is a directory", shown(path));
    }
    if (found->metadata.kind != Kind::kFile) return not_a_file(path);
    step.before = state_of(found->bytes, found->metadata.mode);
    step.old_bytes = std::move(found->bytes);
  } else {
    TRY(make_parents(path));
  }
  const std::uint32_t after = mode.value_or(found ? found->metadata.mode : 0);
  step.after = state_of(plan.bytes, after);
  planned_[path] = {.exists = true, .step = entry_.steps.size(), .origin = {}};
  return add(std::move(step), std::move(plan));
}

Result<void> Change::put_link(const Path& path, std::string target) {
  TRY(check_free(path));
  Plan plan{.bytes = std::move(target), .mode = {}, .was = {}};
  TRY_ASSIGN(const std::optional<Found> found, read_planned(path, plan));
  if (found) return fail(Code::kConflict, "'{}' exists already", shown(path));
  TRY(make_parents(path));
  Step step{.kind = Step::Kind::kLink, .path = path.text()};
  step.after = state_of(plan.bytes, 0);
  planned_[path] = {.exists = true, .step = entry_.steps.size(), .origin = {}};
  return add(std::move(step), std::move(plan));
}

Result<void> Change::remove(const Path& path) {
  TRY(check_free(path));
  Plan plan;
  TRY_ASSIGN(std::optional<Found> found, read_planned(path, plan));
  if (!found) return fail(Code::kNotFound, "'{}' does not exist", shown(path));
  const Kind kind = found->metadata.kind;
  if (kind != Kind::kFile && kind != Kind::kSymlink) return not_a_file(path);
  Step step{.kind = kind == Kind::kFile ? Step::Kind::kFile : Step::Kind::kLink,
            .path = path.text()};
  step.before = state_of(found->bytes, found->metadata.mode);
  step.old_bytes = std::move(found->bytes);
  planned_[path] = {};
  return add(std::move(step), std::move(plan));
}

Result<void> Change::each_below(const Path& directory, bool top_first, const Visit& visit) {
  TRY(check_free(directory));
  TRY_ASSIGN(const Metadata itself, workspace_.metadata(directory));
  if (top_first) TRY(visit(directory, itself));
  std::vector<std::string> names;
  {
    TRY_ASSIGN(sandbox::Dir listing, workspace_.open_directory(directory));
    sandbox::Dir::Entry entry;
    while (true) {
      TRY_ASSIGN(const bool more, listing.next(entry));
      if (!more) break;
      names.emplace_back(entry.name);
    }
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    TRY(cancel_.check());
    const Path below = directory.child(name);
    TRY_ASSIGN(const Metadata what, workspace_.metadata(below));
    if (what.kind == Kind::kDirectory) {
      TRY(each_below(below, top_first, visit));
    } else {
      TRY(visit(below, what));
    }
  }
  if (!top_first) TRY(visit(directory, itself));
  return {};
}

Result<void> Change::remove_one(const Path& path, const Metadata& what) {
  if (what.kind != Kind::kDirectory) return remove(path);
  Step step{.kind = Step::Kind::kDirectory, .path = path.text()};
  step.before = journal::State{.hash = {}, .mode = what.mode, .size = 0};
  planned_[path] = {};
  return add(std::move(step), {});
}

Result<void> Change::remove_directory(const Path& path) {
  TRY(check_free(path));
  TRY_ASSIGN(const Metadata what, workspace_.metadata(path));
  return remove_one(path, what);
}

Result<void> Change::remove_tree(const Path& path) {
  return each_below(path, /*top_first=*/false, [this](const Path& below, const Metadata& what) {
    return remove_one(below, what);
  });
}

Result<void> Change::copy_one(const Path& from, const Path& to, const Metadata& what) {
  if (what.kind == Kind::kDirectory) return make_directory(to, what.mode);
  TRY_ASSIGN(std::optional<Found> found, read(from));
  if (!found) return fail(Code::kConflict, "'{}' went away meanwhile; call again", shown(from));
  if (found->metadata.kind == Kind::kSymlink) return put_link(to, std::move(found->bytes));
  if (found->metadata.kind != Kind::kFile) return not_a_file(from);
  return put(to, std::move(found->bytes), found->metadata.mode);
}

Result<void> Change::copy(const Path& from, const Path& to) {
  TRY_ASSIGN(const Metadata what, workspace_.metadata(from));
  if (what.kind != Kind::kDirectory) return copy_one(from, to, what);
  if (to == from || to.text().starts_with(from.text() + "/")) {
    return fail(Code::kInvalidArgs, "'{}' cannot be copied into itself", shown(from));
  }
  return each_below(from, /*top_first=*/true, [&](const Path& below, const Metadata& kind) {
    Path target = to;
    std::string_view rest = std::string_view(below.text()).substr(from.text().size());
    while (!rest.empty()) {
      rest.remove_prefix(1);
      const std::string_view name = rest.substr(0, rest.find('/'));
      target = target.child(name);
      rest.remove_prefix(name.size());
    }
    return copy_one(below, target, kind);
  });
}

Result<void> Change::move(const Path& from, const Path& to) {
  TRY(check_free(from));
  TRY(check_free(to));
  if (to == from || to.text().starts_with(from.text() + "/")) {
    return fail(Code::kInvalidArgs, "'{}' cannot be moved into itself", shown(from));
  }
  Path at = from;
  if (const auto planned = planned_.find(from);
      planned != planned_.end() && planned->second.origin) {
    at = *planned->second.origin;
  }
  TRY_ASSIGN(const Metadata what, workspace_.metadata(at));
  if (what.kind == Kind::kOther) return not_a_file(from);
  TRY(make_parents(to));
  // The nearest directory of the target that exists says which file system it will be on.
  Path near = to.parent();
  while (!near.is_root() && !workspace_.metadata(near)) near = near.parent();
  TRY_ASSIGN(const Metadata target, workspace_.metadata(near));
  if (target.stamp.device != what.stamp.device) {
    TRY(copy(from, to));
    return what.kind == Kind::kDirectory ? remove_tree(from) : remove(from);
  }
  // So that an undo can tell whether it is still the same. What is larger is not read.
  std::optional<journal::State> moved;
  if (what.kind != Kind::kDirectory && what.stamp.size <= changes_.limits()[Limit::kChangeBytes]) {
    TRY_ASSIGN(const std::optional<Found> found, read(from));
    if (found) moved = state_of(found->bytes, found->metadata.mode);
  }
  planned_[from] = {};
  planned_[to] = {.exists = true, .step = {}, .origin = at};
  return add({.kind = Step::Kind::kMove,
              .path = from.text(),
              .to = to.text(),
              .before = {},
              .after = std::move(moved),
              .old_bytes = {}},
             {});
}

}  // namespace quarry::change
