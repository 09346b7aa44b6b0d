#include "server/git/helper/fold_case.h"

#include <algorithm>

#include <locale.h>
#include <wctype.h>

#include "server/base/utf8.h"

namespace quarry::git::helper {
namespace {

constexpr char32_t kNoCharacter = 0x110000;  // and the byte: no character has that number

locale_t locale_of_scripts = nullptr;  // set once, before the threads

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

char32_t lower(char32_t point) {
  if (point < 0x80) return static_cast<unsigned char>(lower(static_cast<char>(point)));
  if (locale_of_scripts == nullptr) return point;
  return static_cast<char32_t>(towlower_l(static_cast<wint_t>(point), locale_of_scripts));
}

std::u32string folded(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const utf8::Character next = utf8::next(text);
    if (next.valid) out.push_back(lower(next.point));
    for (std::size_t i = 0; i < next.length && !next.valid; ++i) {
      out.push_back(kNoCharacter + static_cast<unsigned char>(text[i]));
    }
    text.remove_prefix(next.length);
  }
  return out;
}

}  // namespace

void open_case_folding() {
  locale_of_scripts = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
}

FoldedPart::FoldedPart(std::string_view part) : part_(part) {
  if (!is_ascii(part)) folded_ = folded(part);
}

bool FoldedPart::is_in(std::string_view text) const {
  if (!folded_.empty()) return folded(text).find(folded_) != std::u32string::npos;
  return std::search(text.begin(), text.end(), part_.begin(), part_.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

}  // namespace quarry::git::helper
