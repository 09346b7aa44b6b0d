#include "server/search/text_reader.h"

#include <filesystem>

#include "server/search/line_scanner.h"
#include "tests/search/searched_tree.h"

namespace quarry::search {
namespace {

struct Found {
  std::uint64_t line;
  std::string text;
  bool operator==(const Found&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Found& found) {
  return out << found.line << ':' << found.text.substr(0, 80);
}

class Reader {
 public:
  // Matching lines of the file, by windows of `window` bytes.
  std::vector<Found> lines(const std::string& content, const std::string& pattern,
                           std::size_t window, MatchOptions match = {}) {
    tree.files.write("f", content);
    auto file = tree.workspace->open_file(tree.path("f"));
    REQUIRE(file);
    const auto matcher = Matcher::compile(pattern, match);
    REQUIRE(matcher);
    TextReader::Options options;
    options.window_bytes = window;
    options.whole = match.multiline;
    options.fold_line_ends = (*matcher)->folds_line_ends();
    options.returns_end_lines = !(*matcher)->asks_for_returns();
    skip = reader.open(std::move(*file), options);
    if (skip != Skip::kNone) return {};
    const Stop stop(tree.cancel, tree.clock);
    LineScanner scanner(**matcher, stop, true);
    scanner.start();
    std::vector<Found> found;
    TextReader::Window view;
    while (reader.next(view, 2)) {
      largest = std::max(largest, view.text.size());
      scanner.scan(view, [&](const LineMatch& m) {
        found.push_back({m.line, std::string(view.text.substr(m.begin, m.end - m.begin))});
        return true;
      });
    }
    pieces = scanner.pieces();
    return found;
  }

