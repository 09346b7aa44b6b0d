#include <algorithm>

#include "server/base/utf8.h"
#include "server/git/helper/operations.h"
#include "server/git/helper/tree_path.h"

namespace quarry::git::helper {
namespace {

constexpr std::size_t kMaxEntries = standard<std::size_t>(Limit::kSearchEntries);
constexpr int kMostTreeDepth = standard<int>(Limit::kSearchDepth);

std::string escaped(std::string_view name) {
  std::string shown;
  utf8::append_escaped_name(shown, name);
  return shown;
}

// A name that a checkout would refuse is none of a file that anybody may ask for.
bool is_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos;
}

class Lister {
 public:
  Lister(Warm& warm, std::vector<TrackedFile>& files) : warm_(warm), files_(files) {}

  Result<void> list(const git_oid& id, const std::string& prefix, int depth) {
    if (depth > kMostTreeDepth) {
      return fail(Code::kTooLarge, "'{}' lies more than {} directories deep", escaped(prefix),
                  kMostTreeDepth);
    }
    TRY(count());
    git_tree* raw = nullptr;
    if (const int status = git_tree_lookup(&raw, warm_.repository.get(), &id); status < 0) {
      return library_failure(status, "reading a directory");
    }
    const Tree tree(raw);
    for (std::size_t i = 0; i < git_tree_entrycount(raw); ++i) {
      const git_tree_entry* entry = git_tree_entry_byindex(raw, i);
      const std::string_view name = git_tree_entry_name(entry);
      if (!is_name(name)) continue;
      if (git_tree_entry_filemode(entry) == GIT_FILEMODE_TREE) {
        TRY(list(*git_tree_entry_id(entry), prefix + std::string(name) + "/", depth + 1));
      } else {
        TRY(add(entry, prefix, name));
      }
    }
    return {};
  }

 private:
  // Directories count too: a few trees that hold each other many times over stand for more of
  // them than could ever be visited.
  Result<void> count() {
    if (++entries_ <= kMaxEntries) return {};
    return fail(Code::kTooLarge, "the revision holds over {} entries; narrow it by path",
                kMaxEntries);
  }

  Result<void> add(const git_tree_entry* entry, const std::string& prefix, std::string_view name) {
    TRY(count());
    TrackedFile& file = files_.emplace_back();
    file.path.append(prefix).append(name);
    const git_oid* id = git_tree_entry_id(entry);
    file.blob = hex(*id);
    file.mode = static_cast<std::uint32_t>(git_tree_entry_filemode(entry));
    if (file.mode == GIT_FILEMODE_COMMIT) return {};
    std::size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    // A blob that a partial clone lacks leaves its file without a size.
    if (git_odb_read_header(&size, &type, warm_.repository.odb(), id) == 0) file.size = size;
    return {};
  }

  Warm& warm_;
  std::vector<TrackedFile>& files_;
  std::size_t entries_ = 0;
};

}  // namespace

Result<TreeFiles> read_tree_files(Warm& warm, const TreeOptions& options) {
  TRY_ASSIGN(const std::string path, tree_path(options.path));
  TRY_ASSIGN(const git_oid commit, warm.repository.commit_of(options.ref, "ref"));
  TRY_ASSIGN(const Tree tree, warm.repository.tree_of(commit));
  TreeFiles answer;
  answer.commit = hex(commit);
  git_oid top = *git_tree_id(tree.get());
  if (!path.empty()) {
    TreePath finder(warm.repository.odb(), path);
    TRY_ASSIGN(const TreeEntry entry, finder.find(top));
    if (!entry.present() || !entry.is_tree()) {
      return fail(entry.present() ? Code::kInvalidArgs : Code::kNotFound,
                  "'{}' is no directory at {} ({})", escaped(path), escaped(options.ref),
                  answer.commit.substr(0, warm.repository.short_digits()));
    }
    top = entry.id;
  }
  Lister lister(warm, answer.files);
  TRY(lister.list(top, path.empty() ? path : path + "/", 0));
  // Trees sort a directory as if its name ended in '/'; whole paths do the same, but damaged or
  // foreign trees may not be sorted at all.
  std::ranges::sort(answer.files, {}, &TrackedFile::path);
  return answer;
}

}  // namespace quarry::git::helper
