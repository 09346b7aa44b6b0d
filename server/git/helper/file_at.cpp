#include "server/base/utf8.h"
#include "server/git/helper/objects.h"
#include "server/git/helper/operations.h"
#include "server/git/helper/tree_path.h"

namespace quarry::git::helper {
namespace {

constexpr std::uint32_t kKind = 0170000;

std::string escaped(std::string_view name) {
  std::string shown;
  utf8::append_escaped_name(shown, name);
  return shown;
}

Result<std::string> read_blob(Warm& warm, const git_oid& id, std::string_view shown) {
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  git_odb* odb = warm.repository.odb();
  if (const int status = git_odb_read_header(&size, &type, odb, &id); status < 0) {
    return library_failure(status, "reading a file's size");
  }
  if (type != GIT_OBJECT_BLOB) {
    return fail(Code::kInternal, "object {} is not a file, though a tree says so", hex(id));
  }
  if (size > kMaxObjectBytes) {
    return fail(Code::kTooLarge, "{} is over {} MiB there; check it out to read it", shown,
                kMaxObjectBytes >> 20U);
  }
  git_odb_object* raw = nullptr;
  if (const int status = git_odb_read(&raw, odb, &id); status < 0) {
    return library_failure(status, "reading a file");
  }
  const OdbObject object(raw);
  return std::string(static_cast<const char*>(git_odb_object_data(raw)), git_odb_object_size(raw));
}

}  // namespace

Result<FileAt> read_file_at(Warm& warm, const FileAtOptions& options) {
  TRY_ASSIGN(const std::string path, tree_path(options.path));
  TRY_ASSIGN(const git_oid commit, warm.repository.commit_of(options.ref, "ref"));
  TRY_ASSIGN(const Tree tree, warm.repository.tree_of(commit));
  FileAt file;
  file.commit = hex(commit).substr(0, warm.repository.short_digits());
  const std::string shown =
      fmt::format("'{}' at {} ({})", escaped(path), escaped(options.ref), file.commit);

  TreePath finder(warm.repository.odb(), path);
  TRY_ASSIGN(const TreeEntry entry, finder.find(*git_tree_id(tree.get())));
  if (!entry.present()) {
    return fail(Code::kNotFound, "no file {}; git_log with this path tells when it was there",
                shown);
  }
  if (entry.is_tree()) return fail(Code::kInvalidArgs, "{} is a directory; name a file", shown);
  if ((entry.mode & kKind) == 0160000) {
    return fail(Code::kInvalidArgs,
                "{} is a submodule, at its commit {}; its files are in its own repository", shown,
                hex(entry.id));
  }
  TRY_ASSIGN(file.content, read_blob(warm, entry.id, shown));
  if ((entry.mode & kKind) == 0120000) {
    return fail(Code::kInvalidArgs,
                "{} is a symbolic link to '{}'; read that path with the same ref", shown,
                escaped(std::string_view(file.content).substr(0, 4096)));
  }
  return file;
}

}  // namespace quarry::git::helper
