#include "server/git/helper/repository.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <git2/sys/repository.h>

#include "server/git/helper/door.h"
#include "server/git/helper/objects.h"

namespace quarry::git::helper {
namespace {

constexpr std::size_t kMaxRevisionBytes = 1024;

Result<OidSet> read_shallow(const std::string& common_directory) {
  OidSet boundary;
  TRY_ASSIGN(Fd fd, open_directory(common_directory));
  TRY_ASSIGN(const auto text, read_if_present(fd.get(), "shallow", 64 << 20));
  if (!text) return boundary;
  std::string_view rest = *text;
  while (rest.size() >= GIT_OID_HEXSZ) {
    git_oid id;
    if (git_oid_fromstrn(&id, rest.data(), GIT_OID_HEXSZ) != 0) {
      return fail(Code::kDenied, "the repository's 'shallow' file is damaged");
    }
    boundary.insert(id);
    rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
  }
  return boundary;
}

// Whether a revision was not found because the object that it leads to cannot be read. Of a whole
// id libgit2 says the same when there is none.
bool found_unreadable(int status, std::string_view revision) {
  const git_error* error = git_error_last();
  if (error == nullptr || revision.size() == GIT_OID_HEXSZ) return false;
  if (error->klass == GIT_ERROR_ZLIB) return true;
  if (error->klass != GIT_ERROR_ODB) return false;
  return status == GIT_ERROR ||
         std::string_view(error->message).find("no match for id (") != std::string_view::npos;
}

}  // namespace

std::size_t OidHash::operator()(const git_oid& id) const {
  std::size_t value = 0;
  std::memcpy(&value, id.id, sizeof value);
  return value;
}

bool OidEqual::operator()(const git_oid& a, const git_oid& b) const {
  return std::memcmp(a.id, b.id, GIT_OID_RAWSZ) == 0;
}

Result<void> Repository::refresh() {
  (void)door_refused();  // what an earlier request was refused explains no failure of this one
  auto now = inspect_layout(root_);
  if (!now) {
    odb_.reset();
    repository_.reset();
    return Failure(std::move(now).error());
  }
  const bool same = repository_ != nullptr && now->git_directory == layout_.git_directory &&
                    now->common_directory == layout_.common_directory &&
                    now->opening == layout_.opening;
  const bool same_objects = same && odb_ != nullptr && now->objects == layout_.objects;
  layout_ = std::move(*now);
  if (same_objects) {
    // It takes a file of ignore rules or attributes of the same size and mtime for the same file.
    git_attr_cache_flush(repository_.get());
    return {};
  }
  TRY(start_library());
  odb_.reset();
  repository_.reset();
  auto opened = open();
  if (!opened) {
    odb_.reset();
    repository_.reset();
  }
  return opened;
}

Result<void> Repository::open() {
  arm_door(root_, layout_.git_directory);
  git_repository* raw = nullptr;
  const unsigned flags = GIT_REPOSITORY_OPEN_NO_SEARCH |
                         (layout_.bare ? static_cast<unsigned>(GIT_REPOSITORY_OPEN_BARE) : 0u);
  if (const int status = git_repository_open_ext(&raw, root_.c_str(), flags, nullptr); status < 0) {
    if (status == GIT_ENOTFOUND) {
      return fail(Code::kNotFound,
                  "no git repository at the root of this session: '.git' is incomplete");
    }
    return library_failure(status, "opening the repository");
  }
  repository_.reset(raw);
  const char* work_tree = git_repository_workdir(raw);
  if (work_tree != nullptr && work_tree != root_ + "/") {
    return fail(Code::kDenied,
                "the repository's core.worktree names another directory than the one that holds "
                "it, which is not used; 'git config --unset core.worktree' removes it");
  }
  return open_object_database();
}

Result<void> Repository::open_object_database() {
  TRY_ASSIGN(shallow_, read_shallow(layout_.common_directory));
  TRY_ASSIGN(Objects objects, open_objects(layout_.common_directory + "/objects"));
  odb_ = std::move(objects.odb);
  // Half the bits of the number of objects, in hexadecimal digits, rounded up: git's rule.
  const auto bits = static_cast<int>(std::bit_width(objects.packed));
  short_digits_ = static_cast<std::uint16_t>(std::max(7, (bits + 1) / 2));
  if (const int status = git_repository_set_odb(repository_.get(), odb_.get()); status < 0) {
    return library_failure(status, "opening the objects");
  }
  ++generation_;
  return {};
}

Result<git_oid> Repository::commit_of(std::string_view revision, std::string_view argument) const {
  if (revision.empty() || revision.front() == '-' || revision.size() > kMaxRevisionBytes ||
      revision.find('\0') != std::string_view::npos) {
    return fail(Code::kInvalidArgs,
                "argument '{}' is not a revision; use a branch, a tag, an id or HEAD~3", argument);
  }
  if (revision == "HEAD") return head_commit();
  std::string text(revision);
  // "@" is HEAD, which libgit2 knows of "@" alone.
  if (text.starts_with("@~") || text.starts_with("@^")) text.replace(0, 1, "HEAD");
  git_object* raw = nullptr;
  if (const int status = git_revparse_single(&raw, repository_.get(), text.c_str()); status < 0) {
    if (status == GIT_EAMBIGUOUS) {
      return fail(Code::kInvalidArgs, "argument '{}': '{}' is ambiguous; give more digits",
                  argument, text);
    }
    const bool cut = !shallow_.empty();
    if (!cut && found_unreadable(status, text)) {
      return library_failure(status, fmt::format("argument '{}': reading '{}'", argument, text));
    }
    return fail(status == GIT_ENOTFOUND ? Code::kNotFound : Code::kInvalidArgs,
                "argument '{}': no revision '{}' here{}; use a branch, a tag, an id or HEAD~3",
                argument, text, cut ? " (this clone is shallow, older history is missing)" : "");
  }
  const Object found(raw);
  git_object* peeled = nullptr;
  if (git_object_peel(&peeled, raw, GIT_OBJECT_COMMIT) < 0) {
    return fail(Code::kInvalidArgs, "argument '{}': '{}' is not a commit", argument, text);
  }
  const Object commit(peeled);
  return *git_object_id(peeled);
}

Result<git_oid> Repository::head_commit() const {
  git_oid id;
  const int status = git_reference_name_to_id(&id, repository_.get(), "HEAD");
  if (status == GIT_ENOTFOUND) {
    if (git_repository_head_unborn(repository_.get()) == 1) {
      return fail(Code::kNotFound, "this repository has no commit yet");
    }
    return fail(Code::kNotFound, "HEAD leads to no commit");
  }
  if (status < 0) return library_failure(status, "reading HEAD");
  return id;
}

Result<Tree> Repository::tree_of(const git_oid& commit) const {
  git_commit* raw_commit = nullptr;
  if (const int status = git_commit_lookup(&raw_commit, repository_.get(), &commit); status < 0) {
    return library_failure(status, "reading a commit");
  }
  const CommitHandle owner(raw_commit);
  git_tree* raw = nullptr;
  if (const int status = git_commit_tree(&raw, raw_commit); status < 0) {
    return library_failure(status, "reading a tree");
  }
  return Tree(raw);
}

Result<Index> Repository::index() const {
  git_index* raw = nullptr;
  if (const int status = git_repository_index(&raw, repository_.get()); status < 0) {
    return library_failure(status, "reading the index");
  }
  Index index(raw);
  if (const int status = git_index_read(raw, 0); status < 0) {
    return library_failure(status, "reading the index");
  }
  return index;
}

Result<void> Repository::need_work_tree(std::string_view what) const {
  if (!git_repository_is_bare(repository_.get())) return {};
  return fail(Code::kInvalidArgs, "this repository is bare, so it has no working tree for {}",
              what);
}

}  // namespace quarry::git::helper
