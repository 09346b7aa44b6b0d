// Corpus: a list of files to search, in path order, and how to open them.
//
// Thread-compatible; const members are safe from any thread. A Corpus of a Walk must not outlive
// it.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/search/walk.h"

namespace quarry::search {

class Corpus {
 public:
  // Opens files one after another; neighbours in the corpus share an opened directory. Belongs
  // to one thread.
  class Opener {
   public:
    explicit Opener(const Corpus& corpus) : corpus_(&corpus) {}
    Result<sandbox::File> open(std::size_t index);
    // Whether it is a file whose content the workspace does not show.
    bool hidden(std::size_t index) const;
    Result<sandbox::Metadata> metadata(std::size_t index);

   private:
    Result<sandbox::Dir*> directory(std::uint32_t index);
    const Corpus* corpus_;
    std::uint32_t current_ = 0;
    std::optional<sandbox::Dir> open_;
  };

  Corpus(const sandbox::Workspace& workspace, const Walk& walk, std::vector<Walk::Place> places)
      : workspace_(&workspace), walk_(&walk), places_(std::move(places)) {}
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
  sandbox::Path file_;
};

}  // namespace quarry::search
