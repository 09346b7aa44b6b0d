#include "server/analysis/stored.h"

#include <bit>

namespace quarry::analysis {
namespace {

// One description of the layout serves both directions: `visit` is called with each field in
// order, by a writer that appends it or a reader that fills it.
template <class Codec, class Facts>
void visit(Codec& codec, Facts& facts) {
  codec.list(facts.tree.languages, [&](auto& fact) {
    codec.text(fact.name);
    codec.text(fact.kind);
    codec.number(fact.bytes);
    codec.number(fact.files);
    codec.number(fact.permille);
    codec.text(fact.evidence);
  });
  codec.text(facts.tree.main_language);
  codec.list(facts.tree.left_out, [&](auto& fact) {
    codec.text(fact.reason);
    codec.number(fact.bytes);
    codec.number(fact.files);
    codec.list(fact.evidence, [&](auto& text) { codec.text(text); });
  });
  codec.list(facts.tree.manifests, [&](auto& fact) {
    codec.text(fact.kind);
    codec.text(fact.build_system);
    codec.text(fact.role);
    codec.number(fact.count);
    codec.list(fact.paths, [&](auto& text) { codec.text(text); });
  });
  codec.number(facts.tree.manifests_left_out);
  codec.number(facts.tree.files);
  codec.number(facts.tree.bytes);
  codec.number(facts.tree.submodules);
  codec.list(facts.tree.notes, [&](auto& text) { codec.text(text); });
  codec.list(facts.dependencies, [&](auto& dependency) {
    codec.text(dependency.path);
    codec.maybe(dependency.stamp, [&](auto& stamp) {
      codec.number(stamp.device);
      codec.number(stamp.inode);
      codec.number(stamp.size);
      codec.number(stamp.mtime_ns);
      codec.number(stamp.ctime_ns);
    });
  });
}

// Numbers as LEB128 of their 64 bits, texts with their length before them.
class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out) {}

  template <class Number>
  void number(const Number& value) {
    auto bits = static_cast<std::uint64_t>(value);
    for (; bits >= 0x80; bits >>= 7U) out_.push_back(static_cast<char>(0x80U | (bits & 0x7FU)));
    out_.push_back(static_cast<char>(bits));
  }
  void text(const std::string& text) {
    number(text.size());
    out_.append(text);
  }
  template <class List, class Each>
  void list(const List& list, Each each) {
    number(list.size());
    for (const auto& item : list) each(item);
  }
  template <class T, class Each>
  void maybe(const std::optional<T>& value, Each each) {
    number(value ? 1U : 0U);
    if (value) each(*value);
  }

 private:
  std::string& out_;
};

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  bool whole() const { return !broken_ && rest_.empty(); }

  template <class Number>
  void number(Number& value) {
    std::uint64_t bits = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      bits |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) {
        value = static_cast<Number>(bits);
        return;
      }
    }
    broken_ = true;
  }
  void text(std::string& text) {
    std::size_t size = 0;
    number(size);
    if (broken_ || size > rest_.size()) {
      broken_ = true;
      return;
    }
    text = rest_.substr(0, size);
    rest_.remove_prefix(size);
  }
  template <class List, class Each>
  void list(List& list, Each each) {
    std::size_t size = 0;
    number(size);
    // Every item takes a byte at least: a length beyond that is damage, not a reason to allocate.
    if (size > rest_.size()) broken_ = true;
    for (std::size_t i = 0; i < size && !broken_; ++i) each(list.emplace_back());
  }
  template <class T, class Each>
  void maybe(std::optional<T>& value, Each each) {
    unsigned there = 0;
    number(there);
    if (there > 1) broken_ = true;
    if (there == 1 && !broken_) each(value.emplace());
  }

 private:
  std::string_view rest_;
  bool broken_ = false;
};

}  // namespace

std::string encode(const Stored& stored) {
  std::string bytes;
  Encoder encoder(bytes);
  encoder.number(kDetectorVersion);
  visit(encoder, stored);
  return bytes;
}

std::optional<Stored> decode(std::string_view bytes) {
  Decoder decoder(bytes);
  std::uint32_t version = 0;
  decoder.number(version);
  if (version != kDetectorVersion) return std::nullopt;
  Stored stored;
  visit(decoder, stored);
  if (!decoder.whole()) return std::nullopt;
  return stored;
}

}  // namespace quarry::analysis
