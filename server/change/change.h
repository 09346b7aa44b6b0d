// Change: one change of files in one tree, all of it or nothing.
//
// The files are locked first (lock()), then looked at (read(), look()), then each step is said
// (put(), remove(), ...), which captures what is there; commit() records all of it in the journal
// and then makes the steps. Looks and steps find what the steps before them will have made. So what
// a caller read is what it changes: a file that differs from what was captured when its step is
// made is a kConflict. When a step fails those before it are taken back; the error says so, and
// names what could not be.
//
// Paths are real (Workspace::real): no symlink on the way. Whatever is protected is refused.
//
// Belongs to one thread.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "server/base/cancel.h"
#include "server/base/result.h"
#include "server/change/locks.h"
#include "server/change/protection.h"
#include "server/journal/entry.h"
#include "server/sandbox/place.h"

namespace quarry::change {

class Changes;

// Whose change it is.
struct Author {
  std::string session;  // the journal's name of it: no other session sees the change
  std::string tool;
};

struct Found {
  sandbox::Metadata metadata;
  std::string bytes;  // of a file its content, of a symlink its target
};

struct Receipt {
  std::string id;         // of the change; "" when there was nothing to do
  bool undoable = false;  // it is in the journal
  bool for_good = false;  // it removed what was not kept
  // Files that it rewrote under some of their names only: the others keep the old content.
  std::vector<std::string> split = {};
};

class Change {
 public:
  static constexpr std::uint32_t kNewFile = 0666;
  static constexpr std::uint32_t kNewProgram = 0777;
  // Of a file that is removed: its content, so that it can be made again, or nothing, whatever its
  // size, and if it is a pipe, a socket or a device; there is no undo then.
  enum class Keep : std::uint8_t { kContent, kNothing };

  Change(Changes& changes, const sandbox::Workspace& workspace, Author author,
         const CancelToken& cancel);
  ~Change();
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;

  // Before all else; again it locks others instead. kDenied when one of `paths` is protected, or
  // one of `given`: the same as the caller named them, with symlinks on the way.
  Result<void> lock(std::span<const sandbox::Path> paths,
                    std::span<const sandbox::Path> given = {});

  // What is at `path` now, itself; nullopt: nothing. Directories have no bytes. kTooLarge beyond
  // what a change may take.
  Result<std::optional<Found>> read(const sandbox::Path& path);
  // The same without its content, of whatever size.
  Result<std::optional<sandbox::Metadata>> look(const sandbox::Path& path) const;
  // Of what is in a directory. kNotFound: nothing is there.
  Result<std::set<std::string>> names_in(const sandbox::Path& directory) const;

  // A file with `bytes`, made or replaced, with the directories on the way. `mode`: that it has
  // then, when given; else an old one keeps its own, and a new one has `new_mode` less the umask.
  // `attributes` (sandbox/attributes.h): of a new file; an old one keeps its own.
  Result<void> put(const sandbox::Path& path, std::string bytes,
                   std::optional<std::uint32_t> mode = std::nullopt,
                   std::uint32_t new_mode = kNewFile, std::string attributes = {});
  // The same as another name of the file that an earlier step puts at `of`, if that can be when it
  // is made: both were one file.
  Result<void> put_name(const sandbox::Path& path, std::string bytes,
                        std::optional<std::uint32_t> mode, std::string attributes,
                        const sandbox::Path& of);
  Result<void> put_link(const sandbox::Path& path, std::string target, std::string attributes = {});
  // With those on the way. `attributes`: as of put().
  Result<void> make_directory(const sandbox::Path& path,
                              std::optional<std::uint32_t> mode = std::nullopt,
                              std::string attributes = {});
  // A file or a symlink. kInvalidArgs of what cannot be kept and is to be.
  Result<void> remove(const sandbox::Path& path, Keep keep = Keep::kContent);
  // An empty directory, or one that earlier steps empty, also where its mode forbids its owner
  // that.
  Result<void> remove_directory(const sandbox::Path& path);
  // A directory with all that it holds. Refused when it holds something protected.
  Result<void> remove_tree(const sandbox::Path& path, Keep keep = Keep::kContent);
  // The same for good and in parts: as many entries of the directory as make `most` steps, the
  // deepest first. Whether it goes itself. Looks for what is protected only as far as it gets:
  // check_tree() first.
  Result<bool> remove_part(const sandbox::Path& directory, std::size_t most);
  // kDenied when the directory, which is to be removed, holds something protected; kConflict when
  // something is mounted in it.
  Result<void> check_tree(const sandbox::Path& directory);
  // Whatever `from` is, to where nothing is; with `replace`, a file or symlink may be there that
  // it takes the place of, with no moment in between where `from` is a file. Across file systems it
  // is copied and removed. A directory is refused that holds, or would hold, something protected.
  Result<void> move(const sandbox::Path& from, const sandbox::Path& to, bool replace = false);
  Result<void> copy(const sandbox::Path& from, const sandbox::Path& to, bool replace = false);

