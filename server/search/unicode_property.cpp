#include "server/search/unicode_property.h"

#include <array>

#include "server/search/unicode_scripts.h"

namespace quarry::search {
namespace {

struct Row {
  std::string_view name;
  std::string_view also;   // other names, space separated
  std::string_view ascii;  // first and last of each range
};

constexpr auto kCategories = std::to_array<Row>({
    {"Any", "", std::string_view("\0\x7f", 2)},
    {"Assigned", "", std::string_view("\0\x7f", 2)},
    {"ASCII", "", std::string_view("\0\x7f", 2)},
    {"C", "Other", std::string_view("\0\x1f\x7f\x7f", 4)},
    {"Cc", "Control cntrl", std::string_view("\0\x1f\x7f\x7f", 4)},
    {"Cf", "Format", ""},
    {"Cn", "Unassigned", ""},
    {"Co", "Private_Use", ""},
    {"Cs", "Surrogate", ""},
    {"L", "Letter", "AZaz"},
    {"LC", "Cased_Letter L&", "AZaz"},
    {"Ll", "Lowercase_Letter", "az"},
    {"Lm", "Modifier_Letter", ""},
    {"Lo", "Other_Letter", ""},
    {"Lt", "Titlecase_Letter", ""},
    {"Lu", "Uppercase_Letter", "AZ"},
    {"M", "Mark Combining_Mark", ""},
    {"Mc", "Spacing_Mark", ""},
    {"Me", "Enclosing_Mark", ""},
    {"Mn", "Nonspacing_Mark", ""},
    {"N", "Number", "09"},
    {"Nd", "Decimal_Number digit", "09"},
    {"Nl", "Letter_Number", ""},
    {"No", "Other_Number", ""},
    {"P", "Punctuation punct", "!#%*,/:;?@[]__{{}}"},
    {"Pc", "Connector_Punctuation", "__"},
    {"Pd", "Dash_Punctuation", "--"},
    {"Pe", "Close_Punctuation", "))]]}}"},
    {"Pf", "Final_Punctuation", ""},
    {"Pi", "Initial_Punctuation", ""},
    {"Po", "Other_Punctuation", "!#%'**,,./:;?@\\\\"},
    {"Ps", "Open_Punctuation", "(([[{{"},
    {"S", "Symbol", "$$++<>^^``||~~"},
    {"Sc", "Currency_Symbol", "$$"},
    {"Sk", "Modifier_Symbol", "^^``"},
    {"Sm", "Math_Symbol", "++<>||~~"},
    {"So", "Other_Symbol", ""},
    {"Z", "Separator", "  "},
    {"Zl", "Line_Separator", ""},
    {"Zp", "Paragraph_Separator", ""},
    {"Zs", "Space_Separator", "  "},
});

// Those that PCRE2 knows, but for Bidi_Mirrored: it has only those that another mirrors.
constexpr auto kBinary = std::to_array<Row>({
    {"ASCII_Hex_Digit", "AHex", "09AFaf"},
    {"Alphabetic", "Alpha", "AZaz"},
    {"Bidi_Control", "Bidi_C", ""},
    {"Case_Ignorable", "CI", "''..::^^``"},
    {"Cased", "", "AZaz"},
    {"Changes_When_Casefolded", "CWCF", "AZ"},
    {"Changes_When_Casemapped", "CWCM", "AZaz"},
    {"Changes_When_Lowercased", "CWL", "AZ"},
    {"Changes_When_Titlecased", "CWT", "az"},
    {"Changes_When_Uppercased", "CWU", "az"},
    {"Dash", "", "--"},
    {"Default_Ignorable_Code_Point", "DI", ""},
    {"Deprecated", "Dep", ""},
    {"Diacritic", "Dia", "^^``"},
    {"Emoji", "", "##**09"},
    {"Emoji_Component", "EComp", "##**09"},
    {"Emoji_Modifier", "EMod", ""},
    {"Emoji_Modifier_Base", "EBase", ""},
    {"Emoji_Presentation", "EPres", ""},
    {"Extended_Pictographic", "ExtPict", ""},
    {"Extender", "Ext", ""},
    {"Grapheme_Base", "Gr_Base", " ~"},
    {"Grapheme_Extend", "Gr_Ext", ""},
    {"Grapheme_Link", "Gr_Link", ""},
    {"Hex_Digit", "Hex", "09AFaf"},
    {"IDS_Binary_Operator", "IDSB", ""},
    {"IDS_Trinary_Operator", "IDST", ""},
    {"ID_Continue", "IDC", "09AZ__az"},
    {"ID_Start", "IDS", "AZaz"},
    {"Ideographic", "Ideo", ""},
    {"Join_Control", "Join_C", ""},
    {"Logical_Order_Exception", "LOE", ""},
    {"Lowercase", "Lower", "az"},
    {"Math", "", "++<>^^||~~"},
    {"Noncharacter_Code_Point", "NChar", ""},
    {"Pattern_Syntax", "Pat_Syn", "!/:@[^``{~"},
    {"Pattern_White_Space", "Pat_WS", "\t\r  "},
    {"Prepended_Concatenation_Mark", "PCM", ""},
    {"Quotation_Mark", "QMark", "\"\"''"},
    {"Radical", "", ""},
    {"Regional_Indicator", "RI", ""},
    {"Sentence_Terminal", "STerm", "!!..??"},
    {"Soft_Dotted", "SD", "ij"},
    {"Terminal_Punctuation", "Term", "!!,,..:;??"},
    {"Unified_Ideograph", "UIdeo", ""},
    {"Uppercase", "Upper", "AZ"},
    {"Variation_Selector", "VS", ""},
    {"White_Space", "WSpace Space", "\t\r  "},
    {"XID_Continue", "XIDC", "09AZ__az"},
    {"XID_Start", "XIDS", "AZaz"},
});

class LooseName {
 public:
  explicit LooseName(std::string_view text) : rest_(text) {}

