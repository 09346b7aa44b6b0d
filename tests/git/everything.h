// Everything that a client can ask of a repository, as one text: what must not show a secret and
// must not hang.

#pragma once

#include <string>

#include "tests/git/git_fixture.h"

namespace quarry::git::test {

// Errors as their messages.
inline std::string everything(Fixture& repo) {
  std::string text;
  const auto add_error = [&](const auto& result) {
    if (!result) text += "error: " + result.error().message + "\n";
  };
  const auto status = repo.status();
  add_error(status);
  if (status) {
    for (const auto& list : {status->staged, status->unstaged, status->untracked}) {
      for (const StatusEntry& row : list) text += row.path + "\n";
    }
  }
  const auto log = repo.log();
  add_error(log);
  if (log) {
    for (const Commit& commit : log->commits) text += commit.message;
  }
  DiffOptions options;
  options.from = "HEAD";
  const auto diff = repo.diff(options);
  add_error(diff);
  if (diff) {
    for (const DiffFile& file : diff->files) text += file.patch;
  }
  const auto files = repo.tracked_files();
  add_error(files);
  if (files) {
    for (const TrackedFile& file : *files) text += file.path + "\n";
  }
  const CancelToken cancel = repo.token();
  const auto tree = repo.client.tree_files({}, cancel);
  add_error(tree);
  if (tree) {
    BlobsOptions wanted{{}, 100};
    for (const TrackedFile& file : tree->files) wanted.ids.push_back(file.blob);
    const auto blobs = repo.client.blobs(wanted, cancel);
    add_error(blobs);
    if (blobs) {
      for (const Blob& blob : *blobs) text += blob.content;
    }
  }
  add_error(repo.facts());
  return text;
}

}  // namespace quarry::git::test
