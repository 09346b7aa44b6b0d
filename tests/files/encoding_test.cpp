#include "server/files/encoding.h"

#include <random>
#include <vector>

#include <catch2/catch.hpp>

#include "server/base/utf8.h"
#include "server/files/codec.h"

namespace quarry::files {
namespace {

using namespace std::literals;

Charset charset_of(std::string_view name) {
  const auto charset = find_charset(name);
  REQUIRE(charset);
  return *charset;
}

// Every character of the charset that is not ASCII, as UTF-8, by trying all the bytes.
std::vector<std::string> letters_of(const Charset& charset) {
  std::vector<std::string> letters;
  const auto codec = Codec::open(charset);
  REQUIRE(codec);
  const auto add = [&](const std::string& raw) {
    std::string text;
    std::string again;
    if (codec->append_decoded(text, raw) != raw.size()) return;
    // Some characters have two codes; only one of them is what comes out again.
    codec->append_encoded(again, text);
    if (again == raw) letters.push_back(text);
  };
  const bool many = charset.kind() > CharsetKind::kSingle;
  for (int a = 0x80; a < 0x100; ++a) {
    if (!many) add(std::string{static_cast<char>(a)});
    for (int b = 0x40; many && b < 0x100; b += 3) {
      add({static_cast<char>(a), static_cast<char>(b)});
    }
  }
  if (charset.kind() == CharsetKind::kUtf8 || charset.utf16()) {
    letters = {"\xC3\xA9", "\xE2\x82\xAC", "\xE6\xBC\xA2", "\xF0\x9F\x98\x80"};
  }
  return letters;
}

// A map made the slow way: each character by itself, from the front.
void check_map(const Decoded& decoded, std::string_view raw) {
  const auto codec = Codec::open(decoded.charset);
  REQUIRE(codec);
  std::size_t at = decoded.charset.bom().size();
  std::string_view text = decoded.text;
  bool same = true;
  while (!text.empty() && same) {
    same = decoded.raw_offset(decoded.text.size() - text.size()) == at;
    const utf8::Character one = utf8::next(text);
    same = same && one.valid;
    // The fewest bytes that make the character; for what is none, the bytes it stands for.
    std::size_t length = 0;
    for (std::size_t n = 1; n <= 4 && at + n <= raw.size() && length == 0; ++n) {
      std::string single;
      if (codec->append_decoded(single, raw.substr(at, n)) == n && !single.empty()) {
        same = same && single == text.substr(0, one.length);
        length = n;
      }
    }
    if (length == 0) {
      same = same && one.point == 0xFFFD;
      length = raw_length(decoded.charset.kind(), raw.substr(at), 0xFFFD);
    }
    at += length;
    text.remove_prefix(one.length);
  }
  CHECK(same);
  CHECK(at == raw.size());
  CHECK(decoded.raw_offset(decoded.text.size()) == raw.size());
}

TEST_CASE("what every charset decodes it encodes to the same bytes, and every offset maps") {
  for (const CharsetRow& row : charsets()) {
    Charset charset = charset_of(row.name);
    std::vector<std::string> letters = letters_of(charset);
    if (row.name == "us-ascii") letters = {"a", "b", "c", "d"};  // it has no others
    REQUIRE(letters.size() > (charset.kind() > CharsetKind::kSingle ? 1000 : 3));
    const bool can_mark = charset.kind() == CharsetKind::kUtf8 || charset.utf16();
    for (const std::string end : {"\n", "\r\n", "\r", ""}) {
      for (const bool mark : {false, true}) {
        if (mark && !can_mark) continue;
        INFO(row.name << (mark ? " with bom" : "") << ", end of " << end.size());
        charset.has_bom = mark;
        std::string text = "plain" + end;
        for (std::size_t i = 0; i < letters.size(); ++i) {
          text += letters[i];
          if (i % 7 == 0) text += "x" + end;
        }
        const auto body = encode(text, charset);
        REQUIRE(body);
        const std::string raw = std::string(charset.bom()) + *body;
        const auto decoded = decode(raw, charset);
        REQUIRE(decoded);
        CHECK(decoded->text == text);
        CHECK(decoded->lossless);
        CHECK_FALSE(decoded->damaged);
        CHECK(decoded->charset.has_bom == mark);
        if (end == "\n") check_map(*decoded, raw);
      }
    }
  }
}

TEST_CASE("random bytes always decode to valid text, and every offset of it maps") {
  std::mt19937 random(4);
  const char* const long_run = std::getenv("QUARRY_LONG_TESTS");
  const int rounds = long_run != nullptr ? 200 : 3;
  for (const CharsetRow& row : charsets()) {
    INFO(row.name);
    for (int round = 0; round < rounds; ++round) {
      std::string raw(round == 0 ? 9000 : random() % 300, '\0');
      for (char& c : raw) c = static_cast<char>(random() % 3 == 0 ? random() % 0x80 : random());
      const auto decoded = decode(raw, charset_of(row.name));
      REQUIRE(decoded);
      CHECK(utf8::valid(decoded->text));
      check_map(*decoded, raw);
      if (decoded->lossless) {
        const auto again = encode(decoded->text, decoded->charset);
        REQUIRE(again);
        CHECK(std::string(decoded->charset.bom()) + *again == raw);
      }
    }
  }
}

TEST_CASE("a bad byte among good ones shows as U+FFFD and keeps its place") {
  std::string raw = "// \xC3\xBC\xC3\xB6 and \xE9 alone\n";
  const std::size_t bad = raw.find('\xE9');
  for (int i = 0; i < 2000; ++i) raw += "line \xC3\xA4 \xE2\x82\xAC\n";
  const auto decoded = decode(raw);
  REQUIRE(decoded);
  CHECK(decoded->charset.name() == "utf-8");
  CHECK(decoded->damaged);
  CHECK_FALSE(decoded->lossless);
  CHECK(decoded->text.find("\xEF\xBF\xBD") == bad);
  CHECK(decoded->raw_offset(bad) == bad);
  CHECK(decoded->raw_offset(bad + 3) == bad + 1);
  CHECK(decoded->raw_offset(decoded->text.size() - 4) == raw.size() - 4);
  check_map(*decoded, raw);
}

TEST_CASE("utf-16 that is no text shows as U+FFFD, unit by unit") {
  struct Row {
    const char* name;
    std::string raw, want;
    bool damaged;
  };
  const Row rows[] = {
      {"little", "\xFF\xFEh\0i\0"s, "hi", false},
      {"big", "\xFE\xFF\0h\0i"s, "hi", false},
      {"two and three bytes", "\xFF\xFE\xE9\x00\xAC\x20"s, "\xC3\xA9\xE2\x82\xAC", false},
      {"a pair", "\xFE\xFF\xD8\x3D\xDE\x00"s, "\xF0\x9F\x98\x80", false},
      {"high alone", "\xFE\xFF\xD8\x3D\0x"s, "\xEF\xBF\xBDx", true},
      {"low alone", "\xFE\xFF\xDE\x00\0x"s, "\xEF\xBF\xBDx", true},
      {"high at the end", "\xFE\xFF\xD8\x3D"s, "\xEF\xBF\xBD", true},
      {"odd byte", "\xFF\xFEh\0i"s, "h\xEF\xBF\xBD", true},
      {"only the mark", "\xFF\xFE"s, "", false},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const auto decoded = decode(row.raw);
    REQUIRE(decoded);
    CHECK(decoded->text == row.want);
    CHECK(decoded->damaged == row.damaged);
    CHECK(decoded->charset.has_bom);
    CHECK(decoded->charset.found == CharsetFound::kBom);
    check_map(*decoded, row.raw);
  }
}

TEST_CASE("a character that the charset lacks is refused by name, never replaced") {
  struct Row {
    const char *charset, *text, *names;
  };
  const Row rows[] = {
      {"iso-8859-1", "caf\xC3\xA9 \xE2\x82\xAC", "U+20AC"},
      {"windows-1252", "\xE6\xBC\xA2", "U+6F22"},
      {"windows-1258", "\xE1\xBA\xBF", "U+1EBF"},
      {"gbk", "\xF0\x9F\x98\x80", "U+1F600"},
      {"shift_jis", "ok \xC2\xA5", "U+00A5"},
      {"euc-jp", "\xF3\xA0\x81\xA1", "U+E0061"},
      {"big5", "\xE2\x80\xBE", "U+203E"},
  };
  for (const Row& row : rows) {
    INFO(row.charset);
    const auto encoded = encode(row.text, charset_of(row.charset));
    REQUIRE_FALSE(encoded);
    CHECK(encoded.error().code == Code::kInvalidArgs);
    CHECK_THAT(encoded.error().message, Catch::Contains(row.names));
    CHECK_THAT(encoded.error().message, Catch::Contains(row.charset));
    CHECK_THAT(encoded.error().message, Catch::Contains("utf-8"));
  }
  CHECK_FALSE(encode("\xFF", charset_of("utf-8")));
}

TEST_CASE("charsets are found by the names people write") {
  const std::pair<const char*, const char*> rows[] = {
      {"UTF-8", "utf-8"},         {"utf8", "utf-8"},
      {"Latin1", "iso-8859-1"},   {"ISO_8859-15", "iso-8859-15"},
      {"cp1252", "windows-1252"}, {"Shift-JIS", "shift_jis"},
      {"SJIS", "shift_jis"},      {"gb2312", "gbk"},
      {"UTF-16", "utf-16le"},     {"KOI8R", "koi8-r"},
      {"eucjp", "euc-jp"},
  };
  for (const auto& [written, name] : rows) {
    INFO(written);
    CHECK(charset_of(written).name() == name);
  }
  CHECK(charset_of("utf-8-sig").has_bom);
  CHECK_FALSE(find_charset("iso-2022-jp"));
  CHECK_FALSE(find_charset(""));
}

TEST_CASE("utf-16 as asked for follows the mark that the file has") {
  const auto decoded = decode("\xFE\xFF\0h"sv, charset_of("utf-16"));
  REQUIRE(decoded);
  CHECK(decoded->charset.name() == "utf-16be");
  CHECK(decoded->text == "h");
}

}  // namespace
}  // namespace quarry::files
