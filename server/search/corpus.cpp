#include "server/search/corpus.h"

namespace quarry::search {

using sandbox::Dir;

void Corpus::append_path(std::string& out, std::size_t index) const {
  if (walk_ == nullptr) {
    out.append(file_.text());
  } else {
    walk_->append_path(out, places_[index]);
  }
}

Result<Dir*> Corpus::Opener::directory(std::uint32_t index) {
  if (!open_ || current_ != index) {
    open_.reset();
    TRY_ASSIGN(Dir opened,
               corpus_->workspace_->open_directory(corpus_->walk_->listing(index).path));
    open_ = std::move(opened);
    current_ = index;
  }
  return &*open_;
}

Result<sandbox::File> Corpus::Opener::open(std::size_t index) {
  if (corpus_->walk_ == nullptr) return corpus_->workspace_->open_file(corpus_->file_);
  const Walk::Place place = corpus_->places_[index];
  TRY_ASSIGN(const Dir* const parent, directory(place.directory));
  return parent->open_file(corpus_->walk_->name(place));
}

bool Corpus::Opener::hidden(std::size_t index) const {
  const std::string_view name = corpus_->walk_ == nullptr
                                    ? corpus_->file_.name()
                                    : corpus_->walk_->name(corpus_->places_[index]);
  return corpus_->workspace_->hides(name);
}

Result<sandbox::Metadata> Corpus::Opener::metadata(std::size_t index) {
  if (corpus_->walk_ == nullptr) return corpus_->workspace_->metadata(corpus_->file_);
  const Walk::Place place = corpus_->places_[index];
  TRY_ASSIGN(const Dir* const parent, directory(place.directory));
  return parent->metadata(corpus_->walk_->name(place));
}

}  // namespace quarry::search
