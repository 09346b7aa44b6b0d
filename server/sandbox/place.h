// Place: one name in one directory beneath a root: where something is made, replaced, moved or
// removed. The only way in which the server changes a workspace.
//
// The directory is held open; it was opened by its real path, without following any symlink, so
// that what is renamed meanwhile leads nowhere else. Nothing here follows a symlink at the name
// itself, and nothing writes into an existing file: a file is replaced as a whole by a Draft. So
// hard links elsewhere keep their content, and a reader sees the old or the new file. A place is
// used while its workspace lives: in the root itself it works on the workspace's own descriptor.
//
// What is replaced or removed is looked at once more when nobody can reach it by its name any more:
// it changes names with the draft (RENAME_EXCHANGE), or gives up its own, and goes back when it is
// not what was to go. So what another program puts there at any moment stays. A file that one has
// open to write to is not replaced by a draft: it would go on in the old one. Only where the file
// system cannot do that (NFS, 9p, many a FUSE), or would copy what is to be removed (overlayfs), is
// the last look before the call that does it. A process that is killed in between leaves what came
// out under the draft's name.
//
// Errors are worded for the caller and name the path: kConflict (exists already, not empty, in
// use), kDenied (permission, read-only file system), kUnavailable (disk full, disk fails).
//
// const members are safe from any thread. Does not check what policy protects.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/sandbox/workspace.h"

namespace quarry::sandbox {

// The file or symlink that is to be replaced or removed, as it was read.
struct Expected {
  Stamp stamp;
  std::optional<std::string_view> bytes = std::nullopt;  // its content or target, when it is known
  // Whether the stamp tells one content from another (settled()); else the bytes are compared too.
  bool tells = true;
};

// A new file under a temporary name in its place's directory; gone at the end of its life unless
// it was put in place. Belongs to one thread.
class Draft {
 public:
  Draft(Draft&&) noexcept = default;
  Draft& operator=(Draft&&) = delete;
  ~Draft();

  Result<void> write(std::string_view bytes);
  // Mode, owner, group, extended attributes and ACLs of `old`, as far as the process may set them.
  Result<void> resemble(const Place& old);
  // What Place::attributes() said of a file; before set_mode().
  void set_attributes(std::string_view attributes);
  Result<void> set_mode(std::uint32_t mode);
  // On disk: the content, not the name.
  Result<void> sync();
  // Instead: the content on its way there, before the name. A file system that chooses blocks late
  // would have an empty file at the name when the power goes seconds later; ext4 does this by
  // itself where a rename replaces a file, not where names are exchanged.
  void begin_sync();
  // Takes the place's name, at once. kConflict when something has it.
  Result<void> put();
  // The same when `old` has it, which goes. kConflict when that has changed, or is open to be
  // written to, longer than a moment (writers.h): it stays. False when what was there neither goes
  // nor can be put back, or is older than what has been written into the draft since: it has the
  // draft's name now, and stays there.
  Result<bool> put_over(const Expected& old);
  Result<Stamp> stamp() const;

 private:
  friend class Place;
  Draft(const Place& place, Fd fd, std::string name);
  bool return_exchanged(const Stamp& was);
  const Place* place_;  // outlives the draft
  Fd fd_;
  std::string name_;  // empty once it is put, or another file has it
};

class Place {
 public:
  static constexpr std::string_view kDraftPrefix = ".quarry-";

  const Path& path() const { return path_; }
  // What is there, itself; nullopt: nothing.
  Result<std::optional<Metadata>> look() const;
  // Of a symlink that is there, as stored.
  Result<std::string> link_target() const;
  Result<File> open_file() const;
  // Of what is there, itself (attributes.h); "" when it cannot be told.
  std::string attributes() const;
  // What attributes() said of one; before set_mode(), and of a directory when all is in it: what is
  // made in one with a default ACL takes that.
  void set_attributes(std::string_view attributes) const;
  // The same of a symlink; nothing is done where something else has come instead.
  void set_link_attributes(std::string_view attributes) const;

  // An empty file named kDraftPrefix + `tag` in the same directory; the umask applies to `mode`.
  Result<Draft> draft(std::string_view tag, std::uint32_t mode) const;
  // As draft(), but another name of the regular file at `of`, which is not to be written to.
  // kUnavailable where it cannot have one.
  Result<Draft> draft_link(std::string_view tag, const Place& of) const;
  // The name of a draft with this tag, where a killed process may have left something.
  static std::string draft_name(std::string_view tag);

  // Whether names may be made and removed in the place's directory; kDenied else, as far as that
  // can be told beforehand.
  Result<void> check_changeable() const;
  // Whether another file system is mounted there, or a part of one, which cannot be removed. False
  // where the kernel does not tell (before 5.8).
  bool is_mount_point() const;

  // Whether the content or target is the expected one, where the stamp does not tell.
  bool holds(const Expected& old) const;

  Result<void> make_directory(std::uint32_t mode) const;
  Result<void> make_link(const std::string& target) const;
  Result<void> set_mode(std::uint32_t mode) const;  // of a file or directory
  Result<void> remove_file() const;                 // or symlink, or what else is no directory
  // The same when it is `old`; kConflict when it has changed: it stays. False when it is neither
  // gone nor can be put back: it has the name of a draft with this tag now.
  Result<bool> remove_file(const Expected& old, std::string_view tag) const;
  Result<void> remove_directory() const;  // an empty one
  // False when it would cross file systems (or the sandbox forbids it): nothing was done. `over`:
  // what is there and goes, kConflict when it has changed; nullopt: nothing may be there. One of
  // two names of a file goes when it is moved onto the other; kInvalidArgs when both are one name,
  // seen by two ways.
  // What comes to `to` between the last look at it and the rename goes with it. Exchanging the two
  // names would bring it out, but a process killed right then would leave the old file of `to` at
  // the name that was moved from, neither old nor new.
  Result<bool> move_to(const Place& to, const std::optional<Stamp>& over = std::nullopt) const;
  // What is here and what is there change names, at once.
  Result<void> exchange(const Place& other) const;

 private:
  friend class Workspace;
  friend class Draft;
  Place(Path path, Fd opened, int directory)
      : path_(std::move(path)), opened_(std::move(opened)), directory_(directory) {}
  const char* name() const;

  Path path_;
  Fd opened_;      // none in the root itself
  int directory_;  // that, or the workspace's
};

}  // namespace quarry::sandbox
