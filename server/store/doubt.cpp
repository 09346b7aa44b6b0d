#include "server/store/doubt.h"

#include "server/base/bytes.h"

namespace quarry::store {
namespace {

constexpr std::size_t kMostRanges = 4096;

}  // namespace

std::string encode_doubt(const LostKeys& lost) {
  if (lost.size() > kMostRanges) return encode_doubt({KeyRange{}});
  std::string bytes;
  ByteWriter writer(bytes);
  writer.number(lost.size());
  for (const auto& [low, high] : lost) {
    writer.string(low).boolean(high.has_value()).string(high.value_or(""));
  }
  return bytes;
}

LostKeys decode_doubt(std::string_view bytes) {
  constexpr std::size_t kLeastBytes = 3;
  ByteReader reader(bytes);
  LostKeys lost(reader.count(kLeastBytes));
  for (auto& [low, high] : lost) {
    low = reader.string();
    const bool ends = reader.boolean();
    const std::string_view end = reader.string();
    if (ends) high = end;
  }
  return reader.ok() && reader.at_end() ? lost : LostKeys{KeyRange{}};
}

Result<std::optional<LostKeys>> find_doubt(Environment& state) {
  std::string bytes;
  TRY_ASSIGN(const bool found, state.find(kDoubtKey, bytes));
  return found ? std::optional<LostKeys>(decode_doubt(bytes)) : std::nullopt;
}

Result<void> doubt_everything(Environment::Change& state) {
  return state.put(kDoubtKey, encode_doubt({KeyRange{}}));
}

}  // namespace quarry::store
