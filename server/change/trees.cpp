// The part of Change that says what will be done with directories and all that they hold, and with
// what is moved or copied.

#include <algorithm>

#include "server/change/change.h"
#include "server/change/changes.h"
#include "server/change/words.h"

namespace quarry::change {
namespace {

using journal::Step;
using sandbox::Kind;
using sandbox::Metadata;
using sandbox::Path;

bool is_within(const Path& path, const Path& directory) {
  return path == directory || path.text().starts_with(directory.text() + "/");
}

// `path`, at or below `from`, when `from` is at `to`.
Path moved_path(const Path& path, const Path& from, const Path& to) {
  Path moved = to;
  std::string_view rest = std::string_view(path.text()).substr(from.text().size());
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view name = rest.substr(0, rest.find('/'));
    moved = moved.child(name);
    rest.remove_prefix(name.size());
  }
  return moved;
}

// The part of a map by path that lies below `directory`.
template <typename Map>
auto below(Map& map, const Path& directory) {
  const std::string prefix = directory.is_root() ? "" : directory.text() + "/";
  // Names of its own directory that sort before the slash stand between them.
  auto begin = map.upper_bound(directory);
  while (begin != map.end() && begin->first.text() < prefix) ++begin;
  auto end = begin;
  while (end != map.end() && end->first.text().starts_with(prefix)) ++end;
  return std::pair(begin, end);
}

}  // namespace

// Where what the steps so far leave at `path` is now.
Change::Planned Change::source_of(const Path& path) const {
  for (Path at = path; !planned_.empty(); at = at.parent()) {
    if (const auto found = planned_.find(at); found != planned_.end()) {
      const Planned& planned = found->second;
      if (at == path) return planned;
      // In a directory that they make, or remove, is only what they put there.
      if (!planned.origin) return {};
      return {.step = {}, .origin = moved_path(path, at, *planned.origin)};
    }
    if (at.is_root()) break;
  }
  return {.step = {}, .origin = path};
}

void Change::plan_move(const Path& from, const Path& to) {
  Planned moved = source_of(from);
  const auto [gone, gone_end] = below(planned_, to);
  planned_.erase(gone, gone_end);
  std::map<Path, Planned> taken;
  const auto [begin, end] = below(planned_, from);
  for (auto at = begin; at != end; ++at) {
    taken.emplace(moved_path(at->first, from, to), std::move(at->second));
  }
  planned_.erase(begin, end);
  planned_.merge(taken);
  planned_[from] = {};
  planned_[to] = std::move(moved);
}

