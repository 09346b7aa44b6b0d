#include "server/git/helper/library.h"

#include "server/git/helper/door.h"

namespace quarry::git::helper {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

std::string_view last_message() {
  const git_error* error = git_error_last();
  return error == nullptr || error->message == nullptr ? "" : error->message;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

int check(int status, int& worst) {
  if (status < 0) worst = status;
  return status;
}

}  // namespace

Result<void> start_library() {
  static bool started = false;
  if (started) return {};
  if (git_libgit2_init() < 0) return library_failure(-1, "starting libgit2");
  int worst = 0;
  for (const int level : {GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL,
                          GIT_CONFIG_LEVEL_PROGRAMDATA}) {
    check(git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, ""), worst);
  }
  // layout.cpp has checked the owner against the workspace's; libgit2 would compare with the
  // user of this process only, and report a difference as a missing configuration value.
  check(git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0), worst);
  check(git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECT_SIZE, 64 * kMiB), worst);
  check(git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS, std::size_t{20'000'000}), worst);
  check(git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, 32 * kMiB), worst);
  check(git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, 256 * kMiB), worst);
  check(git_libgit2_opts(GIT_OPT_SET_MWINDOW_FILE_LIMIT, std::size_t{128}), worst);
  check(git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, static_cast<ssize_t>(32 * kMiB)), worst);
  for (const git_object_t type : {GIT_OBJECT_COMMIT, GIT_OBJECT_TREE}) {
    check(git_libgit2_opts(GIT_OPT_SET_CACHE_OBJECT_LIMIT, type, kMiB), worst);
  }
  // Costs a history walk 40 % (redis, 12,000 commits), and is kept: what leaves here may be cached
  // under its id and served to other repositories, so an object must be what its id says.
  check(git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1), worst);
  check(git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 1), worst);
  check(git_libgit2_opts(GIT_OPT_ENABLE_STRICT_SYMBOLIC_REF_CREATION, 1), worst);
  check(git_libgit2_opts(GIT_OPT_ENABLE_UNSAVED_INDEX_SAFETY, 1), worst);
  // Its own file, config.worktree, is not read by libgit2, and nothing in it is needed here:
  // sparse checkouts are known from the index.
  const char* extensions[] = {"noop", "worktreeconfig"};
  check(git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions, std::size_t{2}), worst);
  if (worst < 0) return library_failure(worst, "setting libgit2 up");
  started = true;
  return {};
}

Failure library_failure(int status, std::string_view what) {
  const std::string message(last_message());
  if (door_refused()) {
    return fail(Code::kDenied,
                "{} failed because the repository refers to a file outside this session's root "
                "(include.path in its configuration, or a link), which is not read",
                what);
  }
  if (contains(message, "unsupported mandatory extension")) {
    if (contains(message, "'link'")) {
      return fail(Code::kDenied,
                  "unsupported: a split index; 'git update-index --no-split-index' undoes it");
    }
    if (contains(message, "'sdir'")) {
      return fail(Code::kDenied,
                  "unsupported: a sparse index; 'git sparse-checkout reapply --no-sparse-index' "
                  "undoes it");
    }
    return fail(Code::kDenied, "unsupported: an index with an unknown extension");
  }
  if (contains(message, "unsupported extension") || contains(message, "unsupported repository")) {
    const std::size_t name = message.find("extensions.");
    if (contains(message, "objectformat")) {
      return fail(Code::kDenied, "unsupported: a repository with sha256 object names");
    }
    return fail(Code::kDenied, "unsupported: a repository that needs {}",
                name == std::string::npos ? "a newer format version" : message.substr(name));
  }
  if (status == GIT_ENOTFOUND && contains(message, "object not found")) {
    return fail(Code::kNotFound,
                "{} failed: an object is not present locally (a partial, shallow or damaged "
                "clone); 'git fetch' or 'git fsck' tells which",
                what);
  }
  if (status == GIT_EAMBIGUOUS) {
    return fail(Code::kInvalidArgs, "{} failed: the short id is ambiguous; give more digits", what);
  }
  if (contains(message, "out of memory")) {
    return fail(Code::kTooLarge, "{} needs more memory than the git helper may use", what);
  }
  return fail(Code::kInternal, "{} failed; git says: {}", what,
              message.empty() ? "nothing" : message);
}

std::string hex(const git_oid& id) {
  std::string text(GIT_OID_HEXSZ, '0');
  git_oid_fmt(text.data(), &id);
  return text;
}

}  // namespace quarry::git::helper
