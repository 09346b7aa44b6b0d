#include "server/files/detect.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include <uchardet/uchardet.h>

#include "server/base/utf8.h"
#include "server/files/codec.h"
#include "server/files/text.h"

namespace quarry::files {
namespace {

constexpr std::size_t kProbe = 8 << 10;
constexpr std::size_t kSample = 64 << 10;
// Fewer high bytes tell nothing about which Latin alphabet they are of.
constexpr std::size_t kTellingBytes = 6;

bool high(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}

const CharsetRow& row_of(CharsetKind kind) {
  return *std::ranges::find(charsets(), kind, &CharsetRow::kind);
}

// How a probe looks as UTF-16 in one byte order.
struct Look {
  std::size_t units = 0;
  std::size_t ascii = 0;     // printable, or white space
  std::size_t breaks = 0;    // blanks and line ends among them
  std::size_t far = 0;       // beyond U+00FF
  std::size_t low_high = 0;  // of `far`, with a low byte from 0x80 on
  std::size_t scripts = 0;   // how many different high bytes `far` has
  bool odd = false;          // holds what no text holds
};

// Alphabets, syllables, their punctuation, and the ideographs in daily use.
bool in_use(char32_t unit) {
  return (unit >= 0xA0 && unit < 0x0780) || (unit >= 0x0900 && unit < 0x1200) ||
         (unit >= 0x1E00 && unit < 0x2070) || (unit >= 0x20A0 && unit < 0x2700) ||
         (unit >= 0x3000 && unit < 0x3400) || (unit >= 0x4E00 && unit < 0xA000) ||
         (unit >= 0xAC00 && unit < 0xD7A4) || (unit >= 0xFF00 && unit < 0xFFF0);
}

Look look_at(std::string_view raw, bool little_endian) {
  Look look;
  std::array<bool, 256> seen{};
  for (std::size_t i = 0; i + 2 <= raw.size(); i += 2) {
    const auto low = static_cast<unsigned char>(raw[little_endian ? i : i + 1]);
    const auto top = static_cast<unsigned char>(raw[little_endian ? i + 1 : i]);
    const char32_t unit = static_cast<char32_t>(top) << 8U | low;
    ++look.units;
    const bool space = unit == ' ' || (unit >= '\t' && unit <= '\r');
    const bool pair = unit >= 0xD800 && unit <= 0xDFFF;
    if (space || (unit > ' ' && unit < 0x7F)) {
      ++look.ascii;
      look.breaks += space ? 1 : 0;
    } else if (pair) {
      ++look.far;
    } else if (!in_use(unit)) {
      look.odd = true;
    } else if (unit > 0xFF) {
      ++look.far;
      look.low_high += low >= 0x80 ? 1 : 0;
      seen[top] = true;
    }
  }
  look.scripts = static_cast<std::size_t>(std::ranges::count(seen, true));
  return look;
}

// Eight-bit text cut by NUL bytes looks like rare ideographs between letters: its low bytes are
// all ASCII, and nothing in it is a blank or a line end of its own.
bool makes_sense(const Look& look) {
  if (look.odd || look.units == 0) return false;
  if (look.ascii * 10 >= look.units * 7) return true;
  if (look.breaks == 0) return false;
  return look.scripts <= 3 || look.low_high * 4 >= look.far;
}

// Characters of more than one byte, and ill-formed parts, of `raw` as UTF-8.
bool mostly_utf8(std::string_view raw) {
  std::size_t good = 0;
  std::size_t bad = 0;
  while (!raw.empty()) {
    const auto* first = std::ranges::find_if(raw, high);
    raw.remove_prefix(static_cast<std::size_t>(first - raw.begin()));
    if (raw.empty()) break;
    const utf8::Character one = utf8::next(raw);
    ++(one.valid ? good : bad);
    raw.remove_prefix(one.length);
  }
  return good > 0 && good >= 2 * bad;
}

// The lines that hold high bytes, up to kSample bytes of them.
std::string sample_of(std::string_view raw, std::size_t& high_bytes) {
  std::string sample;
  while (!raw.empty() && sample.size() < kSample) {
    const std::size_t end = std::min(raw.find('\n'), raw.size() - 1) + 1;
    const std::string_view line = raw.substr(0, std::min(end, kSample));
    const auto count = static_cast<std::size_t>(std::ranges::count_if(line, high));
    if (count > 0) sample.append(line);
    high_bytes += count;
    raw.remove_prefix(end);
  }
  return sample;
}

std::string ask_uchardet(std::string_view sample) {
  const std::unique_ptr<uchardet, decltype(&uchardet_delete)> detector(uchardet_new(),
                                                                       &uchardet_delete);
  if (!detector || uchardet_handle_data(detector.get(), sample.data(), sample.size()) != 0) {
    return {};
  }
  uchardet_data_end(detector.get());
  return uchardet_get_charset(detector.get());
}

bool fits(const CharsetRow& row, std::string_view raw) {
  const auto codec = Codec::open(Charset(row, false, CharsetFound::kDetected));
  std::string text;
  return codec && codec->append_decoded(text, raw) == raw.size();
}

const CharsetRow& western(std::string_view raw) {
  const auto in_c1 = [](char c) { return (static_cast<unsigned char>(c) & 0xE0U) == 0x80U; };
  const CharsetRow& latin = *find_charset("iso-8859-1")->row;
  const CharsetRow& windows = *find_charset("windows-1252")->row;
  return std::ranges::any_of(raw, in_c1) && fits(windows, raw) ? windows : latin;
}

bool latin_alphabet(std::string_view name) {
  return name.starts_with("iso-8859-")
             ? name != "iso-8859-5" && name != "iso-8859-6" && name != "iso-8859-7" &&
                   name != "iso-8859-8"
             : name == "windows-1250" || name == "windows-1252" || name == "windows-1254" ||
                   name == "windows-1257" || name == "windows-1258" || name == "ibm852";
}

const CharsetRow& guess(std::string_view raw) {
  std::size_t high_bytes = 0;
  const std::string sample = sample_of(raw, high_bytes);
  const auto told = find_charset(ask_uchardet(sample));
  if (!told || told->kind() == CharsetKind::kUtf8 || told->utf16()) return western(raw);
  const std::string_view name = told->name();
  if (name == "iso-8859-1" || name == "windows-1252") return western(raw);
  if (high_bytes < kTellingBytes && latin_alphabet(name)) return western(raw);
  if (told->kind() == CharsetKind::kGb18030 && fits(row_of(CharsetKind::kGbk), raw)) {
    return row_of(CharsetKind::kGbk);
  }
  if (told->kind() == CharsetKind::kEucKr || told->kind() == CharsetKind::kCp949) {
    const CharsetRow& narrow = row_of(CharsetKind::kEucKr);
    const CharsetRow& wide = row_of(CharsetKind::kCp949);
    return fits(narrow, raw) || !fits(wide, raw) ? narrow : wide;
  }
  // A single-byte charset that lacks some of the bytes is the wrong one; in the others a bad byte
  // or two may be damage.
  if (told->kind() == CharsetKind::kSingle && !fits(*told->row, raw)) return western(raw);
  return *told->row;
}

}  // namespace

std::optional<Charset> find_utf16(std::string_view raw) {
  if (auto marked = find_bom(raw); marked && marked->utf16()) return marked;
  const std::string_view probe = raw.substr(0, kProbe);
  if (raw.size() % 2 != 0 || probe.find('\0') == std::string_view::npos) return std::nullopt;
  const bool little = makes_sense(look_at(probe, true));
  const bool big = makes_sense(look_at(probe, false));
  if (little == big) return std::nullopt;
  return Charset(row_of(little ? CharsetKind::kUtf16Le : CharsetKind::kUtf16Be), false,
                 CharsetFound::kDetected);
}

Charset detect_charset(std::string_view raw) {
  if (const auto marked = find_bom(raw)) return *marked;
  if (const auto wide = find_utf16(raw)) return *wide;
  if (is_utf8(raw)) return Charset();
  if (mostly_utf8(raw)) {
    return Charset(row_of(CharsetKind::kUtf8), false, CharsetFound::kDetected);
  }
  return Charset(guess(raw), false, CharsetFound::kDetected);
}

}  // namespace quarry::files
