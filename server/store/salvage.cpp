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
using Found = std::function<bool(std::string_view key, std::string_view value)>;

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

// One tree, as far as it can be read; `lost`: where it cannot.
class Reading {
 public:
  Reading(int fd, const Meta& meta, std::uint64_t file_pages, const Found& found,
          std::vector<KeyRange>& lost)
      : fd_(fd), meta_(meta), seen_(file_pages), found_(found), lost_(lost) {}

  void run() {
    if (meta_.main.root == kNoPage) return;
    std::vector<Ahead> ahead;
    ahead.push_back({meta_.main.root, {}});
    std::string page;
    while (!ahead.empty()) {
      Ahead next = std::move(ahead.back());
      ahead.pop_back();
      if (!read_page(next.page, page)) {
        lost_.push_back(std::move(next.keys));
      } else if (kind_of(page) == kBranch) {
        follow(page, next.keys, ahead);
      } else {
        take(page, next.keys);
      }
    }
  }

 private:
  struct Ahead {
    std::uint64_t page = 0;
    KeyRange keys;  // that it holds, as the pages above say
  };

  // Each page once, so that the work is bounded by the file.
  bool read_page(std::uint64_t number, std::string& page) {
    if (number < 2 || number >= seen_.size() || seen_[number]) return false;
    seen_[number] = true;
    return read_at(fd_, number * meta_.page_bytes, meta_.page_bytes, page) &&
           number_at<std::uint64_t>(page, 0) == number &&
           (kind_of(page) == kBranch || kind_of(page) == kLeaf) && bounds_make_sense(page);
  }

  // The key of the entry at `at`; nullopt when it cannot be one.
  static std::optional<Bytes> key_at(Bytes page, std::size_t at) {
    const std::size_t bytes = number_at<std::uint16_t>(page, at + 6);
    if (bytes > kMostKeyBytes || at + kNodeHeader + bytes > page.size()) return std::nullopt;
    return page.substr(at + kNodeHeader, bytes);
  }

  void follow(Bytes page, const KeyRange& keys, std::vector<Ahead>& ahead) {
    const std::size_t first = ahead.size();
    bool whole = true;
    for (std::size_t i = 0; i < node_count(page); ++i) {
      const std::size_t at = node_at(page, i);
      const std::optional<Bytes> key = at == Bytes::npos ? std::nullopt : key_at(page, at);
      whole = whole && key && (i == 0 || keys.holds(*key));
      if (at == Bytes::npos) continue;
      KeyRange below = keys;
      if (i > 0 && key) below.low = *key;  // the first one's stands for all before the second
      if (ahead.size() > first && key) ahead.back().keys.high = *key;
      ahead.push_back({child_at(page, at), std::move(below)});
    }
    if (!whole) lost_.push_back(keys);
  }

  void take(Bytes page, const KeyRange& keys) {
    for (std::size_t i = 0; i < node_count(page); ++i) {
      const std::size_t at = node_at(page, i);
      if (at != Bytes::npos && take_entry(page, at)) continue;
      const std::optional<Bytes> key = at == Bytes::npos ? std::nullopt : key_at(page, at);
      const bool known = key && !key->empty() && keys.holds(*key);
      lost_.push_back(known ? KeyRange{std::string(*key), std::string(*key) + '\0'} : keys);
    }
  }

  bool take_entry(Bytes page, std::size_t at) {
    const std::uint32_t size = number_at<std::uint32_t>(page, at);
    const auto flags = number_at<std::uint16_t>(page, at + 4);
    const std::optional<Bytes> name = key_at(page, at);
    if ((flags & (kSubTree | kDuplicates)) != 0 || !name || name->empty()) return false;
    const std::size_t value = at + kNodeHeader + name->size();
    const bool big = (flags & kBigData) != 0;
    if (value + (big ? sizeof(std::uint64_t) : size) > page.size()) return false;
    if (!big) return found_(*name, page.substr(value, size));
    const auto first = number_at<std::uint64_t>(page, value);
    const std::uint64_t pages = overflow_pages(size, meta_.page_bytes);
    if (size > kMostValueBytes || first < 2 || pages > seen_.size() ||
        first > seen_.size() - pages ||
        !read_at(fd_, first * meta_.page_bytes, kPageHeader + size, long_value_) ||
        number_at<std::uint64_t>(long_value_, 0) != first ||
        (kind_of(long_value_) & kOverflow) == 0) {
      return false;
    }
    return found_(*name, Bytes(long_value_).substr(kPageHeader));
  }

  int fd_;
  const Meta& meta_;
  std::vector<bool> seen_;  // by page; as long as the file
  const Found& found_;
  std::vector<KeyRange>& lost_;
  std::string long_value_;
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

Salvaged salvage_records(int fd, const Found& found) {
  Salvaged salvaged;
  struct stat file {};
  const std::vector<Meta> metas = fstat(fd, &file) == 0 ? read_metas(fd) : std::vector<Meta>();
  // The one that cannot be read may be the newer.
  if (metas.size() < 2) salvaged.lost.emplace_back();
  if (metas.empty()) return salvaged;
  salvaged.records = metas.front().main.records;
  const auto read = [&](const Meta& meta, const Found& visit, std::vector<KeyRange>& lost) {
    // A page that is cut short at the end of the file counts: what can be read of it is checked.
    const std::uint64_t pages =
        (static_cast<std::uint64_t>(file.st_size) + meta.page_bytes - 1) / meta.page_bytes;
    Reading(fd, meta, pages, visit, lost).run();
  };
  read(metas.front(), found, salvaged.lost);
  if (metas.size() < 2 || salvaged.lost.empty()) return salvaged;
  const Found in_gaps = [&](std::string_view key, std::string_view value) {
    const auto holds = [&](const KeyRange& range) { return range.holds(key); };
    return std::none_of(salvaged.lost.begin(), salvaged.lost.end(), holds) || found(key, value);
  };
  std::vector<KeyRange> lost_there;
  read(metas.back(), in_gaps, lost_there);
  return salvaged;
}

}  // namespace quarry::store
