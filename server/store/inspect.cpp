#include "server/store/inspect.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "server/store/data_page.h"

namespace quarry::store {
namespace {

using namespace data_page;

Failure damaged(const char* what) {
  return fail(Code::kInternal, "{}", what);
}

class Walk {
 public:
  Walk(int fd, const Meta& meta, std::uint64_t file_pages)
      : fd_(fd), meta_(meta), used_(file_pages) {}

  Result<void> run() {
    used_[0] = used_[1] = true;
    TRY(walk(meta_.main, false));
    return walk(meta_.free, true);
  }

 private:
  struct Step {
    std::uint64_t page;
    std::size_t depth;
  };

  Result<void> walk(const Tree& tree, bool free_list);
  Result<void> check_branch(Bytes page, std::size_t depth);
  Result<void> check_leaf(Bytes page, bool free_list);
  Result<void> check_places(Bytes page);
  Result<void> check_order(Bytes key, bool free_list);
  Result<void> check_overflow(std::uint64_t page, std::uint64_t bytes, std::string* content);
  Result<void> check_free_pages(Bytes ids);
  Result<void> read(std::uint64_t page, std::uint64_t bytes, std::string& into);
  Result<void> use(std::uint64_t page, std::uint64_t count);

  int fd_;
  const Meta& meta_;
  std::vector<bool> used_;   // by page; as long as the file
  std::vector<Step> ahead_;  // the next one last
  std::string last_key_;     // of the leaves so far; "" before the first
  std::vector<std::pair<std::size_t, std::size_t>> places_;  // begin and end of a page's entries
};

Result<void> Walk::use(std::uint64_t page, std::uint64_t count) {
  if (page < 2 || count > used_.size() || page > used_.size() - count ||
      page + count - 1 > meta_.last_page) {
    return damaged("it is cut short or points outside itself");
  }
  for (std::uint64_t i = page; i < page + count; ++i) {
    if (used_[i]) return damaged("a page is used twice");
    used_[i] = true;
  }
  return {};
}

Result<void> Walk::read(std::uint64_t page, std::uint64_t bytes, std::string& into) {
  into.resize(bytes);
  const auto at = static_cast<off_t>(page * meta_.page_bytes);
  for (std::size_t have = 0; have < bytes;) {
    const ssize_t got = pread(fd_, into.data() + have, bytes - have, at + static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Code::kUnavailable, "the state directory cannot be read");
    if (got == 0) return damaged("it is cut short");
    have += static_cast<std::size_t>(got);
  }
  if (number_at<std::uint64_t>(into, 0) != page) return damaged("a page is not where it says");
  return {};
}

Result<void> Walk::walk(const Tree& tree, bool free_list) {
  if (tree.root == kNoPage) return {};
  if (tree.depth < 1 || tree.depth > kMostDepth) return damaged("a tree has no sensible depth");
  std::string page;
  last_key_.clear();
  ahead_.assign(1, Step{tree.root, 1});
  while (!ahead_.empty()) {
    const Step step = ahead_.back();
    ahead_.pop_back();
    TRY(use(step.page, 1));
    TRY(read(step.page, meta_.page_bytes, page));
    const std::uint16_t flags = kind_of(page);
    if (flags != (step.depth < tree.depth ? kBranch : kLeaf)) {
      return damaged("a page is not of its kind");
    }
    if (!bounds_make_sense(page)) {
      return damaged("a page's bounds make no sense");
    }
    if (flags == kBranch) {
      TRY(check_branch(page, step.depth));
    } else {
      TRY(check_leaf(page, free_list));
    }
  }
  return {};
}

Result<void> Walk::check_branch(Bytes page, std::size_t depth) {
  const std::size_t count = node_count(page);
  if (count == 0) return damaged("a branch leads nowhere");
  places_.clear();
  for (std::size_t i = count; i-- > 0;) {  // so that the leaves come from left to right
    const std::size_t at = node_at(page, i);
    if (at == Bytes::npos) return damaged("an entry lies outside its page");
    const std::size_t end = at + kNodeHeader + number_at<std::uint16_t>(page, at + 6);
    if (end > page.size()) return damaged("an entry lies outside its page");
    places_.emplace_back(at, end);
    ahead_.push_back({child_at(page, at), depth + 1});
  }
  return check_places(page);
}

// LMDB moves entries by their sizes when it inserts and erases, and writes far beyond the page
// where these are wrong. It leaves no room between them but for an even beginning of each.
Result<void> Walk::check_places(Bytes page) {
  std::sort(places_.begin(), places_.end());
  std::size_t next = number_at<std::uint16_t>(page, 14);
  for (const auto& [begin, end] : places_) {
    if (begin != next) return damaged("a page's entries do not fill it");
    next = end + end % 2;
  }
  if (next != page.size()) return damaged("a page's entries do not fill it");
  return {};
}

Result<void> Walk::check_leaf(Bytes page, bool free_list) {
  const std::size_t count = node_count(page);
  places_.clear();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = node_at(page, i);
    if (at == Bytes::npos) return damaged("an entry lies outside its page");
    const std::uint32_t size = number_at<std::uint32_t>(page, at);
    const std::uint16_t flags = number_at<std::uint16_t>(page, at + 4);
    const std::size_t key = number_at<std::uint16_t>(page, at + 6);
    const std::size_t value = at + kNodeHeader + key;
    const bool big = (flags & kBigData) != 0;
    const std::size_t end = value + (big ? sizeof(std::uint64_t) : size);
    if ((flags & (kSubTree | kDuplicates)) != 0 || key == 0 || key > kMostKeyBytes ||
        (free_list && key != sizeof(std::uint64_t)) || end > page.size()) {
      return damaged("an entry lies outside its page");
    }
    places_.emplace_back(at, end);
    TRY(check_order(page.substr(at + kNodeHeader, key), free_list));
    std::string content;
    if (big) {
      TRY(check_overflow(number_at<std::uint64_t>(page, value), size,
                         free_list ? &content : nullptr));
    }
    if (free_list) TRY(check_free_pages(big ? Bytes(content) : page.substr(value, size)));
  }
  return check_places(page);
}

// Keys out of order are not found and make a listing go round in circles.
Result<void> Walk::check_order(Bytes key, bool free_list) {
  const bool later = last_key_.empty() || (free_list ? number_at<std::uint64_t>(last_key_, 0) <
                                                           number_at<std::uint64_t>(key, 0)
                                                     : Bytes(last_key_) < key);
  if (!later) return damaged("its keys are out of order");
  last_key_ = key;
  return {};
}

Result<void> Walk::check_overflow(std::uint64_t page, std::uint64_t bytes, std::string* content) {
  const std::uint64_t pages = overflow_pages(bytes, meta_.page_bytes);
  TRY(use(page, pages));
  std::string head;
  TRY(read(page, kPageHeader, head));
  const std::uint64_t held = number_at<std::uint32_t>(head, 12);
  if ((number_at<std::uint16_t>(head, 10) & kOverflow) == 0 || held < pages) {
    return damaged("a long value is not where it should be");
  }
  // A value that was written twice in one transaction keeps the pages of the longer one.
  if (held > pages) TRY(use(page + pages, held - pages));
  if (content != nullptr) {
    TRY(read(page, kPageHeader + bytes, *content));
    content->erase(0, kPageHeader);
  }
  return {};
}

// A page that were both free and in use would be overwritten by the next transaction.
Result<void> Walk::check_free_pages(Bytes ids) {
  constexpr std::size_t kIdBytes = sizeof(std::uint64_t);
  if (ids.size() < kIdBytes) return damaged("the list of free pages makes no sense");
  const std::uint64_t count = number_at<std::uint64_t>(ids, 0);
  if (count > ids.size() / kIdBytes - 1) return damaged("the list of free pages makes no sense");
  for (std::uint64_t i = 1; i <= count; ++i) {
    const auto page = number_at<std::uint64_t>(ids, i * kIdBytes);
    if (page < 2 || page > meta_.last_page) return damaged("a free page lies outside the file");
    if (page < used_.size()) TRY(use(page, 1));
  }
  return {};
}

// As much of [at, at + bytes) as the file has.
std::string read_some(int fd, std::size_t bytes, off_t at) {
  std::string out(bytes, '\0');
  const ssize_t got = pread(fd, out.data(), bytes, at);
  out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return out;
}

}  // namespace

Result<void> inspect_data_file(int fd, bool thorough) {
  struct stat file {};
  if (fstat(fd, &file) != 0) return fail(Code::kUnavailable, "the state directory cannot be read");
  const std::string first_page = read_some(fd, kMetaBytes, 0);
  if (first_page.size() < kMetaBytes) return damaged("it is cut short");
  TRY_ASSIGN(const Meta first, parse_meta(first_page));
  const std::string second_page = read_some(fd, kMetaBytes, static_cast<off_t>(first.page_bytes));
  if (second_page.size() < kMetaBytes) return damaged("it is cut short");
  TRY_ASSIGN(const Meta second, parse_meta(second_page));
  if (first.page_bytes != second.page_bytes) return damaged("its first pages make no sense");

  const Meta& newer = first.transaction < second.transaction ? second : first;
  const std::uint64_t file_pages = static_cast<std::uint64_t>(file.st_size) / newer.page_bytes;
  if (file_pages < 2) return damaged("it is cut short");
  if (!thorough && file_pages > newer.last_page) return {};
  return Walk(fd, newer, file_pages).run();
}

}  // namespace quarry::store
