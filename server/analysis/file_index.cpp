#include "server/analysis/file_index.h"

#include <algorithm>
#include <unordered_map>

#include "server/analysis/languages.h"

namespace quarry::analysis {
namespace {

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

}  // namespace

bool is_regular(const git::TrackedFile& file) {
  return file.mode != kSubmoduleMode && file.mode != kSymlinkMode;
}

FileIndex::FileIndex(std::vector<git::TrackedFile> files, std::string_view top)
    : top_(top), files_(std::move(files)) {
  if (!top_.empty()) {
    std::erase_if(files_, [&](const git::TrackedFile& file) {
      return !(file.path.size() > top_.size() && file.path.starts_with(top_) &&
               file.path[top_.size()] == '/');
    });
  }
  if (!std::ranges::is_sorted(files_, {}, &git::TrackedFile::path)) {
    std::ranges::sort(files_, {}, &git::TrackedFile::path);
  }
  // In path order the files of one directory come in the order of their names, with those of its
  // subdirectories in between.
  std::unordered_map<std::string_view, std::uint32_t> numbers;
  std::vector<std::uint32_t> directory_of(files_.size());
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const std::string_view parent = parent_of(files_[i].path);
    if (i > 0 && directories_[directory_of[i - 1]].path == parent) {
      directory_of[i] = directory_of[i - 1];
    } else {
      const auto number = static_cast<std::uint32_t>(directories_.size());
      const auto [at, added] = numbers.try_emplace(parent, number);
      if (added) directories_.push_back({parent, 0, 0});
      directory_of[i] = at->second;
    }
    ++directories_[directory_of[i]].last;
  }
  std::uint32_t begin = 0;
  for (Directory& directory : directories_) {
    directory.first = begin;
    begin += directory.last;
    directory.last = directory.first;
  }
  members_.resize(files_.size());
  for (std::uint32_t i = 0; i < files_.size(); ++i) {
    members_[directories_[directory_of[i]].last++] = i;
  }
  std::ranges::sort(directories_, {}, &Directory::path);
}

const git::TrackedFile* FileIndex::find(std::string_view path) const {
  const auto at = std::ranges::lower_bound(files_, path, {}, &git::TrackedFile::path);
  return at == files_.end() || at->path != path ? nullptr : &*at;
}

const FileIndex::Directory* FileIndex::find_directory(std::string_view path) const {
  const auto at = std::ranges::lower_bound(directories_, path, {}, &Directory::path);
  return at == directories_.end() || at->path != path ? nullptr : &*at;
}

std::string FileIndex::under_top(std::string_view path) const {
  std::string whole(top_);
  if (!whole.empty()) whole.push_back('/');
  return whole.append(path);
}

}  // namespace quarry::analysis
