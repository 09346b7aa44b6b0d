// The library: libgit2's start, its settings, its errors, and owners of its objects.
//
// Everything in this folder runs on the helper's one thread, but for what blobs.h says.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <git2.h>

#include "server/base/result.h"

namespace quarry::git::helper {

// Once, at the first request: libgit2 takes milliseconds to start.
Result<void> start_library();

// The Error for a libgit2 call that returned `status` (< 0) while doing `what` ("reading the
// index"). Known causes get a text that says what to do.
[[nodiscard]] Failure library_failure(int status, std::string_view what);

template <class T, void (*kFree)(T*)>
struct Freer {
  void operator()(T* object) const { kFree(object); }
};
template <class T, void (*kFree)(T*)>
using Owner = std::unique_ptr<T, Freer<T, kFree>>;

using RepositoryHandle = Owner<git_repository, git_repository_free>;
using OdbHandle = Owner<git_odb, git_odb_free>;
using OdbObject = Owner<git_odb_object, git_odb_object_free>;
using Object = Owner<git_object, git_object_free>;
using CommitHandle = Owner<git_commit, git_commit_free>;
using Tree = Owner<git_tree, git_tree_free>;
using Index = Owner<git_index, git_index_free>;
using DiffHandle = Owner<git_diff, git_diff_free>;
using PatchHandle = Owner<git_patch, git_patch_free>;
using Reference = Owner<git_reference, git_reference_free>;
using ReferenceIterator = Owner<git_reference_iterator, git_reference_iterator_free>;
using Config = Owner<git_config, git_config_free>;

// A git_buf that frees itself.
struct Buffer {
  git_buf raw = GIT_BUF_INIT;
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { git_buf_dispose(&raw); }
  std::string_view view() const {
    return raw.ptr == nullptr ? std::string_view() : std::string_view(raw.ptr, raw.size);
  }
};

// 40 hexadecimal digits.
std::string hex(const git_oid& id);

}  // namespace quarry::git::helper
