#include "server/files/charset.h"

#include <array>

namespace quarry::files {
namespace {

using Kind = CharsetKind;

// Shift_JIS is Microsoft's: in the plain one a backslash is a yen sign, and no source file means
// that. GB2312 is read as GBK, which holds it whole.
constexpr auto kRows = std::to_array<CharsetRow>({
    {"utf-8", "UTF-8", Kind::kUtf8, "utf8"},
    {"utf-16le", "UTF-16LE", Kind::kUtf16Le, "ucs-2le"},
    {"utf-16be", "UTF-16BE", Kind::kUtf16Be, "ucs-2be"},
    {"iso-8859-1", "ISO-8859-1", Kind::kSingle, "latin-1 latin1 l1"},
    {"iso-8859-2", "ISO-8859-2", Kind::kSingle, "latin-2"},
    {"iso-8859-3", "ISO-8859-3", Kind::kSingle, "latin-3"},
    {"iso-8859-4", "ISO-8859-4", Kind::kSingle, "latin-4"},
    {"iso-8859-5", "ISO-8859-5"},
    {"iso-8859-6", "ISO-8859-6"},
    {"iso-8859-7", "ISO-8859-7"},
    {"iso-8859-8", "ISO-8859-8"},
    {"iso-8859-9", "ISO-8859-9", Kind::kSingle, "latin-5"},
    {"iso-8859-10", "ISO-8859-10", Kind::kSingle, "latin-6"},
    {"iso-8859-11", "ISO-8859-11", Kind::kSingle, "tis-620"},
    {"iso-8859-13", "ISO-8859-13", Kind::kSingle, "latin-7"},
    {"iso-8859-14", "ISO-8859-14", Kind::kSingle, "latin-8"},
    {"iso-8859-15", "ISO-8859-15", Kind::kSingle, "latin-9"},
    {"iso-8859-16", "ISO-8859-16", Kind::kSingle, "latin-10"},
    {"windows-1250", "CP1250", Kind::kSingle, "cp1250"},
    {"windows-1251", "CP1251", Kind::kSingle, "cp1251"},
    {"windows-1252", "CP1252", Kind::kSingle, "cp1252 ansi"},
    {"windows-1253", "CP1253", Kind::kSingle, "cp1253"},
    {"windows-1254", "CP1254", Kind::kSingle, "cp1254"},
    {"windows-1255", "CP1255", Kind::kSingle, "cp1255"},
    {"windows-1256", "CP1256", Kind::kSingle, "cp1256"},
    {"windows-1257", "CP1257", Kind::kSingle, "cp1257"},
    {"windows-1258", "CP1258", Kind::kSingle, "cp1258"},
    {"koi8-r", "KOI8-R"},
    {"koi8-u", "KOI8-U"},
    {"ibm437", "IBM437", Kind::kSingle, "cp437"},
    {"ibm850", "IBM850", Kind::kSingle, "cp850"},
    {"ibm852", "IBM852", Kind::kSingle, "cp852"},
    {"ibm866", "IBM866", Kind::kSingle, "cp866"},
    {"gbk", "GBK", Kind::kGbk, "cp936 gb2312 euc-cn"},
    {"gb18030", "GB18030", Kind::kGb18030},
    {"big5", "BIG5", Kind::kBig5},
    {"shift_jis", "CP932", Kind::kShiftJis, "sjis cp932 windows-31j ms-kanji"},
    {"euc-jp", "EUC-JP", Kind::kEucJp, "ujis"},
    {"euc-kr", "EUC-KR", Kind::kEucKr, "ks-c-5601-1987"},
    {"cp949", "UHC", Kind::kCp949, "uhc windows-949"},
    {"us-ascii", "US-ASCII", Kind::kSingle, "ascii"},
});

constexpr const CharsetRow& kUtf8 = kRows[0];
constexpr const CharsetRow& kUtf16Le = kRows[1];
constexpr const CharsetRow& kUtf16Be = kRows[2];

char folded(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Letters and digits only, in lower case.
std::string plain(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c != '-' && c != '_' && c != ' ') out.push_back(folded(c));
  }
  return out;
}

bool named(const CharsetRow& row, std::string_view wanted) {
  if (plain(row.name) == wanted) return true;
  std::string_view also = row.also;
  while (!also.empty()) {
    const std::size_t end = also.find(' ');
    if (plain(also.substr(0, end)) == wanted) return true;
    also.remove_prefix(end == std::string_view::npos ? also.size() : end + 1);
  }
  return false;
}

}  // namespace

std::span<const CharsetRow> charsets() {
  return kRows;
}

Charset::Charset() : Charset(kUtf8, false, CharsetFound::kValidUtf8) {}

std::string_view Charset::bom() const {
  if (!has_bom) return {};
  switch (kind()) {
    case Kind::kUtf8:
      return "\xEF\xBB\xBF";
    case Kind::kUtf16Le:
      return "\xFF\xFE";
    case Kind::kUtf16Be:
      return "\xFE\xFF";
    default:
      return {};
  }
}

std::optional<Charset> find_charset(std::string_view name) {
  const std::string wanted = plain(name);
  if (wanted == "utf8sig" || wanted == "utf8bom" || wanted == "utf8withbom") {
    return Charset(kUtf8, true, CharsetFound::kGiven);
  }
  if (wanted == "utf16" || wanted == "unicode") {
    return Charset(kUtf16Le, true, CharsetFound::kGiven);
  }
  for (const CharsetRow& row : kRows) {
    if (named(row, wanted)) return Charset(row, false, CharsetFound::kGiven);
  }
  return std::nullopt;
}

std::optional<Charset> find_bom(std::string_view raw) {
  for (const CharsetRow* row : {&kUtf8, &kUtf16Le, &kUtf16Be}) {
    const Charset charset(*row, true, CharsetFound::kBom);
    if (raw.starts_with(charset.bom())) return charset;
  }
  return std::nullopt;
}

std::string charset_names() {
  std::string names;
  for (const CharsetRow& row : kRows) {
    if (!names.empty()) names.append(", ");
    names.append(row.name);
  }
  return names;
}

}  // namespace quarry::files
