// Text in other encodings than UTF-8 is searched as text.

#include <string>

#include "server/search/grep.h"
#include "tests/search/searched_tree.h"

namespace quarry::search {
namespace {

using Catch::Contains;

std::string utf16(std::string_view ascii, bool big, bool mark) {
  std::string out;
  if (mark) out = big ? "\xFE\xFF" : "\xFF\xFE";
  for (const char c : ascii) {
    out += big ? std::string({'\0', c}) : std::string({c, '\0'});
  }
  return out;
}

TEST_CASE("grep finds letters in the encodings that files are in (SR-06)") {
  const std::string latin1 =
      "Gr\xFC\xDF"
      "e aus M\xFCnchen\nkein Treffer\n";
  const std::string koi8 =
      "\xF0\xD2\xC9\xD7\xC5\xD4, \xCD\xC9\xD2. \xDC\xD4\xCF \xD4\xC5\xCB\xD3\xD4 "
      "\xCE\xC1 \xD2\xD5\xD3\xD3\xCB\xCF\xCD \xD1\xDA\xD9\xCB\xC5\n";
  SearchedTree tree(std::map<std::string, std::string>{
      {"latin1", latin1},
      {"koi8", koi8},
      {"utf8", "M\xC3\xBCnchen\n"},
      {"utf16le", utf16("foo\nneedle here\n", false, true)},
      {"utf16be", utf16("foo\nneedle here\n", true, true)},
      {"utf16bare", utf16("some text to go by\nneedle here\nand more of it\n", false, false)},
      {"binary", std::string("needle\0\1\2\3", 10)}});
  CHECK(tree.grep("M\xC3\xBCnchen") ==
        "latin1\n1:Gr\xC3\xBC\xC3\x9F"
        "e aus M\xC3\xBCnchen\n\nutf8\n1:M\xC3\xBCnchen\n\n"
        "2 matches in 2 of 6 files; not searched: 1 binary\n"
        "note: 5 files decoded from an encoding that is not UTF-8\n");
  CHECK_THAT(tree.grep("^Gr\\w+ aus"), Contains("latin1\n1:"));
  CHECK_THAT(tree.grep("\xD1\x80\xD1\x83\xD1\x81\xD1\x81\xD0\xBA\xD0\xBE\xD0\xBC"),
             Contains("koi8\n1:\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82"));
  CHECK_THAT(tree.grep("needle"),
             Contains("utf16bare\n2:needle here\n\nutf16be\n2:needle here\n\nutf16le\n2:needle"));
  // What is plain ASCII is shown decoded too, and found where it is not.
  CHECK_THAT(tree.grep("aus"), Contains("latin1\n1:Gr\xC3\xBC\xC3\x9F"
                                        "e aus M\xC3\xBCnchen\n"));
}

TEST_CASE("grep decodes files of many windows as it goes (SR-06, SR-07)") {
  std::string latin1;
  for (int i = 0; i < 60'000; ++i)
    latin1 +=
        "gr\xFC\xDF"
        "e aus der Stadt " +
        std::to_string(i) + "\n";
  std::string wide;
  for (int i = 0; i < 60'000; ++i) wide += "number " + std::to_string(i) + "\n";
  SearchedTree tree(
      std::map<std::string, std::string>{{"latin1", latin1}, {"utf16", utf16(wide, false, true)}});
  GrepQuery query;
  query.mode = OutputMode::kCount;
  query.pattern =
      "gr\xC3\xBC\xC3\x9F"
      "e .*\\d$";
  CHECK_THAT(tree.grep(query), Contains("latin1:60000\n"));
  query.pattern = "^number \\d+$";
  CHECK_THAT(tree.grep(query), Contains("utf16:60000\n"));
  CHECK_THAT(tree.grep("(Stadt|number) 59999"), Contains("latin1\n60000:gr\xC3\xBC\xC3\x9F"
                                                         "e aus") &&
                                                    Contains("utf16\n60000:number"));
}

}  // namespace
}  // namespace quarry::search
