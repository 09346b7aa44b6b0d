#include "server/git/helper/blobs.h"

#include <algorithm>
#include <atomic>
#include <new>

#include <sched.h>

#include "server/git/helper/objects.h"

namespace quarry::git::helper {
namespace {

constexpr int kMostThreads = 4;
constexpr std::size_t kLeastShared = 16;  // ids; fewer are read before a thread has woken

Blob read_blob(git_odb* odb, const std::string& id, std::uint64_t max_bytes) {
  Blob blob;
  git_oid oid;
  if (id.size() != GIT_OID_HEXSZ || git_oid_fromstr(&oid, id.c_str()) < 0) return blob;
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  if (git_odb_read_header(&size, &type, odb, &oid) < 0 || type != GIT_OBJECT_BLOB ||
      size > kMaxObjectBytes) {
    return blob;
  }
  git_odb_object* raw = nullptr;
  if (git_odb_read(&raw, odb, &oid) < 0) return blob;
  const OdbObject object(raw);
  blob.present = true;
  blob.size = git_odb_object_size(raw);
  blob.content.assign(static_cast<const char*>(git_odb_object_data(raw)),
                      std::min<std::size_t>(blob.size, max_bytes));
  return blob;
}

}  // namespace

std::size_t reading_threads() {
  static const std::size_t threads = [] {
    if ((git_libgit2_features() & GIT_FEATURE_THREADS) == 0) return std::size_t{1};
    cpu_set_t mine;
    const int cores = sched_getaffinity(0, sizeof mine, &mine) == 0 ? CPU_COUNT(&mine) : 1;
    return static_cast<std::size_t>(std::clamp(cores, 1, kMostThreads));
  }();
  return threads;
}

Blobs::Blobs() : pool_({.workers = reading_threads() - 1}) {}

std::size_t Blobs::prepare(const Repository& repository) {
  if (generation_ != repository.generation()) databases_.clear();
  generation_ = repository.generation();
  while (databases_.size() < pool_.workers()) {
    auto more = open_objects(repository.layout().common_directory + "/objects");
    if (!more) break;  // the packs are just being replaced, say: one thread reads on
    databases_.push_back(std::move(more->odb));
  }
  return databases_.size() + 1;
}

std::vector<Blob> Blobs::read(const Repository& repository, const BlobsOptions& options) {
  std::vector<Blob> blobs(options.ids.size());
  std::atomic<std::size_t> next{0};
  const auto read_on = [&](std::size_t reader) {
    git_odb* const odb = reader == 0 ? repository.odb() : databases_[reader - 1].get();
    for (std::size_t i = next++; i < blobs.size(); i = next++) {
      blobs[i] = read_blob(odb, options.ids[i], options.max_bytes);
    }
  };
  if (blobs.size() < kLeastShared) {
    read_on(0);
  } else {
    pool_.fork_join(prepare(repository), read_on);
  }
  return blobs;
}

}  // namespace quarry::git::helper
