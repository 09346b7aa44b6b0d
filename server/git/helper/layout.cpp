#include "server/git/helper/layout.h"

#include <array>
#include <string_view>

#include <unistd.h>

namespace quarry::git::helper {
namespace {

constexpr std::int64_t kMaxPointerBytes = 4096;     // a gitdir or commondir file
constexpr std::int64_t kMaxConfigBytes = 1 << 20;   // libgit2 takes 2.5 us and 330 bytes a line
constexpr std::int64_t kMaxExcludeBytes = 1 << 20;  // rules are tried on every untracked name
constexpr std::int64_t kMaxPackedRefs = 256 << 20;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.remove_suffix(1);
  }
  return text;
}

bool beneath(std::string_view path, std::string_view root) {
  return path == root || (path.starts_with(root) && path[root.size()] == '/');
}

// `target` as seen from the directory `from`, without "." and ".."; text only, no links followed.
std::string joined(const std::string& from, std::string_view target) {
  std::string whole = target.starts_with('/') ? "" : from;
  std::size_t start = 0;
  while (start <= target.size()) {
    const std::size_t end = std::min(target.find('/', start), target.size());
    const std::string_view name = target.substr(start, end - start);
    if (name == "..") {
      whole.resize(whole.rfind('/') == std::string::npos ? 0 : whole.rfind('/'));
    } else if (!name.empty() && name != ".") {
      whole += '/';
      whole += name;
    }
    start = end + 1;
  }
  return whole;
}

// Every directory from the root down to `directory` must be a real one.
Result<void> check_directory(const std::string& root, const std::string& directory,
                             std::string_view name) {
  if (!beneath(directory, root)) {
    return fail(Code::kDenied,
                "the repository's {} lies outside this session's root; open a session on the "
                "main repository's directory instead",
                name);
  }
  for (std::size_t end = root.size(); end < directory.size();) {
    end = std::min(directory.find('/', end + 1), directory.size());
    const Kind kind = stamp_of(directory.substr(0, end)).kind;
    if (kind == Kind::kSymlink) {
      return fail(Code::kDenied, "the repository's {} is a symlink, which is not followed", name);
    }
    if (kind != Kind::kDirectory) {
      return fail(Code::kDenied, "the repository's {} is missing or not a directory", name);
    }
  }
  return {};
}

Result<void> check_owner(const std::string& root, const std::string& directory) {
  const FileStamp top = stamp_of(root);
  const FileStamp mine = stamp_of(directory);
  if (mine.owner == top.owner || mine.owner == geteuid() || mine.owner == 0) return {};
  return fail(Code::kDenied,
              "the repository belongs to another user (uid {}) than this session's root (uid {}), "
              "so its configuration is not trusted; change its owner to use it",
              mine.owner, top.owner);
}

// A file that libgit2 will open: regular and small enough, or absent.
Result<FileStamp> check_file(const std::string& directory, const char* name, std::int64_t limit) {
  const FileStamp stamp = stamp_of(directory + "/" + name);
  if (stamp.kind == Kind::kMissing) return stamp;
  if (stamp.kind == Kind::kSymlink) {
    return fail(Code::kDenied, "the repository's '{}' is a symlink, which is not followed", name);
  }
  if (stamp.kind != Kind::kFile) {
    return fail(Code::kDenied, "the repository's '{}' is not a regular file", name);
  }
  if (stamp.size > limit) {
    return fail(Code::kTooLarge, "the repository's '{}' is {} bytes, over the limit of {}", name,
                stamp.size, limit);
  }
  return stamp;
}

