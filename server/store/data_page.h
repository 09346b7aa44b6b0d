// The pages of an LMDB 0.9 data file, read as foreign input: nothing here follows a number that it
// was given without checking it against what is at hand.
//
// Safe from any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "server/base/result.h"

namespace quarry::store::data_page {

// The layout of lmdb 0.9's mdb.c: MDB_page, MDB_meta, MDB_db and MDB_node of a 64-bit machine.
inline constexpr std::uint32_t kMagic = 0xBEEFC0DE;
inline constexpr std::uint32_t kDataVersion = 1;
inline constexpr std::uint64_t kNoPage = ~std::uint64_t{0};
inline constexpr std::uint16_t kBranch = 0x01, kLeaf = 0x02, kOverflow = 0x04, kMeta = 0x08;
inline constexpr std::uint16_t kDirty = 0x10, kLoose = 0x4000, kKeep = 0x8000;
inline constexpr std::uint16_t kBigData = 0x01, kSubTree = 0x02, kDuplicates = 0x04;
inline constexpr std::uint16_t kIntegerKey = 0x08;  // of a tree
inline constexpr std::size_t kPageHeader = 16;
inline constexpr std::size_t kNodeHeader = 8;
inline constexpr std::size_t kMetaBytes = 152;
inline constexpr std::size_t kMostPageBytes = 65536;
inline constexpr std::uint64_t kMostFileBytes = std::uint64_t{1} << 40U;
inline constexpr std::size_t kMostDepth = 20;  // LMDB's cursors hold 32 levels
inline constexpr std::size_t kMostKeyBytes = 511;

using Bytes = std::string_view;

template <class Number>
Number number_at(Bytes bytes, std::size_t at) {
  Number number;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

struct Tree {
  std::uint16_t flags = 0;
  std::uint16_t depth = 0;
  std::uint64_t records = 0;
  std::uint64_t root = kNoPage;
};

struct Meta {
  std::size_t page_bytes = 0;
  Tree free, main;
  std::uint64_t last_page = 0;
  std::uint64_t transaction = 0;
};

// From the start of the first or second page. kInternal names what is wrong.
Result<Meta> parse_meta(Bytes page);

// kBranch, kLeaf, ...; without the marks of a page that was being changed.
std::uint16_t kind_of(Bytes page);
// Whether the space that a branch or leaf page says it uses makes sense.
bool bounds_make_sense(Bytes page);
// REQUIRES for what follows: they do.
std::size_t node_count(Bytes page);
// The place of entry `i`; its header lies in the page. npos when it does not.
std::size_t node_at(Bytes page, std::size_t i);
// Of a branch: the page that the entry at `at` leads to.
std::uint64_t child_at(Bytes page, std::size_t at);
// How many pages a long value of `bytes` takes.
std::uint64_t overflow_pages(std::uint64_t bytes, std::size_t page_bytes);

}  // namespace quarry::store::data_page