  std::size_t steps() const { return entry_.steps.size(); }
  // In the journal's words.
  const journal::Entry& entry() const { return entry_; }
  void reverts(const std::string& id) { entry_.undoes = id; }

  Result<Receipt> commit();
  // Instead, of a dry run: what commit() can see to fail before it begins, in its words.
  Result<void> try_out() const;

 private:
  struct Plan {
    std::string bytes;                   // new content or target
    std::optional<std::uint32_t> mode;   // of what is made
    std::optional<sandbox::Stamp> was;   // what must still be there
    bool check = true;                   // false: an earlier step makes it
    std::uint32_t new_mode = kNewFile;   // of a new file, less the umask, when `mode` says nothing
    std::string attributes;              // of what is made
    std::optional<std::size_t> name_of;  // the step that puts the file it is a name of
    std::optional<sandbox::Stamp> now;   // of the file that was put, or of what was moved
    bool on_the_way = false;             // a directory that may be there by the time it is made
    bool mine = true;                    // false: it was
    std::uint64_t names = 1;             // of the file that is replaced
    bool stuck = false;                  // what was there has the name of the step's draft
    bool opens = false;                  // a directory that its owner may not change, until it goes
  };
  // What the steps so far will have made of a path: with neither nothing is there. It stands for
  // all that lies below the path, but for what stands for itself.
  struct Planned {
    std::optional<std::size_t> step;      // that writes it
    std::optional<sandbox::Path> origin;  // where it lies until then
  };
  struct There {
    sandbox::Place place;
    sandbox::Metadata metadata;
  };
  // What read() answered last of what no step has made.
  struct Last {
    sandbox::Path path;  // where it lies now
    Found found;
  };
  using Visit = std::function<Result<void>(const sandbox::Path&, const sandbox::Metadata&)>;

  // As Protection has it, asked once.
  Result<void> check_free(const sandbox::Path& path);
  Planned source_of(const sandbox::Path& path) const;
  // `from`, and all below it, is at `to` from now on.
  void plan_move(const sandbox::Path& from, const sandbox::Path& to);
  // Of what the step makes.
  sandbox::Metadata planned_metadata(std::size_t step) const;
  Result<std::optional<Found>> read_planned(const sandbox::Path& path, Plan& plan);
  Result<std::optional<Found>> read_now(const sandbox::Path& path) const;
  // Of what is at `path` now, or where it lies until it is moved there; "" when an
  // earlier step makes it.
  std::string attributes_of(const sandbox::Path& path) const;
  Result<void> add(journal::Step step, Plan plan);
  Result<void> make_parents(const sandbox::Path& path);
  Result<void> add_directory(const sandbox::Path& path, Plan plan);
  Result<void> check_no_mount(const sandbox::Path& path) const;
  // Nothing below the directory `from` is protected, as it is or at `to`; nor is something mounted
  // there, when both are the same: it is to be removed.
  Result<void> check_tree_free(const sandbox::Path& from, const sandbox::Path& to);
  // Whether a regular file is to come where another is.
  Result<bool> is_over_file(const sandbox::Metadata& what, const sandbox::Path& to);
  Result<bool> is_directory(const sandbox::Path& path) const;
  // Entries of a directory before the directory itself, or (`top_first`) after it.
  Result<void> each_below(const sandbox::Path& directory, bool top_first, const Visit& visit);
  // A copy is its maker's; what is moved keeps its owner and attributes.
  enum class Copied : std::uint8_t { kNew, kMoved };
  Result<void> copy_as(Copied copied, const sandbox::Path& from, const sandbox::Path& to,
                       bool replace);
  // `name_of`: null, or where another name of the same file was copied to.
  Result<void> copy_one(Copied copied, const sandbox::Path& from, const sandbox::Path& to,
                        const sandbox::Metadata& what, const sandbox::Path* name_of = nullptr);
  Result<void> remove_one(const sandbox::Path& path, const sandbox::Metadata& what, Keep keep);

