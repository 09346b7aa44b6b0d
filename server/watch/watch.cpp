#include "server/watch/watch.h"

#include <cerrno>
#include <cstring>
#include <new>

#include <sys/inotify.h>

#include "server/sandbox/file_system.h"
#include "server/sandbox/shown.h"

namespace quarry::watch {
namespace {

using sandbox::Dir;
using sandbox::Kind;
using sandbox::Path;
using sandbox::Workspace;

constexpr std::uint32_t kGone = IN_MOVED_FROM | IN_DELETE;
constexpr std::uint32_t kCame = IN_MOVED_TO | IN_CREATE;

bool lies_below(std::string_view path, std::string_view directory) {
  return directory.empty() || (path.size() > directory.size() && path.starts_with(directory) &&
                               path[directory.size()] == '/');
}

bool in_git_of_root(const Path& path) {
  return path.text() == ".git" || path.text().starts_with(".git/");
}

}  // namespace

Watch::Watch(std::unique_ptr<Notifier> notifier, Epochs& epochs, Changes& changes, Quota& quota,
             std::size_t max_directories)
    : notifier_(std::move(notifier)),
      epochs_(epochs),
      changes_(changes),
      quota_(quota),
      max_directories_(max_directories) {
  epochs_.git_known = true;
  looks_.push_back({Path(), Area::kTree});
}

Watch::~Watch() {
  quota_.used.fetch_sub(by_path_.size(), std::memory_order_relaxed);
}

Watch::State Watch::catch_up(const Workspace& files, std::size_t steps) {
  try {
    return advance(files, steps);
  } catch (const std::bad_alloc&) {
    why_ = "out of memory";  // short enough to need none
    return State::kFailed;
  }
}

Watch::State Watch::advance(const Workspace& files, std::size_t steps) {
  take_events();
  for (; !lost_ && !forgets_.empty() && forget(forgets_.front(), steps); forgets_.pop_front()) {
  }
  while (!lost_ && why_.empty() && forgets_.empty() && !looks_.empty() && steps > 0) {
    --steps;
    const Task task = std::move(looks_.front());
    looks_.pop_front();
    look(files, task);
  }
  const bool whole = forgets_.empty() && looks_.empty();
  if (why_.empty() && !lost_ && whole) settle_git(files);
  if (!why_.empty()) return State::kFailed;
  if (lost_) return State::kLost;
  return whole ? State::kWhole : State::kBehind;
}

void Watch::take_events() {
  Notifier::Event event;
  while (!lost_ && why_.empty() && notifier_->next(event)) take(event);
}

void Watch::take(const Notifier::Event& event) {
  if ((event.mask & (IN_Q_OVERFLOW | IN_UNMOUNT)) != 0) return lose();
  const auto known = by_watch_.find(event.watch);
  if ((event.mask & IN_IGNORED) != 0) {
    if (known != by_watch_.end()) drop(known->second);
    return;
  }
  if (known == by_watch_.end()) {
    // Of a directory that has been forgotten since; its changes are those of a subtree.
    ++epochs_.tree;
    ++epochs_.git;
    return;
  }
  const Directories::const_iterator directory = known->second;
  note(directory->first, directory->second.area, event.name);
  if (event.name.empty()) return;
  const bool git = event.name == ".git" && directory->second.area == Area::kTree;
  if ((event.mask & IN_ISDIR) != 0 || git) {
    name_changed(directory, event);
  } else if (directory->second.area != Area::kTree && (event.mask & kCame) != 0) {
    git_entry_changed(directory, event);
  }
}

void Watch::note(const Path& path, Area area, std::string_view name) {
  const Counts counts = counts_for(area, name);
  if (counts.git) ++epochs_.git;
  if (!counts.tree) return;
  ++epochs_.tree;
  if (area == Area::kTree) return changes_.add_directory(path.text());
  // Ignore rules that hold for the directory of the repository, or where they are far from it.
  const Path git = area == Area::kGitInfo ? path.parent() : path;
  changes_.add_directory(git.parent().text());
}

void Watch::name_changed(const Directories::const_iterator& directory,
                         const Notifier::Event& event) {
  const Area area = area_below(directory->second.area, event.name);
  if (area == Area::kSkipped) return;
  Path path = directory->first.child(event.name);
  // A name that was moved away may be taken again already: an exchange tells of both names twice,
  // the going last. Attributes may have made readable what was not.
  const bool look =
      (event.mask & IN_ISDIR) != 0 && ((event.mask & (kCame | IN_MOVED_FROM)) != 0 ||
                                       ((event.mask & IN_ATTRIB) != 0 && !by_path_.contains(path)));
  const bool forget = (event.mask & (kCame | kGone)) != 0;
  if (path.text() == ".git" && forget) {
    epochs_.git_known = true;  // looked at anew
    git_entries_.push_back(path);
  }
  if (area == Area::kTree && (forget || look)) changes_.add_subtree(path.text());
  if (of_submodules(area) && (forget || look)) {
    ++epochs_.tree;
    changes_.add_directory(directory->first.text());
  }
  if (forget) forgets_.push_back(path);
  if (look) looks_.push_back({std::move(path), area});
}

void Watch::git_entry_changed(const Directories::const_iterator& directory,
                              const Notifier::Event& event) {
  if (!epochs_.git_known || !in_git_of_root(directory->first)) return;
  if (of_submodules(directory->second.area)) return;
  git_entries_.push_back(directory->first.child(event.name));
}

// Whether what came into the root's git directory leads out of it.
void Watch::settle_git(const Workspace& files) {
  for (; !git_entries_.empty(); git_entries_.pop_front()) {
    const Path& path = git_entries_.front();
    const auto metadata = files.metadata(path);
    if (!metadata) continue;
    const bool away = path.text() == ".git"
                          ? metadata->kind != Kind::kDirectory
                          : leads_away(path.parent().text() == ".git" ? Area::kGit : Area::kGitLeaf,
                                       path.name(), metadata->kind == Kind::kSymlink);
    if (away) epochs_.git_known = false;
  }
}

bool Watch::forget(const Path& path, std::size_t& steps) {
  if (const auto itself = by_path_.find(path); itself != by_path_.end()) {
    notifier_->remove(itself->second.watch);
    drop(itself);
  }
  const std::string below = path.text() + "/";
  auto at = by_path_.lower_bound(std::string_view(below));
  while (at != by_path_.end() && lies_below(at->first.text(), path.text())) {
    if (steps == 0) return false;
    --steps;
    notifier_->remove(at->second.watch);
    const auto next = std::next(at);
    drop(at);
    at = next;
  }
  return true;
}

void Watch::drop(Directories::iterator directory) {
  by_watch_.erase(directory->second.watch);
  by_path_.erase(directory);
  quota_.used.fetch_sub(1, std::memory_order_relaxed);
}

void Watch::look(const Workspace& files, const Task& task) {
  const Area area = settled_area(task.area, [&](std::string_view name) {
    return files.metadata(task.path.parent().child(name)).has_value();
  });
  if (area == Area::kSkipped) return;
  auto directory = files.open_directory(task.path);
  if (!directory) return unopened(files, task, directory.error());
  const auto stamp = directory->stamp();
  if (stamp && stamp->device != device_) {
    if (std::string why = sandbox::why_not_own(directory->descriptor()); !why.empty()) {
      return fail(fmt::format("{} is on {}", sandbox::shown_name(task.path.display()), why));
    }
    device_ = stamp->device;
  }
  const int watch = notifier_->add(directory->descriptor());
  if (watch == -ENOENT || watch == -ENOTDIR) return;  // removed meanwhile; its parent will tell
  if (watch == -ENOSPC) {
    return fail("the system's limit of watches is reached (fs.inotify.max_user_watches)");
  }
  if (watch < 0) {
    return fail(fmt::format("{} cannot be watched: {}", sandbox::shown_name(task.path.display()),
                            strerrordesc_np(-watch)));
  }
  if (hold(task.path, area, watch)) list(*directory, {task.path, area});
}

// What cannot be opened is no directory any more, or one that nobody can look into; only one whose
// names can be used but not listed hides changes.
void Watch::unopened(const Workspace& files, const Task& task, const Error& error) {
  if (error.code == Code::kUnavailable) return fail(error.message);
  const auto metadata = files.metadata(task.path);
  if (!metadata || metadata->kind != Kind::kDirectory) return;
  const auto inside = files.metadata(task.path.child("a name to try"));
  if (!inside && inside.error().code == Code::kDenied) return;
  if (!inside && !files.metadata(task.path)) return;  // gone meanwhile
  fail(fmt::format("{} cannot be listed", sandbox::shown_name(task.path.display())));
}

bool Watch::hold(const Path& path, Area area, int watch) {
  if (const auto other = by_watch_.find(watch); other != by_watch_.end()) {
    if (other->second->first == path) return true;
    // One directory under two names: it moved while the tree was being read, or is mounted twice.
    lose();
    return false;
  }
  const auto known = by_path_.find(path);
  if (known != by_path_.end()) {
    by_watch_.erase(known->second.watch);
    notifier_->remove(known->second.watch);
    known->second = {watch, area};
    by_watch_.emplace(watch, known);
    return true;
  }
  if (by_path_.size() >= max_directories_) {
    too_many();
    return false;
  }
  const auto added = by_path_.emplace(path, Watched{watch, area}).first;
  if (quota_.used.fetch_add(1, std::memory_order_relaxed) >= quota_.limit) {
    drop(added);
    fail(fmt::format("the watches of this process hold {} directories, the most allowed",
                     quota_.limit));
    return false;
  }
  by_watch_.emplace(watch, added);
  return true;
}

void Watch::list(Dir& directory, const Task& task) {
  const bool git_of_root = in_git_of_root(task.path);
  Dir::Entry entry;
  while (true) {
    const auto more = directory.next(entry);
    if (!more) {
      return fail(fmt::format("{} cannot be listed", sandbox::shown_name(task.path.display())));
    }
    if (!*more) return;
    if (git_of_root && leads_away(task.area, entry.name, entry.kind == Kind::kSymlink)) {
      epochs_.git_known = false;
    }
    if (task.path.is_root() && entry.name == ".git" && entry.kind != Kind::kDirectory) {
      epochs_.git_known = false;
    }
    if (entry.kind != Kind::kDirectory) {
      // It may be another name of a file that was written before this directory was watched.
      if (task.area == Area::kTree) changes_.add_inode(entry.inode);
      continue;
    }
    const Area area = area_below(task.area, entry.name);
    if (area == Area::kSkipped) continue;
    if (task.path.text().size() + 1 + entry.name.size() > Path::kMaxBytes) {
      // Opened step by step, each deeper one would take longer: thousands of levels, minutes.
      return fail(fmt::format("a directory has a path of more than {} bytes", Path::kMaxBytes));
    }
    looks_.push_back({task.path.child(entry.name), area});
    if (looks_.size() > max_directories_) return too_many();
  }
}

void Watch::too_many() {
  fail(fmt::format("more than {} directories", max_directories_));
}

void Watch::lose() {
  lost_ = true;
  changes_.add_everything();
  ++epochs_.tree;
  ++epochs_.git;
}

void Watch::fail(std::string why) {
  why_ = std::move(why);
  changes_.add_everything();
  ++epochs_.tree;
  ++epochs_.git;
}

}  // namespace quarry::watch
