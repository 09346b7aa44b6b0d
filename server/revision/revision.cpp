#include "server/revision/revision.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "server/base/bytes.h"
#include "server/base/format.h"
#include "server/base/utf8.h"
#include "server/search/coverage.h"

namespace quarry::revision {
namespace {

using sandbox::Kind;
using sandbox::Path;
using search::ObjectId;
using search::SnapshotFile;

constexpr int kListVersion = 1;
constexpr std::size_t kMaxStoredBytes = std::size_t{8} << 20U;
constexpr std::size_t kShownDigits = 10;

Kind kind_of(std::uint32_t mode) {
  switch (mode & 0170000U) {
    case 0100000U:
      return Kind::kFile;
    case 0120000U:
      return Kind::kSymlink;
    default:
      return Kind::kOther;  // a submodule
  }
}

bool fits_path(std::string_view path) {
  if (path.empty() || path.size() > Path::kMaxBytes) return false;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (end == at || end - at > Path::kMaxComponentBytes) return false;
    at = end + 1;
  }
  return true;
}

ObjectId from_hex(std::string_view text) {
  ObjectId id{};
  for (std::size_t i = 0; i < id.size() && 2 * i + 2 <= text.size(); ++i) {
    unsigned value = 0;
    std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, value, 16);
    id[i] = static_cast<char>(value);
  }
  return id;
}

std::string hex(const ObjectId& id) {
  std::string text;
  for (const char byte : id) {
    const auto value = static_cast<unsigned char>(byte);
    text.push_back("0123456789abcdef"[value >> 4U]);
    text.push_back("0123456789abcdef"[value & 15U]);
  }
  return text;
}

// The list of files as the store keeps it: how many were left out, then each.
std::string pack(const std::vector<git::TrackedFile>& files) {
  std::string packed;
  ByteWriter out(packed);
  out.number(static_cast<std::uint64_t>(std::ranges::count_if(
      files, [](const git::TrackedFile& file) { return !fits_path(file.path); })));
  for (const git::TrackedFile& file : files) {
    if (!fits_path(file.path)) continue;
    const ObjectId id = from_hex(file.blob);
    out.string(file.path).number(static_cast<std::uint64_t>(kind_of(file.mode)));
    out.number(file.size).string({id.data(), id.size()});
  }
  return packed;
}

// Null when `packed` is no list.
std::shared_ptr<const search::TreeNode> unpack(std::string_view packed) {
  ByteReader in(packed);
  const std::uint64_t left_out = in.number();
  std::vector<SnapshotFile> files;
  while (in.ok() && !in.at_end()) {
    SnapshotFile file{.path = in.string()};
    const std::uint64_t kind = in.number();
    file.size = in.number();
    const std::string_view id = in.string();
    if (!in.ok() || !fits_path(file.path) || id.size() != file.id.size() ||
        kind > static_cast<std::uint64_t>(Kind::kOther)) {
      return nullptr;
    }
    file.kind = static_cast<Kind>(kind);
    std::ranges::copy(id, file.id.begin());
    files.push_back(file);
  }
  if (!in.ok()) return nullptr;
  std::vector<std::string> notes;
  if (left_out > 0) {
    notes.push_back(search::counted(left_out, "path") + " left out: too long to be a file's");
  }
  return search::make_snapshot_tree(files, std::move(notes));
}

Result<std::shared_ptr<const search::TreeNode>> load_tree(const std::string& commit,
                                                          const Source& source,
                                                          const CancelToken& cancel) {
  const std::string key = fmt::format("files {} of {}", kListVersion, commit);
  if (const auto packed = source.store.get(store::Table::kGit, key)) {
    if (auto tree = unpack(*packed)) return tree;
  }
  TRY_ASSIGN(const git::TreeFiles listed, source.git.tree_files({commit, ""}, cancel));
  const std::string packed = pack(listed.files);
  // A list that cannot be kept is made again.
  if (packed.size() <= kMaxStoredBytes) (void)source.store.put(store::Table::kGit, key, packed);
  auto tree = unpack(packed);
  if (tree == nullptr) return fail(Code::kInternal, "the git helper listed no paths");
  return tree;
}

}  // namespace

Result<std::unique_ptr<Revision>> Revision::open(std::string_view ref, const Source& source,
                                                 const CancelToken& cancel) {
  if (ref.empty()) {
    return fail(Code::kInvalidArgs, "argument 'ref' is empty; leave it out for the working tree");
  }
  if (ref.contains("..") || ref.starts_with('^')) {
    std::string shown;
    utf8::append_escaped_name(shown, utf8::clip(ref, 200));
    return fail(
        Code::kInvalidArgs,
        "argument 'ref' is a range of commits ('{}'); name the one whose files are meant, such "
        "as HEAD~2, a branch or a tag",
        shown);
  }
  git::LogOptions newest;
  newest.ref = ref;
  newest.max_count = 1;
  TRY_ASSIGN(const git::Log log, source.git.log(newest, cancel));
  if (log.commits.empty()) return fail(Code::kNotFound, "argument 'ref' leads to no commit");
  const std::string& commit = log.commits.front().id;
  std::unique_ptr<Revision> revision(new Revision(source));
  const Cache::Key key = Cache::key(source.files.root(), from_hex(commit));
  if (source.cache != nullptr) revision->tree_ = source.cache->find_tree(key);
  if (revision->tree_ == nullptr) {
    TRY_ASSIGN(revision->tree_, load_tree(commit, source, cancel));
    if (source.cache != nullptr) source.cache->keep(key, revision->tree_);
  }
  std::string shown;
  utf8::append_escaped_name(shown, ref);
  revision->label_ = fmt::format("at {} ({})", shown, commit.substr(0, kShownDigits));
  return revision;
}

Result<std::vector<search::Snapshot::Content>> Revision::read(std::span<const ObjectId> ids,
                                                              const CancelToken& cancel) const {
  std::vector<Content> contents(ids.size());
  std::vector<std::size_t> missing;
  git::BlobsOptions wanted{{}, kMaxBytes};
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (source_.cache != nullptr) {
      contents[i] = source_.cache->find_content(Cache::key(source_.files.root(), ids[i]));
    }
    if (contents[i] != nullptr) continue;
    missing.push_back(i);
    wanted.ids.push_back(hex(ids[i]));
  }
  if (missing.empty()) return contents;
  TRY_ASSIGN(std::vector<git::Blob> blobs, source_.git.blobs(wanted, cancel));
  for (std::size_t n = 0; n < missing.size(); ++n) {
    if (!blobs[n].present || blobs[n].content.size() != blobs[n].size) continue;
    Content& content = contents[missing[n]];
    content = std::make_shared<const std::string>(std::move(blobs[n].content));
    if (source_.cache == nullptr) continue;
    source_.cache->keep(Cache::key(source_.files.root(), ids[missing[n]]), content);
  }
  return contents;
}

}  // namespace quarry::revision
