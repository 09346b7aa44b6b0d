#include "server/analysis/working_contents.h"

#include <algorithm>
#include <array>

#include "server/analysis/languages.h"
#include "server/base/hash.h"

namespace quarry::analysis {

using sandbox::Path;
using sandbox::Stamp;

std::optional<Path> path_of(std::string_view raw) {
  Path path;
  while (true) {
    const std::size_t end = std::min(raw.find('/'), raw.size());
    const std::string_view name = raw.substr(0, end);
    if (name.empty() || name == "." || name == ".." || name.size() > Path::kMaxComponentBytes ||
        name.find('\0') != std::string_view::npos) {
      return std::nullopt;
    }
    path = path.child(name);
    if (end == raw.size()) return path;
    raw.remove_prefix(end + 1);
  }
}

std::optional<Path> directory_path(std::string_view raw) {
  return raw.empty() ? Path() : path_of(raw);
}

namespace {

std::optional<sandbox::Dir> open_directory(const sandbox::Workspace& files, std::string_view raw) {
  const std::optional<Path> path = directory_path(raw);
  if (!path) return std::nullopt;
  auto directory = files.open_directory(*path);
  if (!directory) return std::nullopt;
  return std::move(*directory);
}

}  // namespace

Identity WorkingContents::identity(const Stamp& stamp) const {
  if (!sandbox::settled(stamp, clock_.wall_ms())) return 0;
  const std::array<std::uint64_t, 5> parts = {
      stamp.device, stamp.inode, static_cast<std::uint64_t>(stamp.size),
      static_cast<std::uint64_t>(stamp.mtime_ns), static_cast<std::uint64_t>(stamp.ctime_ns)};
  const std::uint64_t hash = hash64({reinterpret_cast<const char*>(parts.data()), sizeof(parts)});
  return hash == 0 ? 1 : hash;
}

void WorkingContents::identify(const FileIndex& index, const FileIndex::Directory& directory,
                               std::span<const std::uint32_t> files,
                               std::span<State> states) const {
  const auto opened = open_directory(files_, directory.path);
  if (!opened) return;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto metadata = opened->metadata(base_name(index.files()[files[i]].path));
    if (!metadata || metadata->kind != sandbox::Kind::kFile) continue;
    states[i] = {identity(metadata->stamp), static_cast<std::uint64_t>(metadata->stamp.size)};
  }
}

Result<void> WorkingContents::sample(const FileIndex& index, const FileIndex::Directory& directory,
                                     std::span<const std::uint32_t> files, const Visit& visit,
                                     const CancelToken& cancel) const {
  const auto opened = open_directory(files_, directory.path);
  std::array<char, Sample::kHeadBytes> head;
  std::array<char, Sample::kTailBytes> tail;
  for (std::size_t i = 0; i < files.size(); ++i) {
    TRY(cancel.check());
    if (!opened) {
      visit(i, nullptr);
      continue;
    }
    const auto file = opened->open_file(base_name(index.files()[files[i]].path));
    // No more than its size, or the system is asked once more whether that was all.
    const std::size_t want =
        file ? std::min(head.size(), static_cast<std::size_t>(file->stamp().size)) : 0;
    const auto got = file ? file->read_at(0, std::span(head).first(want))
                          : Result<std::size_t>(Failure(file.error()));
    if (!got) {
      visit(i, nullptr);
      continue;
    }
    Sample sample;
    sample.head = {head.data(), *got};
    sample.size = static_cast<std::uint64_t>(file->stamp().size);
    sample.identity = identity(file->stamp());
    if (sample.size > head.size()) {
      const auto from = std::max<std::int64_t>(static_cast<std::int64_t>(head.size()),
                                               file->stamp().size - std::ssize(tail));
      if (const auto end = file->read_at(from, tail)) sample.tail = {tail.data(), *end};
    }
    visit(i, &sample);
  }
  return {};
}

Result<Content> WorkingContents::read(const git::TrackedFile& file, std::uint64_t max_bytes,
                                      const CancelToken& cancel) const {
  TRY(cancel.check());
  const auto path = path_of(file.path);
  if (!path) return fail(Code::kInvalidArgs, "the repository tells of a path that is none");
  const auto opened = files_.open_file(*path);
  if (!opened) {
    const auto metadata = files_.metadata(*path);
    if (metadata && metadata->kind != sandbox::Kind::kFile) {
      return fail(Code::kInvalidArgs, "it is no regular file");
    }
    return Failure(opened.error());
  }
  Content content;
  TRY(opened->read_all(content.bytes, static_cast<std::int64_t>(max_bytes)));
  content.identity = identity(opened->stamp());
  return content;
}

Identity WorkingContents::identity(const git::TrackedFile& file) const {
  const auto path = path_of(file.path);
  if (!path) return 0;
  const auto metadata = files_.metadata(*path);
  return metadata && metadata->kind == sandbox::Kind::kFile ? identity(metadata->stamp) : 0;
}

}  // namespace quarry::analysis
