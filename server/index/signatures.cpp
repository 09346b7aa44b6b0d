#include "server/index/signatures.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace quarry::index {
namespace {

constexpr std::size_t kBlockBits = std::size_t{1} << 21U;
constexpr unsigned kNarrowest = 8;
constexpr unsigned kWidest = 512;

}  // namespace

Signatures::Block::Block(unsigned length)
    : bits(std::make_unique<std::byte[]>((std::size_t{1} << length) * width_of(length) / 8)),
      files(width_of(length)),
      length_log2(length) {}

unsigned Signatures::width_of(unsigned length_log2) {
  return static_cast<unsigned>(
      std::clamp<std::size_t>(kBlockBits >> length_log2, kNarrowest, kWidest));
}

std::size_t Signatures::block_bytes(unsigned length_log2) {
  const std::size_t width = width_of(length_log2);
  return (std::size_t{1} << length_log2) * width / 8 + width * sizeof(File) + sizeof(Block);
}

Signatures::Place Signatures::add(File file, const Signature& signature) {
  const unsigned length = signature.length_log2();
  auto& blocks = blocks_[length];
  // New files go where there is room near the end; blocks that were emptied are taken again.
  auto at = std::find_if(blocks.rbegin(), blocks.rend(), [](const auto& block) {
    return block != nullptr && block->in_use < block->width();
  });
  std::size_t number = 0;
  if (at != blocks.rend()) {
    number = static_cast<std::size_t>(blocks.rend() - at) - 1;
  } else {
    const auto free = std::find(blocks.begin(), blocks.end(), nullptr);
    number = static_cast<std::size_t>(free - blocks.begin());
    if (free == blocks.end()) blocks.emplace_back();
    blocks[number] = std::make_unique<Block>(length);
    bytes_ += block_bytes(length);
  }
  Block& block = *blocks[number];
  std::size_t word = 0;
  while (block.used.words[word] == ~std::uint64_t{0}) ++word;
  const auto bit = static_cast<unsigned>(std::countr_one(block.used.words[word]));
  const std::size_t column = word * 64 + bit;
  block.used.words[word] |= std::uint64_t{1} << bit;
  block.files[column] = file;
  ++block.in_use;
  ++files_;
  const std::size_t line_bytes = block.width() / 8;
  const auto mask = static_cast<std::byte>(1U << (column % 8));
  const std::string& bits = signature.bytes();
  for (std::size_t byte = 0; byte < bits.size(); ++byte) {
    for (unsigned rest = static_cast<unsigned char>(bits[byte]); rest != 0; rest &= rest - 1) {
      const std::size_t line = byte * 8 + static_cast<std::size_t>(std::countr_zero(rest));
      block.bits[line * line_bytes + column / 8] |= mask;
    }
  }
  return {static_cast<std::uint8_t>(length), static_cast<std::uint32_t>(number),
          static_cast<std::uint16_t>(column)};
}

void Signatures::remove(Place place) {
  auto& slot = blocks_[place.length_log2][place.block];
  Block& block = *slot;
  --files_;
  if (--block.in_use == 0) {
    bytes_ -= block_bytes(block.length_log2);
    slot.reset();
    return;
  }
  block.used.words[place.column / 64] &= ~(std::uint64_t{1} << (place.column % 64));
  const std::size_t line_bytes = block.width() / 8;
  const auto mask = ~static_cast<std::byte>(1U << (place.column % 8));
  const std::size_t lines = std::size_t{1} << block.length_log2;
  for (std::size_t line = 0; line < lines; ++line) {
    block.bits[line * line_bytes + place.column / 8U] &= mask;
  }
}

bool Signatures::narrow(const Block& block, Trigram trigram, Columns& kept) {
  const std::size_t line_bytes = block.width() / 8;
  const std::byte* line = &block.bits[Signature::bit_of(trigram, block.length_log2) * line_bytes];
  std::uint64_t any = 0;
  if (line_bytes >= sizeof(std::uint64_t)) {
    for (std::size_t word = 0; word < line_bytes / sizeof(std::uint64_t); ++word) {
      std::uint64_t bits = 0;
      std::memcpy(&bits, line + word * sizeof bits, sizeof bits);
      any |= kept.words[word] &= bits;
    }
  } else {
    std::uint64_t bits = 0;
    std::memcpy(&bits, line, line_bytes);
    any = kept.words[0] &= bits;
  }
  return any != 0;
}

void Signatures::narrow(const Block& block, const Query& query, Columns& kept) {
  if (query.kind() == Query::Kind::kAll) {
    for (const Trigram trigram : query.trigrams()) {
      if (!narrow(block, trigram, kept)) return;
    }
    for (const Query& part : query.parts()) narrow(block, part, kept);
    return;
  }
  if (query.kind() != Query::Kind::kAny) return;
  Columns together;
  for (const Query& part : query.parts()) {
    Columns own = kept;
    narrow(block, part, own);
    for (std::size_t i = 0; i < own.words.size(); ++i) together.words[i] |= own.words[i];
  }
  kept = together;
}

}  // namespace quarry::index
