// Signatures: for many files at once, which of them may contain some trigrams.
//
// Signatures of one length lie side by side in blocks, turned: what lies together in memory is one
// bit of every file of the block. A search for some trigrams reads one such line for each of them
// and keeps the files that have a bit in all. After BitFunnel (Goodwin et al., SIGIR 2017), with
// lengths fitted to the files.
//
// Costs about 6 bits a trigram of memory. A file that satisfies a query is always found; of the
// others each trigram lets through about one in six by chance.
//
// Thread-compatible.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "server/index/query.h"
#include "server/index/signature.h"

namespace quarry::index {

class Signatures {
 public:
  // What the caller calls a file.
  using File = std::uint32_t;
  // Where its signature is.
  struct Place {
    std::uint8_t length_log2 = 0;
    std::uint32_t block = 0;
    std::uint16_t column = 0;
  };

  // A file with this signature. Its place holds until remove().
  Place add(File file, const Signature& signature);
  void remove(Place place);

  // Calls `visit` for every file that may satisfy `query`, in no order.
  template <class Visit>
  void each_candidate(const Query& query, const Visit& visit) const;
  // Bytes in use.
  std::size_t bytes() const { return bytes_; }
  std::size_t files() const { return files_; }
  // What add() takes at most, when a new block is needed.
  static std::size_t block_bytes(unsigned length_log2);

 private:
  static constexpr unsigned kWidestWords = 8;

  // A bit for each column of a block.
  struct Columns {
    std::array<std::uint64_t, kWidestWords> words{};
  };
  struct Block {
    explicit Block(unsigned length_log2);
    std::unique_ptr<std::byte[]> bits;  // lines of width() / 8 bytes
    std::vector<File> files;            // by column
    Columns used;
    unsigned length_log2;
    unsigned in_use = 0;
    unsigned width() const { return width_of(length_log2); }
  };

  // Columns of a block: as many as make it a quarter of a mebibyte, at least 8 and at most 512.
  static unsigned width_of(unsigned length_log2);
  // Leaves in `kept` the columns that may satisfy `query`.
  static void narrow(const Block& block, const Query& query, Columns& kept);
  static bool narrow(const Block& block, Trigram trigram, Columns& kept);

  std::array<std::vector<std::unique_ptr<Block>>, Signature::kLongest + 1>
      blocks_;  // by length; null: free
  std::size_t bytes_ = 0;
  std::size_t files_ = 0;
};

template <class Visit>
void Signatures::each_candidate(const Query& query, const Visit& visit) const {
  for (const auto& blocks : blocks_) {
    for (const auto& block : blocks) {
      if (block == nullptr) continue;
      Columns kept = block->used;
      narrow(*block, query, kept);
      for (std::size_t word = 0; word < kept.words.size(); ++word) {
        for (std::uint64_t rest = kept.words[word]; rest != 0; rest &= rest - 1) {
          visit(block->files[word * 64 + static_cast<std::size_t>(__builtin_ctzll(rest))]);
        }
      }
    }
  }
}

}  // namespace quarry::index