  SearchedTree tree;
  TextReader reader;
  Skip skip = Skip::kNone;
  std::size_t largest = 0;
  bool pieces = false;
};

TEST_CASE("text in windows has the lines of the text in one") {
  std::string content;
  for (int i = 1; i <= 3000; ++i) {
    content += i % 7 == 0 ? "needle " : "hay ";
    content += std::string(static_cast<std::size_t>(i % 50), 'x') + std::to_string(i) + "\n";
    if (i % 100 == 0) content += "\n\n";
  }
  content += "last needle";
  Reader reader;
  for (const char* pattern : {"needle", "^$", "x+7$", "^needle", "", "eedle$"}) {
    const std::vector<Found> want = reader.lines(content, pattern, TextReader::kWindowBytes);
    CHECK_FALSE(want.empty());
    for (const std::size_t window : std::initializer_list<std::size_t>{4096, 5000, 20'000}) {
      INFO(pattern << " in windows of " << window);
      reader.largest = 0;
      CHECK(reader.lines(content, pattern, window) == want);
      CHECK(reader.largest <= window);
    }
  }
  CHECK(reader.lines(content, "", TextReader::kWindowBytes).size() == 3061);
}

TEST_CASE("text lines are counted right when there is no line break at the end") {
  Reader reader;
  CHECK(reader.lines("", "", 4096).empty());
  CHECK(reader.lines("\n", "", 4096) == std::vector<Found>{{1, ""}});
  CHECK(reader.lines("a\n", "$", 4096) == std::vector<Found>{{1, "a"}});
  CHECK(reader.lines("a\n\nb", "$", 4096) == std::vector<Found>{{1, "a"}, {2, ""}, {3, "b"}});
}

TEST_CASE("text line that is longer than a window is searched in bounded memory (SR-07)") {
  const std::string gap(40'000, 'x');
  Reader reader;
  const std::string content = "first\n" + gap + "needle" + gap + "needle\nneedle\n" + gap;
  const std::vector<Found> found = reader.lines(content, "needle", 8192);
  REQUIRE(found.size() == 2);
  CHECK(found[0].line == 2);
  CHECK(found[1] == Found{3, "needle"});
  CHECK(reader.pieces);
  CHECK(reader.largest <= 8192);
  // Wherever a window ends, the match is found once.
  for (std::size_t at = 7000; at < 9000; at += 13) {
    const std::string line = std::string(at, 'x') + "needle" + gap;
    INFO(at);
    CHECK(reader.lines(line, "needle", 8192).size() == 1);
  }
}

TEST_CASE("text lines and words do not end where a window or a piece of a line does") {
  Reader reader;
  const auto check = [&](std::size_t window, std::size_t from, std::size_t to) {
    for (std::size_t at = from; at < to; ++at) {
      for (const char* filler : {"x", "\u00E9"}) {
        std::string before(at % 2, 'x');
        while (before.size() < at) before += filler;
        std::string after;
        while (after.size() < 2 * window) after += filler;
        const std::string content = before + "needle" + after + "\nlast\n";
        for (const char* pattern : {"^needle", "needle$", R"(\bneedle)", R"(needle\b)",
                                    "(?<!x|\u00E9)needle", "needle(?!(x|\u00E9){9})"}) {
          INFO(pattern << " behind " << before.size() << " bytes of " << filler);
          CHECK(reader.lines(content, pattern, window).empty());
        }
        CHECK(reader.lines(content, "needle", window, {.word = true}).empty());
        CHECK(reader.lines(content, "needle|^last$", window).size() == 2);
        CHECK(reader.lines(content, "(?=n)needle|^last$", window).size() == 2);
      }
    }
  };
  // Where windows and pieces begin and end, and where their overlaps do.
  for (const std::size_t border : std::initializer_list<std::size_t>{5888, 6144, 7936, 8192}) {
    check(8192, border - 11, border + 3);
  }
  constexpr std::size_t kSlice = LineScanner::kSliceBytes;
  for (const std::size_t border : {kSlice - TextReader::kOverlapBytes, kSlice}) {
    check(TextReader::kWindowBytes, border - 11, border + 3);
  }
}

TEST_CASE("text encodings: byte order marks are understood, NUL is binary (SR-06, SR-15)") {
  const auto utf16 = [](std::string_view ascii, bool big) {
    std::string out = big ? "\xFE\xFF" : "\xFF\xFE";
    for (const char c : ascii) {
      out += big ? std::string({'\0', c}) : std::string({c, '\0'});
    }
    return out;
  };
  Reader reader;
  CHECK(reader.lines("\xEF\xBB\xBF"
                     "foo\n",
                     "^foo", 4096) == std::vector<Found>{{1, "foo"}});
  CHECK(reader.lines(utf16("a\nfoo\n", false), "^foo$", 4096) == std::vector<Found>{{2, "foo"}});
  CHECK(reader.lines(utf16("a\nfoo\n", true), "^foo$", 4096) == std::vector<Found>{{2, "foo"}});
  // UTF-32 begins like UTF-16.
  CHECK(reader.lines(std::string("\xFF\xFE\0\0f\0\0\0", 8), "f", 4096).empty());
  // A pair, a lone surrogate, a lone last byte.
  CHECK(reader.lines(std::string("\xFF\xFE\x3D\xD8\x00\xDE\x00\xD8"
                                 "z\0z",
                                 11),
                     "z", 4096) == std::vector<Found>{{1,
                                                       "\xF0\x9F\x98\x80\xEF\xBF\xBD"
                                                       "z\xEF\xBF\xBD"}});
  CHECK(reader.lines("caf\xE9 foo\n", "foo", 4096).size() == 1);
  CHECK(reader.lines(std::string("foo\0", 4), "foo", 4096).empty());
  CHECK(reader.skip == Skip::kBinary);
  CHECK(reader.lines(std::string(8192, 'x') + std::string("\0 foo", 5), "foo", 16384).size() == 1);
}

TEST_CASE("text with CRLF matches at line ends") {
  Reader reader;
  const std::string content = "foo\r\nfoo bar\r\n\r\nfoo";
  CHECK(reader.lines(content, "foo$", 4096) == std::vector<Found>{{1, "foo"}, {4, "foo"}});
  CHECK(reader.lines(content, "^$", 4096) == std::vector<Found>{{3, ""}});
  CHECK(reader.lines(content, "foo\\r$", 4096) == std::vector<Found>{{1, "foo\r"}});
}

TEST_CASE("text of carriage returns alone has the lines that a reader sees") {
  Reader reader;
  CHECK(reader.lines("foo\rfoo bar\r\rfoo", "foo$", 4096) ==
        std::vector<Found>{{1, "foo"}, {4, "foo"}});
  CHECK(reader.lines("foo\rbar", "foo\\rb", 4096) == std::vector<Found>{{1, "foo\rbar"}});
  CHECK(reader.lines("foo\rbar\nfoo", "foo", 4096) ==
        std::vector<Found>{{1, "foo\rbar"}, {2, "foo"}});
  std::string many;
  for (int i = 1; i <= 3000; ++i) many += "line " + std::to_string(i) + "\r";
  CHECK(reader.lines(many, "line 2999$", 4096) == std::vector<Found>{{2999, "line 2999"}});
  CHECK(reader.largest <= 8192);
}

TEST_CASE(
    "text that shrinks or grows while it is read ends as it is, or as it was (FS-18, RC-09)") {
  Reader reader;
  std::string content;
  for (int i = 0; i < 2000; ++i) content += "line " + std::to_string(i) + "\n";
  TextReader::Options options;
  options.window_bytes = 4096;
  const auto open = [&] {
    reader.tree.files.write("f", content);
    auto file = reader.tree.workspace->open_file(reader.tree.path("f"));
    REQUIRE(file);
    REQUIRE(reader.reader.open(std::move(*file), options) == Skip::kNone);
  };
  const auto bytes = [&] {
    TextReader::Window window;
    std::size_t all = 0;
    while (reader.reader.next(window, 0)) all += window.text.size() - window.fresh;
    return all;
  };
  open();
  std::filesystem::resize_file(reader.tree.files.path("f"), 9000);
  CHECK(bytes() == 9000);
  CHECK_FALSE(reader.reader.failed());
  open();
  std::filesystem::resize_file(reader.tree.files.path("f"), 0);
  CHECK(bytes() == 4096);  // what was read before
  open();
  std::filesystem::resize_file(reader.tree.files.path("f"), 1'000'000);
  CHECK(bytes() == content.size());
}

TEST_CASE("text over its limits is not opened") {
  Reader reader;
  reader.tree.files.write("big", "");
  std::filesystem::resize_file(reader.tree.files.path("big"),
                               static_cast<std::uintmax_t>(TextReader::kMaxFileBytes) + 1);
  auto file = reader.tree.workspace->open_file(reader.tree.path("big"));
  REQUIRE(file);
  CHECK(reader.reader.open(std::move(*file), {}) == Skip::kTooLarge);
  CHECK(reader.lines(std::string(5000, 'x'), "x", 4096, {.multiline = true}).empty());
  CHECK(reader.skip == Skip::kTooLarge);
}

TEST_CASE("text matches that span lines report each line once") {
  Reader reader;
  const std::string content = "a\nb\nc\na\nb\nx\n";
  CHECK(reader.lines(content, "a\\nb", 4096, {.multiline = true}) ==
        std::vector<Found>{{1, "a\nb"}, {4, "a\nb"}});
  CHECK(reader.lines("b\nab\nab\na", "b\\na", 4096, {.multiline = true}) ==
        std::vector<Found>{{1, "b\nab"}, {3, "ab"}, {4, "a"}});
  CHECK(reader.lines(content, "a.*x", 4096, {.multiline = true}).size() == 1);
}

}  // namespace
}  // namespace quarry::search
