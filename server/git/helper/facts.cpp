#include "server/base/utf8.h"
#include "server/git/helper/operations.h"

namespace quarry::git::helper {
namespace {

// A password or token in a URL is a secret; a user name of an ssh address is not.
std::string without_credentials(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  const std::size_t host = scheme + 3;
  const std::size_t end = std::min(url.find('/', host), url.size());
  const std::size_t at = url.substr(0, end).rfind('@');
  const bool web = url.starts_with("http");
  std::string_view tail = url.substr(host);
  if (web) tail = tail.substr(0, tail.find_first_of("?#"));
  std::string shown(url.substr(0, host));
  if (at == std::string_view::npos || at < host) return shown.append(tail);
  const std::string_view user = url.substr(host, at - host);
  if (!web && user.find(':') == std::string_view::npos) return shown.append(tail);
  return shown.append(tail.substr(at + 1 - host));
}

Result<void> add_remotes(git_repository* repository, RepositoryFacts& facts) {
  git_strarray names{};
  if (const int status = git_remote_list(&names, repository); status < 0) {
    return library_failure(status, "listing the remotes");
  }
  for (std::size_t i = 0; i < names.count; ++i) {
    git_remote* raw = nullptr;
    if (git_remote_lookup(&raw, repository, names.strings[i]) < 0) continue;
    const Owner<git_remote, git_remote_free> remote(raw);
    const char* url = git_remote_url(raw);
    facts.remotes.emplace_back(names.strings[i], url == nullptr ? "" : without_credentials(url));
  }
  git_strarray_dispose(&names);
  return {};
}

Result<void> count_refs(Warm& warm, RepositoryFacts& facts) {
  git_repository* repository = warm.repository.get();
  TRY(warm.names.refresh(warm.repository));
  facts.branches = warm.names.branches();
  facts.tags = warm.names.tags();
  git_reflog* raw_stashes = nullptr;
  git_oid stash;
  if (git_reference_name_to_id(&stash, repository, "refs/stash") == 0 &&
      git_reflog_read(&raw_stashes, repository, "refs/stash") == 0) {
    const Owner<git_reflog, git_reflog_free> stashes(raw_stashes);
    facts.stashes = git_reflog_entrycount(raw_stashes);
  }
  git_strarray worktrees{};
  if (git_worktree_list(&worktrees, repository) == 0) {
    facts.worktrees = worktrees.count;
    git_strarray_dispose(&worktrees);
  }
  return {};
}

}  // namespace

Result<RepositoryFacts> read_facts(Warm& warm) {
  git_repository* repository = warm.repository.get();
  RepositoryFacts facts;
  facts.bare = git_repository_is_bare(repository) != 0;
  facts.shallow = !warm.repository.shallow().empty();
  git_reference* raw_head = nullptr;
  if (git_reference_lookup(&raw_head, repository, "HEAD") == 0) {
    const Reference head(raw_head);
    const char* target = git_reference_symbolic_target(raw_head);
    facts.detached = target == nullptr;
    const std::string_view name = target == nullptr ? "" : target;
    facts.branch = name.starts_with("refs/heads/") ? name.substr(11) : name;
  }
  TRY(add_remotes(repository, facts));
  TRY(count_refs(warm, facts));
  const auto id = warm.repository.head_commit();
  if (!id) {
    if (id.error().code != Code::kNotFound) return Failure(id.error());
    facts.unborn = true;
    return facts;
  }
  facts.head = hex(*id);
  git_commit* raw = nullptr;
  if (const int status = git_commit_lookup(&raw, repository, &*id); status < 0) {
    return library_failure(status, "reading the last commit");
  }
  const CommitHandle commit(raw);
  facts.last_commit_time = git_commit_time(raw);
  const char* subject = git_commit_summary(raw);
  if (subject != nullptr) utf8::append_repaired(facts.last_commit_subject, subject);
  return facts;
}

Result<std::vector<TrackedFile>> read_tracked_files(Warm& warm) {
  TRY_ASSIGN(const Index index, warm.repository.index());
  // The blob of no bytes: its size needs no question.
  git_oid empty;
  git_oid_fromstr(&empty, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  std::vector<TrackedFile> files;
  const std::size_t count = git_index_entrycount(index.get());
  files.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const git_index_entry* entry = git_index_get_byindex(index.get(), i);
    // Of a path in conflict, only our version is told.
    const int stage = git_index_entry_stage(entry);
    if (stage != 0 && stage != 2) continue;
    TrackedFile file;
    file.path = entry->path;
    file.mode = entry->mode;
    file.size = entry->file_size;
    file.blob = hex(entry->id);
    const bool link = entry->mode == GIT_FILEMODE_COMMIT;
    // git writes 0 for a file that changed in the index's own second ("racy").
    if (file.size == 0 && !link && !OidEqual()(entry->id, empty)) {
      std::size_t size = 0;
      git_object_t type = GIT_OBJECT_INVALID;
      if (git_odb_read_header(&size, &type, warm.repository.odb(), &entry->id) == 0) {
        file.size = size;
      }
    }
    if (link) file.size = 0;
    files.push_back(std::move(file));
  }
  return files;
}

Result<std::string> tree_path(const std::string& path) {
  std::string clean = path;
  while (clean.ends_with('/')) clean.pop_back();
  while (clean.starts_with("./")) clean.erase(0, 2);
  if (clean == ".") clean.clear();
  const std::string framed = "/" + clean + "/";
  const bool inside = !clean.starts_with('/') && framed.find("/../") == std::string::npos &&
                      clean.find("//") == std::string::npos;
  if (!inside || clean.find('\0') != std::string::npos || clean.size() > 4096) {
    return fail(Code::kInvalidArgs,
                "argument 'path' must be relative to the repository's root and stay in it");
  }
  return clean;
}

}  // namespace quarry::git::helper
