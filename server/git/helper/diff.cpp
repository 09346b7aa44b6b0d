#include <algorithm>

#include "server/base/limits.h"
#include "server/git/helper/date_walk.h"
#include "server/git/helper/deltas.h"
#include "server/git/helper/operations.h"

namespace quarry::git::helper {
namespace {

constexpr std::uint64_t kMaxPatchBytes = standard<std::uint64_t>(Limit::kGitPatchBytes);
constexpr std::uint32_t kMaxContext = 10'000;

// One side of a comparison.
struct Side {
  enum class Kind { kCommit, kIndex, kWorkTree } kind = Kind::kCommit;
  git_oid commit{};
};

std::string label(const Side& side, std::size_t digits) {
  switch (side.kind) {
    case Side::Kind::kIndex:
      return "index";
    case Side::Kind::kWorkTree:
      return "working tree";
    case Side::Kind::kCommit:
      break;
  }
  return hex(side.commit).substr(0, digits);
}

Result<Side> commit_side(Warm& warm, std::string_view revision, std::string_view argument) {
  TRY_ASSIGN(const git_oid id, warm.repository.commit_of(revision, argument));
  return Side{Side::Kind::kCommit, id};
}

struct Sides {
  Side from, to;
  bool unborn = false;  // `from` is HEAD, which has no commit: everything is new
};

// "a..b" in `from` is both sides; "a...b" starts where b left a.
Result<Sides> range_sides(Warm& warm, const DiffOptions& options, std::size_t dots) {
  if (!options.to.empty() || options.staged) {
    return fail(Code::kInvalidArgs, "argument 'from' is a range; leave out 'to' and 'staged'");
  }
  const bool from_base = options.from.compare(dots, 3, "...") == 0;
  const std::string_view all = options.from;
  std::string_view left = all.substr(0, dots);
  std::string_view right = all.substr(dots + (from_base ? 3 : 2));
  if (left.empty()) left = "HEAD";
  if (right.empty()) right = "HEAD";
  Sides sides;
  TRY_ASSIGN(sides.from, commit_side(warm, left, "from"));
  TRY_ASSIGN(sides.to, commit_side(warm, right, "from"));
  if (!from_base) return sides;
  TRY_ASSIGN(const Divergence divergence,
             compare_histories(warm.graph, sides.from.commit, sides.to.commit));
  if (!divergence.base) {
    return fail(Code::kNotFound, "argument 'from': '{}' and '{}' have no common ancestor here",
                left, right);
  }
  sides.from.commit = *divergence.base;
  return sides;
}

Result<Sides> find_sides(Warm& warm, const DiffOptions& options) {
  if (const std::size_t dots = options.from.find(".."); dots != std::string::npos) {
    return range_sides(warm, options, dots);
  }
  if (options.staged && !options.to.empty()) {
    return fail(Code::kInvalidArgs, "'staged' compares with the index; leave out 'to'");
  }
  if (!options.to.empty() && options.from.empty()) {
    return fail(Code::kInvalidArgs, "argument 'to' needs 'from'; name the older revision there");
  }
  Sides sides;
  sides.to.kind = options.staged ? Side::Kind::kIndex : Side::Kind::kWorkTree;
  if (!options.to.empty()) {
    TRY_ASSIGN(sides.to, commit_side(warm, options.to, "to"));
  }
  if (!options.from.empty()) {
    TRY_ASSIGN(sides.from, commit_side(warm, options.from, "from"));
  } else if (!options.staged) {
    sides.from.kind = Side::Kind::kIndex;
  } else if (const auto head = warm.repository.head_commit()) {
    sides.from.commit = *head;
  } else if (head.error().code == Code::kNotFound) {
    sides.unborn = true;
  } else {
    return Failure(head.error());
  }
  return sides;
}

Result<DiffHandle> compare(Warm& warm, const Sides& sides, DiffRequest& request) {
  git_diff_options& options = request.options();
  git_repository* repository = warm.repository.get();
  Tree from, to;
  if (sides.from.kind == Side::Kind::kCommit && !sides.unborn) {
    TRY_ASSIGN(from, warm.repository.tree_of(sides.from.commit));
  }
  git_diff* raw = nullptr;
  if (sides.to.kind == Side::Kind::kCommit) {
    TRY_ASSIGN(to, warm.repository.tree_of(sides.to.commit));
    const int status = git_diff_tree_to_tree(&raw, repository, from.get(), to.get(), &options);
    return take_diff(status, raw);
  }
  TRY(warm.repository.need_work_tree("git_diff without two revisions"));
  TRY_ASSIGN(const Index index, warm.repository.index());
  if (sides.to.kind == Side::Kind::kIndex) {
    return compare_with_index(repository, from.get(), index.get(), request);
  }
  request.look_at(DiffRequest::NewSide::kWorkTree, index.get());
  options.flags |= GIT_DIFF_IGNORE_SUBMODULES;  // as in status.cpp
  const int status =
      sides.from.kind == Side::Kind::kIndex
          ? git_diff_index_to_workdir(&raw, repository, index.get(), &options)
          : git_diff_tree_to_workdir_with_index(&raw, repository, from.get(), &options);
  return take_diff(status, raw);
}

}  // namespace

Result<Diff> read_diff(Warm& warm, const DiffOptions& options) {
  TRY_ASSIGN(const std::string path, tree_path(options.path));
  TRY_ASSIGN(const Sides sides, find_sides(warm, options));
  DiffRequest request({path});
  request.options().context_lines = std::min(options.context, kMaxContext);
  request.options().id_abbrev = warm.repository.short_digits();
  if (options.ignore_whitespace) request.options().flags |= GIT_DIFF_IGNORE_WHITESPACE;
  TRY_ASSIGN(const DiffHandle compared, compare(warm, sides, request));
  TRY(find_renames(compared.get()));
  Diff diff;
  const std::size_t digits = warm.repository.short_digits();
  diff.from_label = sides.unborn ? "no commit" : label(sides.from, digits);
  diff.to_label = label(sides.to, digits);
  const PatchWish wish{.any = options.patch,
                       .first = options.first_patch,
                       .max_bytes = std::min(options.max_patch_bytes, kMaxPatchBytes),
                       .drop_empty = options.ignore_whitespace};
  TRY(append_files(compared.get(), wish, diff.files));
  return diff;
}

}  // namespace quarry::git::helper
