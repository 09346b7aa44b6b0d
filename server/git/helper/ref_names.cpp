#include "server/git/helper/ref_names.h"

#include <algorithm>
#include <ctime>
#include <memory>

#include <dirent.h>

namespace quarry::git::helper {
namespace {

constexpr std::int64_t kGrainNs = 50'000'000;  // a kernel tick is at most 10 ms
constexpr int kMaxDepth = 16;
constexpr std::size_t kMaxWatched = 5'000;

int rank(std::string_view name) {
  if (name == "HEAD" || name.starts_with("HEAD -> ")) return 0;
  if (name.starts_with("tag: ")) return 1;
  return 2;
}

// The object that a ref leads to, tags peeled. Most need no object read: packed-refs holds what
// its tags lead to, and a branch names a commit.
bool find_target(const Repository& repository, git_reference* ref, std::string_view name,
                 git_oid& id) {
  if (const git_oid* peeled = git_reference_target_peel(ref)) {
    id = *peeled;
    return true;
  }
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_COMMIT;
  if (const git_oid* target = git_reference_target(ref)) {
    id = *target;
    if (!name.starts_with("refs/tags/")) return true;
    if (git_odb_read_header(&size, &type, repository.odb(), target) != 0) return false;
    if (type != GIT_OBJECT_TAG) return true;
  }
  git_object* raw = nullptr;
  if (git_reference_peel(&raw, ref, GIT_OBJECT_COMMIT) != 0) return false;  // a tag of a tree
  const Object commit(raw);
  id = *git_object_id(raw);
  return true;
}

}  // namespace

void RefNames::watch_below(const std::string& path, int depth, std::vector<Watched>& all) {
  const FileStamp stamp = stamp_of(path);
  if (depth > kMaxDepth || all.size() >= kMaxWatched) return;
  all.push_back({path, stamp});
  if (stamp.kind != Kind::kDirectory) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir(path.c_str()), closedir);
  if (entries == nullptr) return;
  while (const dirent* entry = readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    watch_below(path + "/" + std::string(name), depth + 1, all);
  }
}

std::vector<RefNames::Watched> RefNames::watch(const Layout& layout) {
  std::vector<Watched> all;
  for (const std::string& file :
       {layout.git_directory + "/HEAD", layout.common_directory + "/packed-refs"}) {
    all.push_back({file, stamp_of(file)});
  }
  watch_below(layout.common_directory + "/refs", 0, all);
  // A change right after a look must show, so times have to be older than the clock's grain.
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const std::int64_t settled = now.tv_sec * 1'000'000'000 + now.tv_nsec - kGrainNs;
  for (const Watched& one : all) {
    if (one.stamp.mtime_ns >= settled || one.stamp.ctime_ns >= settled) return {};
  }
  if (all.size() >= kMaxWatched) all.clear();
  return all;
}

// A directory that appeared has changed the time of the one that holds it.
bool RefNames::unchanged() const {
  return !watched_.empty() && std::ranges::all_of(watched_, [](const Watched& one) {
    return stamp_of(one.path) == one.stamp;
  });
}

Result<void> RefNames::refresh(const Repository& repository) {
  if (generation_ == repository.generation() && unchanged()) return {};
  generation_ = repository.generation();
  std::vector<Watched> now = watch(repository.layout());
  watched_.clear();
  TRY(read(repository));
  watched_ = std::move(now);
  return {};
}

std::vector<std::string> RefNames::names_of(const git_oid& commit) const {
  const auto found = names_.find(commit);
  return found == names_.end() ? std::vector<std::string>() : found->second;
}

void RefNames::read_head(const Repository& repository, std::string& target) {
  git_reference* raw = nullptr;
  git_oid id;
  if (git_reference_lookup(&raw, repository.get(), "HEAD") != 0) return;
  const Reference head(raw);
  if (const char* symbolic = git_reference_symbolic_target(raw)) target = symbolic;
  if (git_reference_name_to_id(&id, repository.get(), "HEAD") != 0) return;
  const bool on_branch = target.starts_with("refs/heads/");
  names_[id].push_back(on_branch ? "HEAD -> " + target.substr(11) : "HEAD");
}

Result<void> RefNames::read(const Repository& repository) {
  names_.clear();
  branches_ = tags_ = 0;
  std::string head_target;
  read_head(repository, head_target);
  git_reference_iterator* raw_refs = nullptr;
  if (const int status = git_reference_iterator_new(&raw_refs, repository.get()); status < 0) {
    return library_failure(status, "listing the refs");
  }
  const ReferenceIterator refs(raw_refs);
  git_reference* raw = nullptr;
  std::size_t count = 0;
  while (git_reference_next(&raw, raw_refs) == 0) {
    const Reference ref(raw);
    const std::string_view name = git_reference_name(raw);
    std::string shown;
    if (name.starts_with("refs/tags/")) {
      ++tags_;
      shown = "tag: " + std::string(name.substr(10));
    } else if (name.starts_with("refs/heads/")) {
      ++branches_;
      if (name == head_target) continue;
      shown = name.substr(11);
    } else if (name.starts_with("refs/remotes/")) {
      shown = name.substr(13);
    } else if (name == "refs/stash") {
      shown = name;
    } else {
      continue;  // notes, pull requests, backups
    }
    if (++count > kMaxRefs) continue;
    git_oid id;
    if (find_target(repository, raw, name, id)) names_[id].push_back(std::move(shown));
  }
  if (count > kMaxRefs) names_.clear();
  for (auto& [id, names] : names_) {
    std::ranges::stable_sort(names, {}, rank);
  }
  return {};
}

}  // namespace quarry::git::helper
