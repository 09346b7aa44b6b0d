#include <algorithm>
#include <string>
#include <vector>

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

// The path that a symbolic link at `path` leads to, within the repository; "" for one outside.
std::string link_path(std::string_view path, std::string_view target) {
  if (target.starts_with('/')) return {};
  std::vector<std::string_view> names;
  const auto follow = [&](std::string_view rest) {
    while (!rest.empty()) {
      const std::string_view name = rest.substr(0, rest.find('/'));
      rest.remove_prefix(std::min(name.size() + 1, rest.size()));
      if (name.empty() || name == ".") continue;
      if (name != "..") {
        names.push_back(name);
      } else if (names.empty()) {
        return false;
      } else {
        names.pop_back();
      }
    }
    return true;
  };
  const std::size_t slash = path.rfind('/');
  if (slash != path.npos) follow(path.substr(0, slash));
  std::string leads;
  if (!follow(target)) return leads;
  for (const std::string_view name : names) leads.append(leads.empty() ? "" : "/").append(name);
  return leads;
}

// Of what is no file, nor a directory. `rest`: what follows it in the path asked for, or "".
Result<void> check_no_file(Warm& warm, const TreeEntry& entry, const std::string& path,
                           std::string_view rest, const std::string& shown) {
  if ((entry.mode & kKind) == 0160000) {
    return fail(Code::kInvalidArgs,
                "{} is a submodule, at its commit {}; its files are in its own repository", shown,
                hex(entry.id));
  }
  if ((entry.mode & kKind) != 0120000) return {};
  TRY_ASSIGN(const std::string target, read_blob(warm, entry.id, shown));
  const std::string leads = link_path(path, target);
  return fail(Code::kInvalidArgs, "{} is a symbolic link to '{}'{}", shown,
              escaped(std::string_view(target).substr(0, 4096)),
              leads.empty()
                  ? ", which is not in the repository"
                  : fmt::format("; read '{}{}' with the same ref", escaped(leads), escaped(rest)));
}

// Nothing is there. A symbolic link or a submodule on the way may be why.
Failure explain_none(Warm& warm, const git_oid& tree, const std::string& path,
                     std::string_view at) {
  for (std::size_t end = path.find('/'); end != path.npos; end = path.find('/', end + 1)) {
    const std::string above = path.substr(0, end);
    TreePath finder(warm.repository.odb(), above);
    const auto entry = finder.find(tree);
    if (!entry || entry->is_tree()) continue;
    const std::string shown = fmt::format("'{}' {}", escaped(above), at);
    const auto no_file =
        check_no_file(warm, *entry, above, std::string_view(path).substr(end), shown);
    if (!no_file) return Failure(no_file.error());
    break;
  }
  return fail(Code::kNotFound, "no file '{}' {}; git_log with this path tells when it was there",
              escaped(path), at);
}

}  // namespace

Result<FileAt> read_file_at(Warm& warm, const FileAtOptions& options) {
  TRY_ASSIGN(const std::string path, tree_path(options.path));
  TRY_ASSIGN(const git_oid commit, warm.repository.commit_of(options.ref, "ref"));
  TRY_ASSIGN(const Tree tree, warm.repository.tree_of(commit));
  FileAt file;
  file.commit = hex(commit).substr(0, warm.repository.short_digits());
  const std::string at = fmt::format("at {} ({})", escaped(options.ref), file.commit);
  const std::string shown = fmt::format("'{}' {}", path.empty() ? "." : escaped(path), at);

  TreePath finder(warm.repository.odb(), path);
  TRY_ASSIGN(const TreeEntry entry, finder.find(*git_tree_id(tree.get())));
  if (!entry.present()) return explain_none(warm, *git_tree_id(tree.get()), path, at);
  if (entry.is_tree()) return fail(Code::kInvalidArgs, "{} is a directory; name a file", shown);
  TRY(check_no_file(warm, entry, path, {}, shown));
  TRY_ASSIGN(file.content, read_blob(warm, entry.id, shown));
  return file;
}

}  // namespace quarry::git::helper