  // The next character that counts; '\0' at the end.
  char next() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == ' ' || c == '_' || c == '-') continue;
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return '\0';
  }

 private:
  std::string_view rest_;
};

bool same(std::string_view a, std::string_view b) {
  LooseName left(a);
  LooseName right(b);
  for (;;) {
    const char c = left.next();
    if (c != right.next()) return false;
    if (c == '\0') return true;
  }
}

bool is_named(std::string_view name, std::string_view also, std::string_view wanted) {
  if (same(name, wanted)) return true;
  while (!also.empty()) {
    const std::size_t end = std::min(also.find(' '), also.size());
    if (same(also.substr(0, end), wanted)) return true;
    also.remove_prefix(std::min(end + 1, also.size()));
  }
  return false;
}

Ascii members(std::string_view ranges) {
  Ascii out;
  const auto code = [&](std::size_t at) { return static_cast<unsigned char>(ranges[at]); };
  for (std::size_t i = 0; i + 1 < ranges.size(); i += 2) {
    for (std::size_t c = code(i); c <= code(i + 1); ++c) out.set(c);
  }
  return out;
}

using Of = UnicodeProperty::Kind;
using Found = std::optional<UnicodeProperty>;

template <class Rows>
Found among(const Rows& rows, Of kind, std::string_view wanted) {
  for (const Row& row : rows) {
    if (!is_named(row.name, row.also, wanted)) continue;
    return UnicodeProperty{kind, row.name, members(row.ascii), false};
  }
  return std::nullopt;
}

Found script(std::string_view wanted, Of kind) {
  for (const UnicodeScript& one : unicode_scripts()) {
    if (!is_named(one.name, one.also, wanted)) continue;
    const Ascii latin = members("AZaz");
    const Ascii ascii = one.name == "Latin" ? latin : one.name == "Common" ? ~latin : Ascii();
    return UnicodeProperty{kind, one.name, ascii, false};
  }
  return std::nullopt;
}

Found named(std::string_view name) {
  if (Found found = among(kBinary, Of::kBinary, name)) return found;
  if (Found found = among(kCategories, Of::kCategory, name)) return found;
  return script(name, Of::kScript);
}

Found with_value(std::string_view name, std::string_view value) {
  if (is_named("General_Category", "gc", name)) return among(kCategories, Of::kCategory, value);
  if (is_named("Script", "sc", name)) return script(value, Of::kScript);
  if (is_named("Script_Extensions", "scx", name)) return script(value, Of::kScriptExtensions);
  return std::nullopt;
}

// Without "is" before it.
std::string_view bare(std::string_view name) {
  LooseName letters(name);
  if (letters.next() != 'i' || letters.next() != 's') return name;
  name.remove_prefix(name.find_first_of("sS") + 1);
  return name;
}

}  // namespace

std::size_t property_length(std::string_view text) {
  if (text.size() < 3 || text[2] != '{') return std::min<std::size_t>(3, text.size());
  return std::min(text.find('}'), text.size() - 1) + 1;
}

std::optional<UnicodeProperty> find_property(std::string_view text) {
  if (text.size() < 3 || text[0] != '\\') return std::nullopt;
  bool negated = text[1] == 'P';
  std::string_view name = text.substr(2);
  if (name.starts_with('{')) {
    if (!name.ends_with('}')) return std::nullopt;
    name = name.substr(1, name.size() - 2);
  }
  if (name.starts_with('^')) {
    negated = !negated;
    name.remove_prefix(1);
  }
  const std::size_t sign = name.find_first_of("=:");
  const auto find = [&](std::string_view value) {
    return sign == std::string_view::npos ? named(value) : with_value(name.substr(0, sign), value);
  };
  const std::string_view value = sign == std::string_view::npos ? name : name.substr(sign + 1);
  Found found = find(value);
  if (!found && bare(value) != value) found = find(bare(value));
  if (found) found->negated = negated;
  return found;
}

}  // namespace quarry::search
