#include "server/search/indexed_text.h"

#include <array>
#include <utility>

#include "server/base/bytes.h"
#include "server/base/ids.h"
#include "server/base/utf8.h"

namespace quarry::search {
namespace {

// The first byte of a key in Table::kTexts, and its version.
constexpr char kByStamp = 's';
constexpr char kByContent = 'c';
constexpr std::string_view kHashKey = "key of the hash";
constexpr std::size_t kHashKeyBytes = 44;  // two random ids: 256 bits

void key_of(std::string& out, const sandbox::Stamp& stamp) {
  out.assign(1, kByStamp);
  ByteWriter(out)
      .number(index::Signature::kVersion)
      .number(stamp.device)
      .number(stamp.inode)
      .signed_number(stamp.size)
      .signed_number(stamp.mtime_ns)
      .signed_number(stamp.ctime_ns);
}

void key_of(std::string& out, std::string_view content) {
  out.assign(1, kByContent);
  ByteWriter(out).number(index::Signature::kVersion);
  out.append(content);
}

}  // namespace

std::optional<IndexedText> IndexedTexts::look(const sandbox::Dir& in, std::string_view name,
                                              const sandbox::Metadata& metadata) {
  const std::int64_t now_ms = clock_.wall_ms();
  if (metadata.links > 1 ||
      metadata.stamp.size > static_cast<std::int64_t>(TextReader::kWholeBytes)) {
    return std::nullopt;
  }
  if (sandbox::settled(metadata.stamp, now_ms)) {
    if (auto known = find_stored(metadata.stamp)) {
      ++from_store_;
      return known;
    }
  }
  auto file = in.open_file(name);
  if (!file) return std::nullopt;
  TextState state;
  state.stamp = file->stamp();
  state.settled = sandbox::settled(state.stamp, now_ms);
  return read(std::move(*file), state);
}

// The record under a stamp: kind, and the hash of the text unless it is binary. The record under
// a hash: the text's signature.
std::optional<IndexedText> IndexedTexts::find_stored(const sandbox::Stamp& stamp) {
  key_of(key_, stamp);
  const auto record = store_.get(store::Table::kTexts, key_);
  if (!record) return std::nullopt;
  ByteReader reader(*record);
  const std::uint64_t kind = reader.number();
  const std::string_view content = reader.string();
  if (!reader.ok() || kind > static_cast<std::uint64_t>(TextKind::kBinary)) return std::nullopt;
  IndexedText text{{static_cast<TextKind>(kind), stamp, true}, std::nullopt};
  if (text.state.kind == TextKind::kBinary) return text;
  text.signature = signature_of(content);
  if (!text.signature) return std::nullopt;
  return text;
}

std::optional<index::Signature> IndexedTexts::signature_of(std::string_view content) {
  key_of(key_, content);
  const auto bits = store_.get(store::Table::kTexts, key_);
  return bits ? index::Signature::from_bytes(*bits) : std::nullopt;
}

std::optional<IndexedText> IndexedTexts::read(sandbox::File file, TextState state) {
  TextReader::Options options;
  options.whole = true;
  options.decode = false;
  options.window_bytes = TextReader::kWholeBytes;
  const Skip skip = reader_.open(std::move(file), options);
  IndexedText result{state, std::nullopt};
  std::array<char, 16> content{};
  if (skip == Skip::kBinary) {
    result.state.kind = TextKind::kBinary;
  } else {
    TextReader::Window window;
    if (skip != Skip::kNone || !reader_.decoded_from().empty()) return std::nullopt;
    const std::string_view text = reader_.next(window, 0) ? window.text : std::string_view();
    if (window.open_end || reader_.next(window, 0) || reader_.failed()) return std::nullopt;
    if (!utf8::valid(text)) return std::nullopt;
    read_bytes_ += text.size();
    content = hash().hash128(text);
    result.signature = signature_of({content.data(), content.size()});
    if (!result.signature) result.signature = sign(text);
  }
  const auto now = reader_.restamp();
  if (!now || *now != state.stamp) return std::nullopt;
  if (state.settled) {
    key_of(key_, state.stamp);
    value_.clear();
    ByteWriter(value_)
        .number(static_cast<std::uint64_t>(result.state.kind))
        .string({content.data(), content.size()});
    (void)store_.put(store::Table::kTexts, key_, value_);
  }
  return result;
}

// The first who needs the key makes it. Two who make one at once only share less.
const KeyedHash& IndexedTexts::hash() {
  if (hash_) return *hash_;
  auto key = store_.get(store::Table::kTexts, kHashKey);
  if (!key || key->size() != kHashKeyBytes) {
    key = random_id() + random_id();
    (void)store_.put(store::Table::kTexts, kHashKey, *key);
  }
  return hash_.emplace(*key);
}

// REQUIRES: key_ is where it is to be stored.
index::Signature IndexedTexts::sign(std::string_view text) {
  trigrams_.clear();
  trigrams_.add(text);
  index::Signature signature = index::Signature::of(trigrams_.found());
  // A cache that takes no more is no reason to know less.
  (void)store_.put(store::Table::kTexts, key_, signature.bytes());
  return signature;
}

}  // namespace quarry::search
