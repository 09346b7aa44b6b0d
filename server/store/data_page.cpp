#include "server/store/data_page.h"

namespace quarry::store::data_page {
namespace {

Failure damaged_page(const char* what) {
  return fail(Code::kInternal, "{}", what);
}

Tree tree_at(Bytes page, std::size_t at) {
  return {number_at<std::uint16_t>(page, at + 4), number_at<std::uint16_t>(page, at + 6),
          number_at<std::uint64_t>(page, at + 32), number_at<std::uint64_t>(page, at + 40)};
}

}  // namespace

Result<Meta> parse_meta(Bytes page) {
  if ((number_at<std::uint16_t>(page, 10) & kMeta) == 0 ||
      number_at<std::uint32_t>(page, 16) != kMagic) {
    return damaged_page("not a database");
  }
  if (number_at<std::uint32_t>(page, 20) != kDataVersion) {
    return damaged_page("a database of another format");
  }
  Meta meta;
  meta.page_bytes = number_at<std::uint32_t>(page, 40);
  meta.free = tree_at(page, 40);
  meta.main = tree_at(page, 88);
  meta.last_page = number_at<std::uint64_t>(page, 136);
  meta.transaction = number_at<std::uint64_t>(page, 144);
  const bool power_of_two = (meta.page_bytes & (meta.page_bytes - 1)) == 0;
  if (!power_of_two || meta.page_bytes < 512 || meta.page_bytes > kMostPageBytes ||
      meta.last_page < 1 || meta.last_page >= kMostFileBytes / meta.page_bytes ||
      meta.main.flags != 0 || meta.free.flags != kIntegerKey) {
    return damaged_page("its first pages make no sense");
  }
  return meta;
}

std::uint16_t kind_of(Bytes page) {
  return static_cast<std::uint16_t>(number_at<std::uint16_t>(page, 10) &
                                    ~(kDirty | kLoose | kKeep));
}

bool bounds_make_sense(Bytes page) {
  const auto lower = number_at<std::uint16_t>(page, 12);
  const auto upper = number_at<std::uint16_t>(page, 14);
  return lower >= kPageHeader && lower <= upper && upper <= page.size() && lower % 2 == 0;
}

std::size_t node_at(Bytes page, std::size_t i) {
  const std::size_t at = number_at<std::uint16_t>(page, kPageHeader + 2 * i);
  const std::size_t upper = number_at<std::uint16_t>(page, 14);
  return at < upper || at % 2 != 0 || at + kNodeHeader > page.size() ? Bytes::npos : at;
}

std::size_t node_count(Bytes page) {
  return (number_at<std::uint16_t>(page, 12) - kPageHeader) / 2;
}

std::uint64_t child_at(Bytes page, std::size_t at) {
  return number_at<std::uint32_t>(page, at) | std::uint64_t{number_at<std::uint16_t>(page, at + 4)}
                                                  << 32U;
}

std::uint64_t overflow_pages(std::uint64_t bytes, std::size_t page_bytes) {
  return (kPageHeader - 1 + bytes) / page_bytes + 1;
}

}  // namespace quarry::store::data_page
