#include "server/store/salvage.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "server/store/data_page.h"

namespace quarry::store {
namespace {

using namespace data_page;
using Found = std::function<void(std::string_view key, std::string_view value)>;

constexpr std::uint64_t kMostValueBytes = std::uint64_t{80} << 20U;  // over the store's own limit

bool read_at(int fd, std::uint64_t at, std::size_t bytes, std::string& into) {
  into.resize(bytes);
  for (std::size_t have = 0; have < bytes;) {
    const ssize_t got = pread(fd, into.data() + have, bytes - have, static_cast<off_t>(at + have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    have += static_cast<std::size_t>(got);
  }
  return true;
}

// One tree, as far as it can be read.
class Reading {
 public:
  Reading(int fd, const Meta& meta, std::uint64_t file_pages, const Found& found)
      : fd_(fd), meta_(meta), seen_(file_pages), found_(found) {}

  // False when something could not be read.
  bool run() {
    if (meta_.main.root == kNoPage) return true;
    std::vector<std::uint64_t> ahead{meta_.main.root};
    std::string page;
    while (!ahead.empty()) {
      const std::uint64_t number = ahead.back();
      ahead.pop_back();
      if (!read_page(number, page)) {
        whole_ = false;
      } else if (kind_of(page) == kBranch) {
        follow(page, ahead);
      } else {
        take(page);
      }
    }
    return whole_;
  }

 private:
  // Each page once, so that the work is bounded by the file.
  bool read_page(std::uint64_t number, std::string& page) {
    if (number < 2 || number >= seen_.size() || seen_[number]) return false;
    seen_[number] = true;
    return read_at(fd_, number * meta_.page_bytes, meta_.page_bytes, page) &&
           number_at<std::uint64_t>(page, 0) == number &&
           (kind_of(page) == kBranch || kind_of(page) == kLeaf) && bounds_make_sense(page);
  }

  void follow(Bytes page, std::vector<std::uint64_t>& ahead) {
    for (std::size_t i = 0; i < node_count(page); ++i) {
      const std::size_t at = node_at(page, i);
      if (at == Bytes::npos) {
        whole_ = false;
      } else {
        ahead.push_back(child_at(page, at));
      }
    }
  }

  void take(Bytes page) {
    for (std::size_t i = 0; i < node_count(page); ++i) {
      const std::size_t at = node_at(page, i);
      whole_ = at != Bytes::npos && take_entry(page, at) && whole_;
    }
  }

  bool take_entry(Bytes page, std::size_t at) {
    const std::uint32_t size = number_at<std::uint32_t>(page, at);
    const auto flags = number_at<std::uint16_t>(page, at + 4);
    const std::size_t key = number_at<std::uint16_t>(page, at + 6);
    const std::size_t value = at + kNodeHeader + key;
    const bool big = (flags & kBigData) != 0;
    if ((flags & (kSubTree | kDuplicates)) != 0 || key == 0 || key > kMostKeyBytes ||
        value + (big ? sizeof(std::uint64_t) : size) > page.size()) {
      return false;
    }
    const Bytes name = page.substr(at + kNodeHeader, key);
    if (!big) {
      found_(name, page.substr(value, size));
      return true;
    }
    const auto first = number_at<std::uint64_t>(page, value);
    const std::uint64_t pages = overflow_pages(size, meta_.page_bytes);
    if (size > kMostValueBytes || first < 2 || pages > seen_.size() ||
        first > seen_.size() - pages ||
        !read_at(fd_, first * meta_.page_bytes, kPageHeader + size, long_value_) ||
        number_at<std::uint64_t>(long_value_, 0) != first ||
        (kind_of(long_value_) & kOverflow) == 0) {
      return false;
    }
    found_(name, Bytes(long_value_).substr(kPageHeader));
    return true;
  }

  int fd_;
  const Meta& meta_;
  std::vector<bool> seen_;  // by page; as long as the file
  const Found& found_;
  std::string long_value_;
  bool whole_ = true;
};

// Those that can be read, the newer first. The second page lies where either says, or at a usual
// place.
std::vector<Meta> read_metas(int fd) {
  std::vector<Meta> metas;
  std::string page;
  const auto add = [&](std::uint64_t at) {
    if (!read_at(fd, at, kMetaBytes, page)) return false;
    const Result<Meta> meta = parse_meta(page);
    if (!meta || (at != 0 && meta->page_bytes != at)) return false;
    metas.push_back(*meta);
    return true;
  };
  if (add(0)) {
    add(metas.front().page_bytes);
  } else {
    for (std::uint64_t at = 512; at <= kMostPageBytes && !add(at); at *= 2) {
    }
  }
  std::sort(metas.begin(), metas.end(),
            [](const Meta& a, const Meta& b) { return a.transaction > b.transaction; });
  return metas;
}

}  // namespace

void salvage_records(int fd, const Found& found) {
  struct stat file {};
  if (fstat(fd, &file) != 0) return;
  for (const Meta& meta : read_metas(fd)) {
    // A page that is cut short at the end of the file counts: what can be read of it is checked.
    const std::uint64_t pages =
        (static_cast<std::uint64_t>(file.st_size) + meta.page_bytes - 1) / meta.page_bytes;
    if (Reading(fd, meta, pages, found).run()) return;
  }
}

}  // namespace quarry::store
