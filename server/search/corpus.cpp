#include "server/search/corpus.h"

#include <algorithm>

namespace quarry::search {

using sandbox::Dir;

namespace {

constexpr std::uint64_t kAheadBytes = 4 << 20;

}  // namespace

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
  if (corpus_->snapshot_ != nullptr) return open_content(index);
  const Walk::Place place = corpus_->places_[index];
  TRY_ASSIGN(const Dir* const parent, directory(place.directory));
  return parent->open_file(corpus_->walk_->name(place));
}

Result<sandbox::File> Corpus::Opener::open_content(std::size_t index) {
  if (hidden(index)) return fail(Code::kDenied, "a file for secrets");
  if (index < batch_begin_ || index >= batch_begin_ + batch_.size()) TRY(read_ahead(index));
  const Snapshot::Content& content = batch_[index - batch_begin_];
  if (content == nullptr) return fail(Code::kNotFound, "its content is missing");
  return corpus_->workspace_->make_file(content);
}

Result<void> Corpus::Opener::read_ahead(std::size_t begin) {
  std::vector<ObjectId> ids;
  std::uint64_t bytes = 0;
  const std::size_t end = std::min(begin + ahead_, corpus_->places_.size());
  for (std::size_t i = begin; i < end && (i == begin || !hidden(i)); ++i) {
    const Walk::Place place = corpus_->places_[i];
    const Listing& listing = corpus_->walk_->listing(place.directory);
    const std::uint64_t size = listing.sizes[place.entry];
    if (i == begin && size > Snapshot::kMaxBytes) return fail(Code::kTooLarge, "it is too large");
    bytes += size;
    if (i > begin && bytes > kAheadBytes) break;
    ids.push_back(listing.ids[place.entry]);
  }
  batch_.clear();
  TRY_ASSIGN(batch_, corpus_->snapshot_->read(ids, *corpus_->cancel_));
  batch_begin_ = begin;
  return {};
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