  Result<void> make(std::size_t at);
  void open_directories() const;
  // `asked`: directories that need no look.
  Result<void> check_changeable(std::set<sandbox::Path> asked = {}) const;
  Result<void> make_directory_step(const sandbox::Place& place, std::size_t at);
  Result<void> finish_directories() const;
  void follow_own_change(std::size_t made);
  void find_shared_files();
  std::vector<std::string> find_split() const;
  std::optional<There> find_file(std::size_t step,
                                 const std::optional<sandbox::Stamp>& stamp) const;
  Result<void> write_file(const sandbox::Place& place, std::size_t at);
  // The step's file as another name of the one that `first` is of. False where that is not to be
  // had.
  Result<bool> write_name(const sandbox::Place& place, std::size_t at, std::size_t first);
  // The same for a file that is put back.
  bool revert_name(const sandbox::Place& place, std::size_t at, std::size_t made);
  Result<void> check_unchanged(const sandbox::Place& place, const Plan& plan) const;
  Result<sandbox::Expected> expected(const sandbox::Place& place, std::size_t at) const;
  sandbox::Expected expected(const sandbox::Stamp& stamp, const std::string* bytes) const;
  Result<void> finished(std::size_t at, const Result<bool>& done);
  Result<void> sync_names() const;
  Result<void> sync_content(sandbox::Draft& draft, bool replaces) const;
  std::string take_back(std::size_t made);
  Result<void> revert(std::size_t at, std::size_t made);
  void end(journal::Outcome outcome);
  std::string tag(std::size_t at) const;

  Changes& changes_;
  const sandbox::Workspace& workspace_;
  const CancelToken& cancel_;
  journal::Entry entry_;
  std::vector<Plan> plans_;
  std::map<sandbox::Path, Planned> planned_;
  std::set<sandbox::Path> free_;  // not protected
  Protection::Known known_;
  // What was there when it was read first.
  std::map<sandbox::Path, std::optional<sandbox::Stamp>> seen_;
  std::optional<Last> last_;
  // Of a step on one name of a file: the next step on another.
  std::map<std::size_t, std::size_t> next_name_;
  std::optional<Locks::Held> held_;
  std::int64_t begun_ms_ = 0;  // Unix time, before anything was read
  std::size_t bytes_ = 0;      // captured and new
};

// Of a directory's mode: with it its owner can change what is in it.
inline constexpr std::uint32_t kOwnerMayChange = 0700;

// Of a draft, until it looks like what it replaces.
inline constexpr std::uint32_t kPrivate = 0600;

// What a change keeps locked, beside its files, while it lives.
std::string lock_of(const std::string& id);
// What keeps the file at `path` below `root` locked, by whatever root it is reached.
std::string lock_of(const std::string& root, const std::string& path);
// The tag of the draft of an entry's step.
std::string draft_tag(const std::string& id, std::size_t step);
// As the journal has it.
journal::State state_of(std::string_view bytes, std::uint32_t mode);
// Of a file that is not read, or a directory that is not kept: what tells it as long as nobody
// writes to it.
journal::State state_unread(const sandbox::Metadata& metadata);
bool is_unread(const journal::State& state);
// Whether the step removes what is not kept.
bool is_for_good(const journal::Step& step);
// The real path that the journal has as text.
Result<sandbox::Path> path_in(const sandbox::Workspace& workspace, const std::string& text);
// The same, opened as a place.
Result<sandbox::Place> place_in(const sandbox::Workspace& workspace, const std::string& text);

}  // namespace quarry::change
