// Corpus: a list of files to search, in the order of the answer, and how to open them.
//
// Thread-compatible; const members are safe from any thread. A Corpus of a Walk must not outlive
// it.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/search/engine.h"
#include "server/search/snapshot.h"
#include "server/search/walk.h"

namespace quarry::search {

class Corpus {
 public:
  // Opens files one after another; neighbours in the corpus share an opened directory. Of a
  // snapshot up to `ahead` files that follow are read together. Belongs to one thread.
  class Opener {
   public:
    explicit Opener(const Corpus& corpus, std::size_t ahead = 1)
        : corpus_(&corpus), ahead_(ahead) {}
    // Of a snapshot also kTooLarge, and kTimeout and kCancelled of the call.
    Result<sandbox::File> open(std::size_t index);
    // Whether it is a file whose content the workspace does not show.
    bool hidden(std::size_t index) const;
    Result<sandbox::Metadata> metadata(std::size_t index);

   private:
    Result<sandbox::Dir*> directory(std::uint32_t index);
    Result<sandbox::File> open_content(std::size_t index);
    Result<void> read_ahead(std::size_t begin);
    const Corpus* corpus_;
    std::size_t ahead_;
    // Of a snapshot: what was read last, the files from batch_begin_ on.
    std::vector<Snapshot::Content> batch_;
    std::size_t batch_begin_ = 0;
    std::uint32_t current_ = 0;
    std::optional<sandbox::Dir> open_;
  };

  Corpus(const sandbox::Workspace& workspace, const Walk& walk, std::vector<Walk::Place> places)
      : workspace_(&workspace), walk_(&walk), places_(std::move(places)) {}
  // Of a walk of the engine's snapshot.
  Corpus(const Engine& engine, const Walk& walk, std::vector<Walk::Place> places)
      : workspace_(&engine.workspace),
        walk_(&walk),
        places_(std::move(places)),
        snapshot_(engine.snapshot),
        cancel_(&engine.cancel) {}
  // The one file `path`.
  Corpus(const sandbox::Workspace& workspace, sandbox::Path path)
      : workspace_(&workspace), file_(std::move(path)) {}

  std::size_t size() const { return walk_ == nullptr ? 1 : places_.size(); }
  // Appends the path from the root, as bytes.
  void append_path(std::string& out, std::size_t index) const;
  Walk::Place place(std::size_t index) const { return places_[index]; }

 private:
  const sandbox::Workspace* workspace_;
  const Walk* walk_ = nullptr;
  std::vector<Walk::Place> places_;
  const Snapshot* snapshot_ = nullptr;
  const CancelToken* cancel_ = nullptr;  // of the call, with a snapshot
  sandbox::Path file_;
};

}  // namespace quarry::search