Result<void> check_alternates(int common_fd) {
  auto text = read_if_present(common_fd, "objects/info/alternates", 1 << 20);
  if (!text) return fail(Code::kDenied, "the repository's objects/info/alternates cannot be used");
  if (!*text) return {};
  std::string_view rest = **text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = trimmed(rest.substr(0, end));
    if (!line.empty() && line.front() != '#') {
      return fail(Code::kDenied,
                  "the repository borrows objects of another one (objects/info/alternates), which "
                  "is not read; 'git repack -a -d' and removing that file make it complete");
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

// Where `.git` leads, or that the root is bare.
Result<void> find_git_directory(Layout& layout, int root_fd) {
  const std::string dot_git = layout.root + "/.git";
  const FileStamp stamp = stamp_of(dot_git);
  FileStamp identity = stamp;
  // A git directory's times change with every lock file in it.
  if (stamp.kind == Kind::kDirectory) identity.size = identity.mtime_ns = identity.ctime_ns = 0;
  layout.opening.push_back(identity);
  switch (stamp.kind) {
    case Kind::kDirectory:
      layout.git_directory = dot_git;
      return {};
    case Kind::kFile: {
      auto text = read_regular(root_fd, ".git", kMaxPointerBytes);
      if (!text || !text->starts_with("gitdir:")) {
        return fail(Code::kDenied, "the file '.git' does not say where the repository is");
      }
      std::string_view target = trimmed(std::string_view(*text).substr(7));
      while (target.starts_with(' ')) target.remove_prefix(1);
      if (target.find('\0') != std::string_view::npos || target.empty()) {
        return fail(Code::kDenied, "the file '.git' does not say where the repository is");
      }
      layout.git_directory = joined(layout.root, target);
      return check_directory(layout.root, layout.git_directory, "git directory");
    }
    case Kind::kSymlink:
      return fail(Code::kDenied, "'.git' is a symlink, which is not followed");
    case Kind::kOther:
      return fail(Code::kDenied, "'.git' is neither a directory nor a file");
    case Kind::kMissing:
      break;
  }
  const bool bare = stamp_of(layout.root + "/HEAD").kind == Kind::kFile &&
                    stamp_of(layout.root + "/objects").kind == Kind::kDirectory &&
                    stamp_of(layout.root + "/refs").kind == Kind::kDirectory;
  if (!bare) return fail(Code::kNotFound, "no git repository at the root of this session");
  layout.bare = true;
  layout.git_directory = layout.root;
  return {};
}

Result<void> find_common_directory(Layout& layout) {
  layout.common_directory = layout.git_directory;
  TRY_ASSIGN(Fd git_fd, open_directory(layout.git_directory));
  TRY_ASSIGN(const FileStamp stamp,
             check_file(layout.git_directory, "commondir", kMaxPointerBytes));
  layout.opening.push_back(stamp);
  if (stamp.kind == Kind::kMissing) return {};
  TRY_ASSIGN(const std::string text, read_regular(git_fd.get(), "commondir", kMaxPointerBytes));
  layout.common_directory = joined(layout.git_directory, trimmed(text));
  layout.linked_worktree = layout.common_directory != layout.git_directory;
  return check_directory(layout.root, layout.common_directory, "common directory");
}

}  // namespace

Result<Layout> inspect_layout(const std::string& root) {
  Layout layout;
  layout.root = root;
  TRY_ASSIGN(Fd root_fd, open_directory(root));
  TRY(find_git_directory(layout, root_fd.get()));
  TRY(check_owner(root, layout.git_directory));
  TRY(find_common_directory(layout));
  if (layout.linked_worktree) TRY(check_owner(root, layout.common_directory));

  struct File {
    const std::string& directory;
    const char* name;
    std::int64_t limit;
    bool opening;
  };
  const std::int64_t any = std::int64_t{1} << 40;
  const std::string info = layout.common_directory + "/info";
  const std::array files = {
      File{layout.git_directory, "HEAD", kMaxPointerBytes, false},
      File{layout.git_directory, "index", any, false},
      File{layout.common_directory, "config", kMaxConfigBytes, true},
      File{layout.git_directory, "config.worktree", kMaxConfigBytes, true},
      File{layout.common_directory, "packed-refs", kMaxPackedRefs, false},
      File{layout.common_directory, "shallow", kMaxPackedRefs, false},
      File{info, "exclude", kMaxExcludeBytes, false},
      File{info, "attributes", kMaxExcludeBytes, false},
  };
  for (const File& file : files) {
    TRY_ASSIGN(const FileStamp stamp, check_file(file.directory, file.name, file.limit));
    if (file.opening) layout.opening.push_back(stamp);
    if (std::string_view(file.name) == "shallow") layout.objects.push_back(stamp);
    if (std::string_view(file.name) == "HEAD" && stamp.kind == Kind::kMissing) {
      return fail(Code::kNotFound,
                  "no git repository at the root of this session: '.git' has no HEAD");
    }
  }
  for (const char* name : {".gitignore", ".gitattributes", ".gitmodules"}) {
    if (layout.bare) break;
    const FileStamp stamp = stamp_of(root + "/" + name);
    if (stamp.kind == Kind::kOther) {
      return fail(Code::kDenied, "'{}' is not a regular file", name);
    }
  }
  TRY(check_directory(root, layout.common_directory + "/objects", "objects directory"));
  TRY(check_directory(root, layout.common_directory + "/refs", "refs directory"));
  if (stamp_of(layout.common_directory + "/reftable").kind == Kind::kDirectory) {
    return fail(Code::kDenied, "unsupported: a repository that keeps its refs in a reftable");
  }
  const std::string pack = layout.common_directory + "/objects/pack";
  const FileStamp pack_stamp = stamp_of(pack);
  if (pack_stamp.kind == Kind::kSymlink) {
    return fail(Code::kDenied,
                "the repository's 'objects/pack' is a symlink, which is not followed");
  }
  layout.objects.push_back(pack_stamp);
  TRY_ASSIGN(Fd common_fd, open_directory(layout.common_directory));
  TRY(check_alternates(common_fd.get()));
  return layout;
}

}  // namespace quarry::git::helper
