#include <algorithm>
#include <array>

#include "server/git/helper/date_walk.h"
#include "server/git/helper/deltas.h"
#include "server/git/helper/operations.h"

namespace quarry::git::helper {
namespace {

std::string_view operation_name(int state) {
  switch (state) {
    case GIT_REPOSITORY_STATE_MERGE:
      return "merge";
    case GIT_REPOSITORY_STATE_REVERT:
    case GIT_REPOSITORY_STATE_REVERT_SEQUENCE:
      return "revert";
    case GIT_REPOSITORY_STATE_CHERRYPICK:
    case GIT_REPOSITORY_STATE_CHERRYPICK_SEQUENCE:
      return "cherry-pick";
    case GIT_REPOSITORY_STATE_BISECT:
      return "bisect";
    case GIT_REPOSITORY_STATE_REBASE:
    case GIT_REPOSITORY_STATE_REBASE_INTERACTIVE:
    case GIT_REPOSITORY_STATE_REBASE_MERGE:
      return "rebase";
    case GIT_REPOSITORY_STATE_APPLY_MAILBOX:
    case GIT_REPOSITORY_STATE_APPLY_MAILBOX_OR_REBASE:
      return "apply";
    default:
      return "";
  }
}

// "origin/main" of "refs/remotes/origin/main"; a local upstream keeps its branch name.
std::string short_name(std::string_view name) {
  for (const std::string_view prefix : {"refs/remotes/", "refs/heads/"}) {
    if (name.starts_with(prefix)) return std::string(name.substr(prefix.size()));
  }
  return std::string(name);
}

Result<void> add_upstream(Warm& warm, const std::string& branch_ref, const git_oid& head,
                          Status& status) {
  Buffer upstream;
  git_oid id;
  if (git_branch_upstream_name(&upstream.raw, warm.repository.get(), branch_ref.c_str()) < 0) {
    return {};  // none is configured
  }
  const std::string name(upstream.view());
  status.upstream = short_name(name);
  status.upstream_gone = git_reference_name_to_id(&id, warm.repository.get(), name.c_str()) < 0;
  if (status.upstream_gone) return {};
  TRY_ASSIGN(const Divergence divergence, compare_histories(warm.graph, head, id));
  status.ahead = divergence.left;
  status.behind = divergence.right;
  return {};
}

Result<void> add_head(Warm& warm, Status& status) {
  git_repository* repository = warm.repository.get();
  status.operation = operation_name(git_repository_state(repository));
  git_reference* raw = nullptr;
  if (const int found = git_reference_lookup(&raw, repository, "HEAD"); found < 0) {
    return library_failure(found, "reading HEAD");
  }
  const Reference head(raw);
  const char* target = git_reference_symbolic_target(raw);
  status.detached = target == nullptr;
  if (target != nullptr) status.branch = short_name(target);
  const auto id = warm.repository.head_commit();
  if (!id) {
    if (id.error().code != Code::kNotFound) return Failure(id.error());
    status.unborn = true;
    return {};
  }
  status.head = hex(*id);
  return target == nullptr ? Result<void>() : add_upstream(warm, target, *id, status);
}

void add(std::vector<StatusEntry>& list, std::uint64_t& count, std::uint32_t limit,
         const FileStat& row) {
  ++count;
  if (list.size() < limit) list.push_back({std::string(1, row.code), row.path, row.old_path});
}

// By the versions that the index has of it: of the common ancestor, ours and theirs.
std::string_view conflict_code(git_index* index, const std::string& path) {
  static constexpr std::array<std::string_view, 8> kCodes = {"UU", "DD", "AU", "UD",
                                                             "UA", "DU", "AA", "UU"};
  std::size_t versions = 0;
  for (const int stage : {1, 2, 3}) {
    if (git_index_get_bypath(index, path.c_str(), stage) != nullptr) versions |= 1U << (stage - 1);
  }
  return kCodes.at(versions);
}

// libgit2 counts an untracked directory without files among the ignored ones; git does not.
bool is_there(const std::string& root, const std::string& path) {
  return !path.ends_with('/') || holds_files(root + "/" + path);
}

Result<void> add_staged(Warm& warm, git_index* index, const std::string& path,
                        const StatusOptions& options, Status& status) {
  Tree head;
  if (!status.unborn) {
    TRY_ASSIGN(const git_oid id, warm.repository.head_commit());
    TRY_ASSIGN(head, warm.repository.tree_of(id));
  }
  DiffRequest request({path});
  request.options().flags |= GIT_DIFF_INCLUDE_TYPECHANGE;
  TRY_ASSIGN(const DiffHandle diff,
             compare_with_index(warm.repository.get(), head.get(), index, request));
  TRY(find_renames(diff.get()));
  for (std::size_t i = 0; i < git_diff_num_deltas(diff.get()); ++i) {
    const git_diff_delta* delta = git_diff_get_delta(diff.get(), i);
    if (delta->status == GIT_DELTA_CONFLICTED) continue;  // told once, below
    add(status.staged, status.staged_count, options.limit, row_of(*delta));
  }
  return {};
}

Result<void> add_work_tree(Warm& warm, git_index* index, const std::string& path,
                           const StatusOptions& options, Status& status) {
  DiffRequest request({path});
  request.look_at(DiffRequest::NewSide::kWorkTree, index);
  git_diff_options& wanted = request.options();
  // A submodule's own state is not looked at: its repository is another one, with its own rules.
  wanted.flags |= GIT_DIFF_INCLUDE_TYPECHANGE | GIT_DIFF_IGNORE_SUBMODULES;
  if (options.untracked) wanted.flags |= GIT_DIFF_INCLUDE_UNTRACKED;
  if (options.ignored) wanted.flags |= GIT_DIFF_INCLUDE_IGNORED;
  git_diff* raw = nullptr;
  const int found = git_diff_index_to_workdir(&raw, warm.repository.get(), index, &wanted);
  TRY_ASSIGN(const DiffHandle diff, take_diff(found, raw));
  for (std::size_t i = 0; i < git_diff_num_deltas(diff.get()); ++i) {
    const git_diff_delta* delta = git_diff_get_delta(diff.get(), i);
    const FileStat row = row_of(*delta);
    switch (row.code) {
      case '?':
        add(status.untracked, status.untracked_count, options.limit, row);
        break;
      case '!':
        if (!is_there(warm.repository.layout().root, row.path)) break;
        add(status.ignored, status.ignored_count, options.limit, row);
        break;
      case 'U':
        ++status.conflict_count;
        if (status.conflicts.size() < options.limit) {
          status.conflicts.push_back({std::string(conflict_code(index, row.path)), row.path, {}});
        }
        break;
      default:
        add(status.unstaged, status.unstaged_count, options.limit, row);
    }
  }
  return {};
}

}  // namespace

Result<Status> read_status(Warm& warm, const StatusOptions& options) {
  TRY(warm.repository.need_work_tree("git_status"));
  TRY_ASSIGN(const std::string path, tree_path(options.path));
  Status status;
  TRY(add_head(warm, status));
  TRY_ASSIGN(const Index index, warm.repository.index());
  TRY(add_staged(warm, index.get(), path, options, status));
  TRY(add_work_tree(warm, index.get(), path, options, status));
  return status;
}

}  // namespace quarry::git::helper
