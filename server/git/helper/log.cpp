#include <memory>

#include "server/base/utf8.h"
#include "server/git/helper/date_walk.h"
#include "server/git/helper/deltas.h"
#include "server/git/helper/fold_case.h"
#include "server/git/helper/operations.h"
#include "server/git/helper/path_history.h"

namespace quarry::git::helper {
namespace {

constexpr std::size_t kMaxAnswerBytes = 64u << 20;  // of messages and rows

void take_signature(const git_signature* signature, std::string& name, std::string& email) {
  if (signature == nullptr) return;
  utf8::append_repaired(name, signature->name);
  utf8::append_repaired(email, signature->email);
}

Result<CommitHandle> lookup(const Repository& repository, const git_oid& id) {
  git_commit* raw = nullptr;
  if (const int status = git_commit_lookup(&raw, repository.get(), &id); status < 0) {
    return library_failure(status, "reading commit " + hex(id));
  }
  return CommitHandle(raw);
}

// What a commit is asked for; empty parts ask for nothing.
struct Wanted {
  const FoldedPart author;
  const FoldedPart message;

  bool anything() const { return !author.empty() || !message.empty(); }
};

bool matches(git_commit* commit, const Wanted& wanted) {
  if (!wanted.author.empty()) {
    const git_signature* author = git_commit_author(commit);
    if (author == nullptr) return false;
    const std::string who = std::string(author->name) + " <" + author->email + ">";
    if (!wanted.author.is_in(who)) return false;
  }
  const char* message = git_commit_message_raw(commit);
  return wanted.message.empty() || (message != nullptr && wanted.message.is_in(message));
}

Commit describe(git_commit* commit) {
  Commit row;
  row.id = hex(*git_commit_id(commit));
  for (unsigned i = 0; i < git_commit_parentcount(commit); ++i) {
    row.parents.push_back(hex(*git_commit_parent_id(commit, i)));
  }
  const git_signature* author = git_commit_author(commit);
  take_signature(author, row.author_name, row.author_email);
  take_signature(git_commit_committer(commit), row.committer_name, row.committer_email);
  if (author != nullptr) {
    row.author_time = author->when.time;
    row.author_offset = author->when.offset;
  }
  row.commit_time = git_commit_time(commit);
  const char* message = git_commit_message(commit);
  if (message != nullptr) utf8::append_repaired(row.message, message);
  return row;
}

// What `git log --stat` shows: against the parent, nothing for a merge.
Result<void> append_stat(const Warm& warm, git_commit* commit, bool root,
                         std::vector<std::string> paths, std::vector<FileStat>& rows) {
  if (!root && git_commit_parentcount(commit) > 1) return {};
  Tree before;
  if (!root) {
    TRY_ASSIGN(before, warm.repository.tree_of(*git_commit_parent_id(commit, 0)));
  }
  TRY_ASSIGN(const Tree after, warm.repository.tree_of(*git_commit_id(commit)));
  DiffRequest request(std::move(paths));
  git_diff* raw = nullptr;
  const int status = git_diff_tree_to_tree(&raw, warm.repository.get(), before.get(), after.get(),
                                           &request.options());
  TRY_ASSIGN(const DiffHandle diff, take_diff(status, raw));
  TRY(find_renames(diff.get()));
  std::vector<DiffFile> files;
  TRY(append_files(diff.get(), {}, files));
  for (DiffFile& file : files) rows.push_back(std::move(file.stat));
  return {};
}

// "a..b" is what b has beyond a; an empty side is HEAD. "a...b" is what only one of them has.
Result<void> start(Warm& warm, const std::string& ref, DateWalk& walk) {
  const auto commit = [&](std::string_view name) {
    return warm.repository.commit_of(name.empty() ? "HEAD" : name, "ref");
  };
  const std::size_t dots = ref.find("..");
  if (dots == std::string::npos) {
    if (ref.empty()) return fail(Code::kInvalidArgs, "argument 'ref' is empty; use HEAD");
    TRY_ASSIGN(const git_oid id, commit(ref));
    return walk.start_at(id);
  }
  const bool both = ref.compare(dots, 3, "...") == 0;
  TRY_ASSIGN(const git_oid left, commit(std::string_view(ref).substr(0, dots)));
  TRY_ASSIGN(const git_oid right, commit(std::string_view(ref).substr(dots + (both ? 3 : 2))));
  if (!both) {
    TRY(walk.start_at(right));
    return walk.exclude(left);
  }
  TRY_ASSIGN(const Divergence divergence, compare_histories(warm.graph, left, right));
  TRY(walk.start_at(left));
  TRY(walk.start_at(right));
  for (const git_oid& id : divergence.common) TRY(walk.exclude(id));
  return {};
}

std::size_t weight(const Commit& commit) {
  std::size_t bytes = 256 + commit.message.size();
  for (const FileStat& file : commit.files) bytes += 64 + file.path.size() + file.old_path.size();
  return bytes;
}

}  // namespace

Result<Log> read_log(Warm& warm, const LogOptions& options) {
  TRY_ASSIGN(const std::string path, tree_path(options.path));
  std::unique_ptr<PathHistory> history;
  if (!path.empty()) {
    history = std::make_unique<PathHistory>(warm.repository, warm.graph, path, options.follow);
  }
  DateWalk walk(warm.graph, options.since, history.get());
  TRY(start(warm, options.ref, walk));
  TRY(warm.names.refresh(warm.repository));

  const Wanted wanted{FoldedPart(options.author), FoldedPart(options.grep)};
  Log log;
  std::size_t bytes = 0;
  std::uint64_t skipped = 0;
  for (;;) {
    TRY_ASSIGN(const std::optional<Step> step, walk.next());
    if (!step) break;
    if (options.until != 0 && warm.graph.time(step->node) > options.until) continue;
    CommitHandle commit;
    if (wanted.anything()) {
      TRY_ASSIGN(commit, lookup(warm.repository, warm.graph.id(step->node)));
      if (!matches(commit.get(), wanted)) continue;
    }
    if (skipped < options.skip) {
      ++skipped;
      continue;
    }
    if (log.commits.size() == options.max_count || bytes > kMaxAnswerBytes) {
      log.more = true;
      break;
    }
    if (!commit) {
      TRY_ASSIGN(commit, lookup(warm.repository, warm.graph.id(step->node)));
    }
    Commit row = describe(commit.get());
    row.refs = warm.names.names_of(warm.graph.id(step->node));
    if (options.stat) {
      std::vector<std::string> paths;
      if (history) paths = {history->name_at(*step), history->renamed_from(*step)};
      TRY(append_stat(warm, commit.get(), warm.graph.parents(step->node).empty(), std::move(paths),
                      row.files));
    }
    bytes += weight(row);
    log.commits.push_back(std::move(row));
  }
  log.shallow_boundary = !log.more && walk.met_boundary();
  return log;
}

}  // namespace quarry::git::helper