Result<std::set<std::string>> Change::names_in(const Path& directory) const {
  std::set<std::string> names;
  const Planned source = source_of(directory);
  if (!source.step && !source.origin) {
    return fail(Code::kNotFound, "'{}' does not exist", shown_path(directory));
  }
  if (source.origin) {
    TRY_ASSIGN(sandbox::Dir listing, workspace_.open_directory(*source.origin));
    sandbox::Dir::Entry entry;
    while (true) {
      TRY_ASSIGN(const bool more, listing.next(entry));
      if (!more) break;
      names.emplace(entry.name);
    }
  }
  const auto [begin, end] = below(planned_, directory);
  for (auto at = begin; at != end; ++at) {
    const auto& [path, planned] = *at;
    if (path.parent() != directory) continue;
    const std::string name(path.name());
    if (planned.step || planned.origin) {
      names.insert(name);
    } else {
      names.erase(name);
    }
  }
  return names;
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

// Else what is beside or in it would go before it fails to.
Result<void> Change::check_no_mount(const Path& path) const {
  const auto place = workspace_.place(path);
  if (!place || !place->is_mount_point()) return {};
  return fail(Code::kConflict,
              "'{}' is a mount point, which cannot be removed; delete what is in or beside it",
              shown_path(path));
}

Result<void> Change::remove_one(const Path& path, const Metadata& what, Keep keep) {
  TRY(check_no_mount(path));
  if (what.kind != Kind::kDirectory) return remove(path, keep);
  Step step{.kind = Step::Kind::kDirectory, .path = path.text()};
  step.before = keep == Keep::kNothing ? state_unread(what)
                                       : journal::State{.hash = {}, .mode = what.mode, .size = 0};
  step.attributes = attributes_of(path);
  planned_[path] = {};
  return add(std::move(step), {});
}

Result<void> Change::remove_directory(const Path& path) {
  TRY(check_free(path));
  TRY_ASSIGN(const std::optional<Metadata> what, look(path));
  if (!what) return fail(Code::kNotFound, "'{}' does not exist", shown_path(path));
  TRY(remove_one(path, *what, Keep::kContent));
  plans_.back().opens = what->kind == Kind::kDirectory;
  return {};
}

Result<void> Change::remove_tree(const Path& path, Keep keep) {
  TRY_ASSIGN(const Metadata itself, workspace_.metadata(path));
  if (itself.kind != Kind::kDirectory) return remove(path, keep);
  return each_below(path, /*top_first=*/false, [&](const Path& below, const Metadata& what) {
    return remove_one(below, what, keep);
  });
}

Result<bool> Change::remove_part(const Path& directory, std::size_t most) {
  TRY_ASSIGN(const std::set<std::string> names, names_in(directory));
  for (const std::string& name : names) {
    TRY(cancel_.check());
    if (steps() >= most) return false;
    const Path below = directory.child(name);
    TRY_ASSIGN(const Metadata what, workspace_.metadata(below));
    if (what.kind == Kind::kDirectory) {
      TRY_ASSIGN(const bool whole, remove_part(below, most));
      if (!whole) return false;
    } else {
      TRY(remove_one(below, what, Keep::kNothing));
    }
  }
  if (steps() >= most) return false;
  TRY_ASSIGN(const Metadata itself, workspace_.metadata(directory));
  TRY(remove_one(directory, itself, Keep::kNothing));
  return true;
}

Result<void> Change::check_tree(const Path& directory) {
  TRY(check_free(directory));
  TRY(check_no_mount(directory));
  return check_tree_free(directory, directory);
}

Result<void> Change::copy_one(Copied copied, const Path& from, const Path& to, const Metadata& what,
                              const Path* name_of) {
  std::string attributes = copied == Copied::kMoved ? attributes_of(from) : std::string();
  if (what.kind == Kind::kDirectory) return make_directory(to, what.mode, std::move(attributes));
  TRY_ASSIGN(std::optional<Found> found, read(from));
  if (!found)
    return fail(Code::kConflict, "'{}' went away meanwhile; call again", shown_path(from));
  if (found->metadata.kind == Kind::kSymlink) {
    return put_link(to, std::move(found->bytes), std::move(attributes));
  }
  if (found->metadata.kind != Kind::kFile) return not_a_file(from);
  const std::uint32_t mode = found->metadata.mode;
  if (name_of == nullptr) {
    return put(to, std::move(found->bytes), mode, kNewFile, std::move(attributes));
  }
  return put_name(to, std::move(found->bytes), mode, std::move(attributes), *name_of);
}

Result<bool> Change::is_over_file(const Metadata& what, const Path& to) {
  if (what.kind != Kind::kFile) return false;
  TRY_ASSIGN(const std::optional<Found> there, read(to));
  return there && there->metadata.kind == Kind::kFile;
}

Result<void> Change::copy(const Path& from, const Path& to, bool replace) {
  return copy_as(Copied::kNew, from, to, replace);
}

Result<void> Change::copy_as(Copied copied, const Path& from, const Path& to, bool replace) {
  TRY_ASSIGN(const Metadata what, workspace_.metadata(from));
  if (what.kind != Kind::kDirectory) {
    // A file comes over a file in one step.
    if (replace) {
      TRY_ASSIGN(const bool over, is_over_file(what, to));
      if (!over) TRY(remove(to));
    }
    return copy_one(copied, from, to, what);
  }
  if (is_within(to, from)) {
    return fail(Code::kInvalidArgs, "'{}' cannot be copied into itself", shown_path(from));
  }
  std::map<std::pair<std::uint64_t, std::uint64_t>, Path> moved;  // files that have other names
  return each_below(from, /*top_first=*/true, [&](const Path& below, const Metadata& one) {
    const Path target = moved_path(below, from, to);
    const bool shared = copied == Copied::kMoved && one.kind == Kind::kFile && one.links > 1;
    if (!shared) return copy_one(copied, below, target, one);
    const auto [name, first] = moved.emplace(std::pair(one.stamp.device, one.stamp.inode), target);
    return copy_one(copied, below, target, one, first ? nullptr : &name->second);
  });
}

Result<void> Change::check_tree_free(const Path& from, const Path& to) {
  std::vector<Path> pending{from};
  while (!pending.empty()) {
    const Path directory = std::move(pending.back());
    pending.pop_back();
    TRY_ASSIGN(sandbox::Dir listing, workspace_.open_directory(directory));
    sandbox::Dir::Entry entry;
    while (true) {
      TRY(cancel_.check());
      TRY_ASSIGN(const bool more, listing.next(entry));
      if (!more) break;
      Path below = directory.child(entry.name);
      for (const Path& path : {below, moved_path(below, from, to)}) {
        TRY(changes_.protection().check(workspace_, path, &known_));
      }
      if (to == from) TRY(check_no_mount(below));
      if (entry.kind == Kind::kDirectory) pending.push_back(std::move(below));
    }
  }
  return {};
}

Result<void> Change::move(const Path& from, const Path& to, bool replace) {
  TRY(check_free(from));
  TRY(check_free(to));
  if (is_within(to, from)) {
    return fail(Code::kInvalidArgs, "'{}' cannot be moved into itself", shown_path(from));
  }
  const Planned source = source_of(from);
  Metadata what;
  if (source.step) {
    what = planned_metadata(*source.step);
  } else {
    TRY_ASSIGN(what, workspace_.metadata(source.origin.value_or(from)));
  }
  if (what.kind == Kind::kOther) return not_a_file(from);
  TRY(make_parents(to));
  if (source.origin) {
    // The nearest directory of the target that exists says which file system it will be on.
    Path near = to.parent();
    while (!near.is_root() && !workspace_.metadata(near)) near = near.parent();
    TRY_ASSIGN(const Metadata target, workspace_.metadata(near));
    if (target.stamp.device != what.stamp.device) {
      TRY(copy_as(Copied::kMoved, from, to, replace));
      return what.kind == Kind::kDirectory ? remove_tree(from) : remove(from);
    }
    if (what.kind == Kind::kDirectory) TRY(check_tree_free(*source.origin, to));
  }
  if (replace) TRY(remove(to));
  // So that an undo can tell whether it is still the same.
  std::optional<journal::State> moved;
  if (what.kind == Kind::kFile && what.stamp.size > changes_.limits()[Limit::kChangeBytes]) {
    moved = state_unread(what);
  } else if (what.kind != Kind::kDirectory) {
    TRY_ASSIGN(const std::optional<Found> found, read(from));
    if (found) moved = state_of(found->bytes, found->metadata.mode);
  }
  plan_move(from, to);
  return add({.kind = Step::Kind::kMove,
              .path = from.text(),
              .to = to.text(),
              .before = {},
              .after = std::move(moved),
              .old_bytes = {}},
             {});
}

}  // namespace quarry::change
