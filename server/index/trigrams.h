// Trigrams: the three-byte pieces of a text, by which a file can be told not to contain another
// text without being read.
//
// Pieces are of folded bytes: ASCII letters in lower case, and the two other characters that
// Unicode's simple folding makes ASCII letters of (U+017F: s, U+212A: k) as those. So one set
// serves searches that respect case and searches that do not. A piece never contains a line break
// (\n or \r): a text is cut there.
//
// The idea of required trigrams is Russ Cox's, "Regular Expression Matching with a Trigram Index"
// (2012).

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace quarry::index {

// The three folded bytes, the first in bits 16 to 23.
using Trigram = std::uint32_t;
inline constexpr std::size_t kTrigrams = std::size_t{1} << 24U;

// Collects the distinct trigrams of one text after another. Holds 2 MiB from the first text on;
// reuse it. Belongs to one thread.
class TrigramCollector {
 public:
  // The text goes on, at a line's start or with at least two bytes that were there before.
  void add(std::string_view text);
  // Those of the text so far, each once, in no order. Valid until the next call of anything.
  std::span<const Trigram> found() const { return found_; }
  // Before the next text.
  void clear();

 private:
  void add_plain(std::string_view text);
  void note(Trigram trigram) {
    const std::uint64_t bit = std::uint64_t{1} << (trigram % 64);
    if ((seen_[trigram / 64] & bit) != 0) return;
    seen_[trigram / 64] |= bit;
    found_.push_back(trigram);
  }

  std::unique_ptr<std::uint64_t[]> seen_;  // a bit for each of kTrigrams; null before the first
  std::vector<Trigram> found_;
};

// The distinct trigrams, ascending, that every text contains which contains `text` (whole UTF-8
// characters). With
// `ignore_case`: which contains it in some case; characters beyond ASCII then tell nothing. Empty
// when there are none: then any text may contain it.
std::vector<Trigram> required_trigrams(std::string_view text, bool ignore_case);

}  // namespace quarry::index
