// The part of Change that says what will be done: nothing in the tree changes here.

#include <algorithm>

#include "server/base/hash.h"
#include "server/base/ids.h"
#include "server/change/change.h"
#include "server/change/changes.h"
#include "server/change/words.h"
#include "server/sandbox/status.h"

namespace quarry::change {
namespace {

using journal::Step;
using sandbox::Kind;
using sandbox::Metadata;
using sandbox::Path;

}  // namespace

std::string draft_tag(const std::string& id, std::size_t step) {
  return fmt::format("{}-{}", id, step);
}

journal::State state_of(std::string_view bytes, std::uint32_t mode) {
  return {.hash = content_hash(bytes), .mode = mode, .size = bytes.size()};
}

// No content hash begins like this.
constexpr char kUnread = '=';

journal::State state_unread(const Metadata& metadata) {
  const sandbox::Stamp& stamp = metadata.stamp;
  return {.hash = fmt::format("{}{:x}-{:x}", kUnread, stamp.inode, stamp.mtime_ns),
          .mode = metadata.mode,
          .size = static_cast<std::uint64_t>(stamp.size)};
}

bool is_unread(const journal::State& state) {
  return state.hash.starts_with(kUnread);
}

bool is_for_good(const Step& step) {
  return step.before && !step.after && is_unread(*step.before);
}

Result<Path> path_in(const sandbox::Workspace& workspace, const std::string& text) {
  if (auto plain = Path::parse(text, {}); plain && plain->text() == text) return plain;
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

Result<sandbox::Place> place_in(const sandbox::Workspace& workspace, const std::string& text) {
  TRY_ASSIGN(const Path path, path_in(workspace, text));
  return workspace.place(path);
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

Result<void> Change::lock(std::span<const Path> paths, std::span<const Path> given) {
  TRY(changes_.recover(workspace_));
  free_.clear();
  known_.clear();
  seen_.clear();
  last_.reset();
  std::vector<std::string> names{lock_of(entry_.id)};
  for (const Path& path : paths) {
    TRY(check_free(path));
    names.push_back(lock_of(workspace_.root(), path.text()));
  }
  for (const Path& path : given) TRY(check_free(path));
  const std::string subject =
      paths.size() == 1 ? "'" + shown_path(paths.front()) + "'" : "one of these files";
  held_.reset();  // else it would wait for itself
  TRY_ASSIGN(Locks::Held held, changes_.locks_.lock(names, subject, cancel_));
  held_.emplace(std::move(held));
  begun_ms_ = changes_.clock_.wall_ms();
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
  const Planned source = source_of(path);
  if (found && source.origin) last_ = Last{.path = *source.origin, .found = *found};
  return found;
}

Result<std::optional<Metadata>> Change::look(const Path& path) const {
  const Planned source = source_of(path);
  if (source.step) return std::optional(planned_metadata(*source.step));
  if (!source.origin) return std::optional<Metadata>();
  const auto place = workspace_.place(*source.origin);
  if (place) return place->look();
  if (place.error().code == Code::kNotFound) return std::optional<Metadata>();
  return Failure(place.error());
}

Metadata Change::planned_metadata(std::size_t step) const {
  Metadata metadata;
  const Step::Kind kind = entry_.steps[step].kind;
  metadata.kind = kind == Step::Kind::kLink        ? Kind::kSymlink
                  : kind == Step::Kind::kDirectory ? Kind::kDirectory
                                                   : Kind::kFile;
  if (entry_.steps[step].after) metadata.mode = entry_.steps[step].after->mode;
  return metadata;
}

Result<std::optional<Found>> Change::read_planned(const Path& path, Plan& plan) {
  const Planned source = source_of(path);
  plan.check = !source.step && (!source.origin || *source.origin == path);
  if (source.step) {
    Found found{.metadata = planned_metadata(*source.step), .bytes = plans_[*source.step].bytes};
    return std::optional(std::move(found));
  }
  if (!source.origin) return std::optional<Found>();
  const Path& at = *source.origin;
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
    return sandbox::changed_meanwhile(path.display());
  }
  plan.was = stamp;
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
    if (there->stamp.size > most) {
      return fail(Code::kTooLarge,
                  "'{}' has {} bytes, and a change keeps at most {} so that it can be undone (the "
                  "server's --limit change_bytes=)",
                  shown_path(path), there->stamp.size, most);
    }
    TRY_ASSIGN(const sandbox::File file, place->open_file());
    TRY(file.read_all(found.bytes, most));
    TRY_ASSIGN(found.metadata.stamp, file.restamp());
    if (found.metadata.stamp != file.stamp()) {
      return fail(Code::kConflict, "'{}' is being written by another program; call again",
                  shown_path(path));
    }
  } else if (there->kind == Kind::kSymlink) {
    TRY_ASSIGN(found.bytes, place->link_target());
  }
  return std::optional(std::move(found));
}

std::string Change::attributes_of(const Path& path) const {
  const Planned source = source_of(path);
  if (!source.origin) return {};
  const auto place = workspace_.place(*source.origin);
  return place ? place->attributes() : std::string();
}

Result<void> Change::add(Step step, Plan plan) {
  TRY(cancel_.check());
  const Limits& limits = changes_.limits();
  if (entry_.steps.size() >= limits.size(Limit::kChangeFiles)) {
    return fail(Code::kTooLarge,
                "more than {} files and directories would change at once (the server's --limit "
                "change_files=); change less in one call",
                limits[Limit::kChangeFiles]);
  }
  bytes_ += step.old_bytes.size() + step.attributes.size() + plan.bytes.size();
  if (bytes_ > limits.size(Limit::kChangeBytes)) {
    return fail(Code::kTooLarge,
                "more than {} bytes would change at once, and could not be kept to be undone (the "
                "server's --limit change_bytes=); change less in one call",
                limits[Limit::kChangeBytes]);
  }
  entry_.steps.push_back(std::move(step));
  plans_.push_back(std::move(plan));
  return {};
}

Result<bool> Change::is_directory(const Path& path) const {
  if (path.is_root()) return true;
  const Planned source = source_of(path);
  if (source.step) return entry_.steps[*source.step].kind == Step::Kind::kDirectory;
  if (!source.origin) return false;
  const auto there = workspace_.metadata(*source.origin);
  if (!there) {
    if (there.error().code == Code::kNotFound) return false;
    return Failure(there.error());
  }
  if (there->kind == Kind::kDirectory) return true;
  return fail(Code::kInvalidArgs, "'{}' is not a directory", shown_path(path));
}

Result<void> Change::make_parents(const Path& path) {
  std::vector<Path> missing;
  for (Path at = path.parent();; at = at.parent()) {
    TRY(cancel_.check());
    TRY_ASSIGN(const bool there, is_directory(at));
    if (there) break;
    missing.push_back(at);
  }
  for (; !missing.empty(); missing.pop_back()) {
    TRY(check_free(missing.back()));
    TRY(add_directory(missing.back(), {.bytes = {}, .mode = {}, .was = {}, .on_the_way = true}));
  }
  return {};
}

Result<void> Change::make_directory(const Path& path, std::optional<std::uint32_t> mode,
                                    std::string attributes) {
  TRY(check_free(path));
  TRY(make_parents(path));
  return add_directory(path,
                       {.bytes = {}, .mode = mode, .was = {}, .attributes = std::move(attributes)});
}

Result<void> Change::add_directory(const Path& path, Plan plan) {
  planned_[path] = {.step = entry_.steps.size(), .origin = {}};
  Step step{.kind = Step::Kind::kDirectory, .path = path.text()};
  step.after = journal::State{.hash = {}, .mode = plan.mode.value_or(0), .size = 0};
  return add(std::move(step), std::move(plan));
}

Result<void> Change::put(const Path& path, std::string bytes, std::optional<std::uint32_t> mode,
                         std::uint32_t new_mode, std::string attributes) {
  TRY(check_free(path));
  Plan plan{.bytes = std::move(bytes),
            .mode = mode,
            .was = {},
            .new_mode = new_mode,
            .attributes = std::move(attributes)};
  TRY_ASSIGN(std::optional<Found> found, read_planned(path, plan));
  Step step{.kind = Step::Kind::kFile, .path = path.text()};
  if (found) {
    if (found->metadata.kind == Kind::kDirectory) {
      return fail(Code::kInvalidArgs, "'{}' is a directory", shown_path(path));
    }
    if (found->metadata.kind != Kind::kFile) return not_a_file(path);
    step.before = state_of(found->bytes, found->metadata.mode);
    step.old_bytes = std::move(found->bytes);
    plan.names = found->metadata.links;
  } else {
    TRY(make_parents(path));
  }
  const std::uint32_t after = mode.value_or(found ? found->metadata.mode : 0);
  step.after = state_of(plan.bytes, after);
  planned_[path] = {.step = entry_.steps.size(), .origin = {}};
  return add(std::move(step), std::move(plan));
}

Result<void> Change::put_link(const Path& path, std::string target, std::string attributes) {
  TRY(check_free(path));
  Plan plan{.bytes = std::move(target), .mode = {}, .was = {}, .attributes = std::move(attributes)};
  TRY_ASSIGN(const std::optional<Found> found, read_planned(path, plan));
  if (found) return fail(Code::kConflict, "'{}' exists already", shown_path(path));
  TRY(make_parents(path));
  Step step{.kind = Step::Kind::kLink, .path = path.text()};
  step.after = state_of(plan.bytes, 0);
  planned_[path] = {.step = entry_.steps.size(), .origin = {}};
  return add(std::move(step), std::move(plan));
}

Result<void> Change::remove(const Path& path, Keep keep) {
  TRY(check_free(path));
  Plan plan;
  Step step{.kind = Step::Kind::kFile, .path = path.text()};
  std::optional<Metadata> there;
  if (keep == Keep::kNothing && planned_.count(path) == 0) {
    TRY_ASSIGN(there, look(path));
  }
  if (there && (there->kind == Kind::kFile || there->kind == Kind::kOther)) {
    plan.was = there->stamp;
    step.before = state_unread(*there);
  } else {
    TRY_ASSIGN(std::optional<Found> found, read_planned(path, plan));
    if (!found) return fail(Code::kNotFound, "'{}' does not exist", shown_path(path));
    const Kind kind = found->metadata.kind;
    if (kind == Kind::kOther) {
      return fail(Code::kInvalidArgs, "'{}' is a pipe, a socket or a device, and cannot be kept",
                  shown_path(path));
    }
    if (kind == Kind::kDirectory) return not_a_file(path);
    if (kind == Kind::kSymlink) step.kind = Step::Kind::kLink;
    step.attributes = attributes_of(path);
    step.before = state_of(found->bytes, found->metadata.mode);
    step.old_bytes = std::move(found->bytes);
  }
  planned_[path] = {};
  return add(std::move(step), std::move(plan));
}

}  // namespace quarry::change
