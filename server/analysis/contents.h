// Contents: how an analysis reads the files of a FileIndex: from the working tree, or as a revision
// has them.
//
// An identity tells a content of a path from every other that it had or will have; 0: it cannot be
// told now (no such file, or it changed a moment ago). Symlinks are never followed and files that
// the workspace hides are not read.
//
// const members are safe from any thread.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/analysis/file_index.h"
#include "server/base/cancel.h"
#include "server/base/result.h"

namespace quarry::analysis {

using Identity = std::uint64_t;

// The beginning of a file, and its end where that lies beyond.
struct Sample {
  static constexpr std::size_t kHeadBytes = 16 * 1024;
  static constexpr std::size_t kTailBytes = 512;

  std::string_view head;
  std::string_view tail;
  std::uint64_t size = 0;
  Identity identity = 0;
};

struct Content {
  std::string bytes;
  Identity identity = 0;
};

class Contents {
 public:
  virtual ~Contents() = default;

  struct State {
    Identity identity = 0;
    std::uint64_t size = 0;
  };
  // The states of `files` of one directory, by their numbers, into `states`. Does not read them.
  virtual void identify(const FileIndex& index, const FileIndex::Directory& directory,
                        std::span<const std::uint32_t> files, std::span<State> states) const = 0;

  // Calls `visit` for each of `files` of one directory, with null when it cannot be read. The
  // sample lives for the call. An error ends it: cancelled, or nothing can be read at all.
  using Visit = std::function<void(std::size_t at, const Sample* sample)>;
  virtual Result<void> sample(const FileIndex& index, const FileIndex::Directory& directory,
                              std::span<const std::uint32_t> files, const Visit& visit,
                              const CancelToken& cancel) const = 0;

  // A whole file. kTooLarge beyond `max_bytes`, kNotFound, kDenied.
  virtual Result<Content> read(const git::TrackedFile& file, std::uint64_t max_bytes,
                               const CancelToken& cancel) const = 0;
  virtual Identity identity(const git::TrackedFile& file) const = 0;
};

}  // namespace quarry::analysis
