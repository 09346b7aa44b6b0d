#include "server/index/trigrams.h"

#include <algorithm>
#include <array>
#include <string>

namespace quarry::index {
namespace {

constexpr std::string_view kLongS = "\xC5\xBF";
constexpr std::string_view kKelvin = "\xE2\x84\xAA";

// 0: a line break, which is in no trigram. NUL folds to 1: a text with NULs is rare enough not to
// deserve a value of its own.
constexpr std::array<std::uint8_t, 256> kFolded = [] {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<std::uint8_t>(i);
  for (std::size_t i = 'A'; i <= 'Z'; ++i) table[i] = static_cast<std::uint8_t>(i - 'A' + 'a');
  table[0] = 1;
  table['\n'] = 0;
  table['\r'] = 0;
  return table;
}();

std::uint8_t folded(char c) {
  return kFolded[static_cast<unsigned char>(c)];
}

// Calls `note` for each trigram of `text`, in order, repeated ones too.
template <class Note>
void each_trigram(std::string_view text, const Note& note) {
  Trigram last = 0;
  std::size_t length = 0;  // bytes since the last break
  for (const char c : text) {
    const std::uint8_t byte = folded(c);
    if (byte == 0) {
      length = 0;
      continue;
    }
    last = (last << 8U | byte) & (kTrigrams - 1);
    if (++length >= 3) note(last);
  }
}

bool has_foldable(std::string_view text) {
  return text.find(kLongS) != text.npos || text.find(kKelvin) != text.npos;
}

// With the characters beyond ASCII that fold to ASCII as what they fold to.
std::string fold_characters(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (text.substr(i).starts_with(kLongS)) {
      out.push_back('s');
      i += kLongS.size();
    } else if (text.substr(i).starts_with(kKelvin)) {
      out.push_back('k');
      i += kKelvin.size();
    } else {
      out.push_back(text[i++]);
    }
  }
  return out;
}

}  // namespace

void TrigramCollector::add(std::string_view text) {
  if (!seen_) seen_ = std::make_unique<std::uint64_t[]>(kTrigrams / 64);
  if (has_foldable(text)) {
    add_plain(fold_characters(text));
  } else {
    add_plain(text);
  }
}

void TrigramCollector::add_plain(std::string_view text) {
  each_trigram(text, [this](Trigram trigram) { note(trigram); });
}

void TrigramCollector::clear() {
  for (const Trigram trigram : found_) seen_[trigram / 64] = 0;
  found_.clear();
}

std::vector<Trigram> required_trigrams(std::string_view text, bool ignore_case) {
  std::string searched = fold_characters(text);
  if (ignore_case) {
    // What a character beyond ASCII looks like in another case is not known here: it cuts.
    std::replace_if(
        searched.begin(), searched.end(),
        [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '\n');
  }
  std::vector<Trigram> found;
  each_trigram(searched, [&](Trigram trigram) { found.push_back(trigram); });
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace quarry::index
