#include "server/files/read.h"

#include <fstream>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/hash.h"
#include "tests/files/images.h"
#include "tests/sandbox/forked.h"
#include "tests/support/ordinary_user.h"
#include "tests/support/temp_workspace.h"

namespace quarry::files {
namespace {

using namespace std::literals;

struct Answer {
  std::string text;  // or the error's message
  bool failed = false;
  Code code = Code::kInternal;
  std::optional<Picture> picture;
};

Answer read_in(const std::string& root, const std::string& name, const ReadRequest& request = {}) {
  const auto workspace =
      sandbox::Workspace::open(root, sandbox::Workspace::Resolver::kAuto, /*force=*/true);
  REQUIRE(workspace);
  const auto path = (*workspace)->parse(name);
  REQUIRE(path);
  const SystemClock clock;
  const CancelToken cancel(clock);
  LineIndexes indexes(clock);
  Answer answer;
  auto picture = read_file({**workspace, indexes}, *path, request, cancel, answer.text);
  if (picture) {
    answer.picture = std::move(*picture);
  } else {
    CHECK(answer.text.empty());
    answer = {picture.error().message, true, picture.error().code, {}};
  }
  return answer;
}

Answer read(const test::TempWorkspace& tree, const std::string& name,
            const ReadRequest& request = {}) {
  return read_in(tree.root(), name, request);
}

TEST_CASE("a file that has no size and yields bytes is read as it comes") {
  const Answer text = read_in("/proc/sys/kernel", "ostype");
  CHECK(text.text.starts_with("ostype: 1 line, 6 B, utf-8, lf, hash "));
  CHECK(text.text.ends_with("\n     1\tLinux\n"));
  const Answer hex = read_in("/proc/sys/kernel", "ostype", {.offset = 0, .mode = ReadMode::kHex});
  CHECK(hex.text.starts_with("ostype: 6 B, hex\n00000000  4c 69 6e 75 78 0a "));
}

TEST_CASE("a text file comes with a header, numbers and its hash") {
  struct Row {
    const char* name;
    std::string content, header, body;
  };
  const Row rows[] = {
      {"lf", "a\nb\n", "2 lines, 4 B, utf-8, lf", "     1\ta\n     2\tb\n"},
      {"open end", "a\nb", "2 lines, 3 B, utf-8, lf, no final newline", "     1\ta\n     2\tb\n"},
      {"one", "a\n", "1 line, 2 B, utf-8, lf", "     1\ta\n"},
      {"no newline at all", "a", "1 line, 1 B, utf-8, no final newline", "     1\ta\n"},
      {"crlf", "a\r\nb\r\n", "2 lines, 6 B, utf-8, crlf", "     1\ta\n     2\tb\n"},
      {"cr", "a\rb\r", "2 lines, 4 B, utf-8, cr", "     1\ta\n     2\tb\n"},
      {"mixed", "a\r\nb\n", "2 lines, 5 B, utf-8, mixed line ends", "     1\ta\n     2\tb\n"},
      {"empty", "", "empty file, 0 B", ""},
      {"bom",
       "\xEF\xBB\xBF"
       "a\n",
       "1 line, 5 B, utf-8 with bom, lf", "     1\ta\n"},
      {"bom only", "\xEF\xBB\xBF", "empty file, 3 B, utf-8 with bom", ""},
      {"utf-16le",
       "\xFF\xFE"
       "a\0\n\0"s,
       "1 line, 6 B, utf-16le with bom, lf", "     1\ta\n"},
      {"utf-16be", "\xFE\xFF\0a\0\n"s, "1 line, 6 B, utf-16be with bom, lf", "     1\ta\n"},
      {"utf-16 damaged", "\xFE\xFF\xD8\x00\0\n"s,
       "1 line, 6 B, utf-16be with bom, damaged (bad bytes shown as U+FFFD), lf",
       "     1\t\xEF\xBF\xBD\n"},
      {"latin-1", "caf\xE9\n", "1 line, 5 B, iso-8859-1 (detected), lf", "     1\tcaf\xC3\xA9\n"},
      {"utf-8 damaged", "\xC3\xA9\xC3\xA9\xE9\n",
       "1 line, 6 B, utf-8, damaged (bad bytes shown as U+FFFD), lf",
       "     1\t\xC3\xA9\xC3\xA9\xEF\xBF\xBD\n"},
      {"utf-16 without bom", "a\0\xE9\0\n\0b\0\n\0"s,
       "2 lines, 10 B, utf-16le without bom (detected), lf", "     1\ta\xC3\xA9\n     2\tb\n"},
      {"utf-8", "caf\xC3\xA9\n", "1 line, 6 B, utf-8, lf", "     1\tcaf\xC3\xA9\n"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const test::TempWorkspace tree({{"src/a.c", row.content}});
    const Answer answer = read(tree, "src/a.c");
    CHECK(!answer.failed);
    CHECK(answer.text ==
          "src/a.c: " + row.header + ", hash " + content_hash(row.content) + "\n" + row.body);
  }
}

std::string numbered_lines(int count) {
  std::string text;
  for (int i = 1; i <= count; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

TEST_CASE("a range is shown with the arguments that continue it") {
  struct Row {
    const char* name;
    ReadRequest request;
    std::string first, last;  // lines of the body
  };
  const Row rows[] = {
      {"all", {}, "     1\tline 1", "  1200\tline 1200"},
      {"limit",
       {.limit = 10},
       "     1\tline 1",
       "lines 1-10 of 1,200; continue with offset=11, limit=10"},
      {"offset", {.offset = 1199}, "  1199\tline 1199", "  1200\tline 1200"},
      {"offset and limit",
       {.offset = 5, .limit = 1},
       "     5\tline 5",
       "lines 5-5 of 1,200; continue with offset=6, limit=1"},
      {"past the end",
       {.offset = 1201},
       "offset 1,201 is past the end: the last line is 1,200",
       "offset 1,201 is past the end: the last line is 1,200"},
      {"tail", {.tail = 2}, "  1199\tline 1199", "  1200\tline 1200"},
      {"tail longer than the file", {.tail = 5000}, "     1\tline 1", "  1200\tline 1200"},
      {"budget",
       {.max_bytes = 150},
       "     1\tline 1",
       "lines 1-6 of 1,200; continue with offset=7"},
      {"budget and tail",
       {.tail = 500, .max_bytes = 150},
       "  1196\tline 1196",
       "lines 1,196-1,200 of 1,200; the lines before them with offset=701, limit=495"},
      {"no budget at all",
       {.max_bytes = 0},
       "     1\tline 1",
       "lines 1-1 of 1,200; continue with offset=2"},
      {"with the path",
       {.limit = 1, .name_path = true},
       "     1\tline 1",
       "lines 1-1 of 1,200; continue with path=log.txt, offset=2, limit=1"},
  };
  const test::TempWorkspace tree({{"log.txt", numbered_lines(1200)}});
  for (const Row& row : rows) {
    INFO(row.name);
    const Answer answer = read(tree, "log.txt", row.request);
    REQUIRE(answer.text.ends_with('\n'));
    const std::string body = answer.text.substr(answer.text.find('\n') + 1);
    CHECK(body.substr(0, body.find('\n')) == row.first);
    const std::string open = body.substr(0, body.size() - 1);
    CHECK(open.substr(open.rfind('\n') + 1) == row.last);
  }
}

TEST_CASE("following the continuation shows every line once") {
  const test::TempWorkspace tree({{"log.txt", numbered_lines(1200)}});
  ReadRequest request{.max_bytes = 2000};
  std::int64_t next = 1;
  int calls = 0;
  while (next > 0 && ++calls < 100) {
    request.offset = next;
    const Answer answer = read(tree, "log.txt", request);
    CHECK(answer.text.size() < 2100);
    CHECK(answer.text.find("\tline " + std::to_string(next) + "\n") != std::string::npos);
    const std::size_t at = answer.text.find("continue with offset=");
    next = at == std::string::npos ? 0 : std::stoll(answer.text.substr(at + 21));
  }
  CHECK(next == 0);
  CHECK(calls > 5);
}

TEST_CASE("a clipped line says so and can be seen alone") {
  const test::TempWorkspace tree({{"min.js", "short\n" + std::string(5000, 'x') + "\nend\n"}});
  const Answer answer = read(tree, "min.js");
  CHECK(answer.text.find("     2\t" + std::string(2000, 'x') +
                         "... [clipped: 5,000 bytes in this line]\n     3\tend\n1 line is clipped; "
                         "offset=2, limit=1 shows the first of them as far as max_tokens goes\n") !=
        std::string::npos);
  const Answer alone = read(tree, "min.js", {.offset = 2, .limit = 1});
  CHECK(alone.text.find("     2\t" + std::string(5000, 'x') + "\n") != std::string::npos);
  const Answer tight = read(tree, "min.js", {.offset = 2, .limit = 1, .max_bytes = 1000});
  CHECK(tight.text.find("a larger max_tokens shows more of it, mode=hex any part of it\n") !=
        std::string::npos);
}

TEST_CASE("binary files are refused by type and size") {
  struct Row {
    const char* name;
    std::string content;
    ReadMode mode;
    std::string want;
  };
  const Row rows[] = {
      {"elf",
       "\x7F"
       "ELF" +
           std::string(2000, '\0'),
       ReadMode::kAuto,
       "'f' is binary: ELF executable or library, 2.0 KiB; mode=hex shows its bytes"},
      {"nul", "abc\0def"s, ReadMode::kAuto,
       "'f' is binary: unknown type, 7 B; mode=hex shows its bytes"},
      {"pdf without a nul", "%PDF-1.4\n", ReadMode::kText,
       "'f' is binary: PDF document, 9 B; mode=hex shows its bytes"},
      {"image as text", test::png(1, 1), ReadMode::kText,
       "'f' is binary: PNG image, 45 B; leave mode out, or give mode=image, to see it"},
      {"elf as image",
       "\x7F"
       "ELF",
       ReadMode::kImage,
       "'f' is binary: ELF executable or library, 4 B; mode=image shows png, jpeg, gif and webp; "
       "leave mode out to read text"},
      {"text as image", "text", ReadMode::kImage,
       "'f' is not an image; leave mode out to read it as text"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const test::TempWorkspace tree({{"f", row.content}});
    const Answer answer = read(tree, "f", {.mode = row.mode});
    CHECK(answer.failed);
    CHECK(answer.code == Code::kInvalidArgs);
    CHECK(answer.text == row.want);
  }
  const test::TempWorkspace late({{"f", std::string(8192, 'x') + "\0"s}});
  CHECK(!read(late, "f").failed);
}

TEST_CASE("images come as images within the hosts' bounds") {
  const std::string png = test::png(300, 200);
  const test::TempWorkspace tree({{"ok.png", png},
                                  {"wide.png", test::png(8001, 1)},
                                  {"edge.png", test::png(8000, 8000)},
                                  {"heavy.png", test::png(10, 10, kMaxImageBytes)},
                                  {"cut.png", png.substr(0, 30)},
                                  {"huge.png", test::png(10, 10, kMaxWholeBytes)}});
  const Answer ok = read(tree, "ok.png");
  CHECK(ok.text == "ok.png: PNG image, 300 x 200 pixels, 45 B, hash " + content_hash(png) + "\n");
  REQUIRE(ok.picture);
  CHECK(ok.picture->bytes == png);
  CHECK(ok.picture->mime_type == "image/png");
  CHECK(read(tree, "ok.png", {.mode = ReadMode::kImage}).picture);
  CHECK(read(tree, "edge.png").picture);

  struct Row {
    const char* name;
    Code code;
    const char* want;
  };
  const Row rows[] = {
      {"wide.png", Code::kTooLarge,
       "'wide.png' is a PNG image of 8001 x 1 pixels; images up to 8000 x 8000 can be shown"},
      {"heavy.png", Code::kTooLarge,
       "'heavy.png' is a PNG image of 3.6 MiB; images up to 3.75 MB can be shown"},
      {"cut.png", Code::kInvalidArgs,
       "'cut.png' is a damaged PNG image (30 B) and is not shown as an image"},
      {"huge.png", Code::kTooLarge,
       "'huge.png' is a PNG image of 16.0 MiB; images up to 3.75 MB can be shown"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const Answer answer = read(tree, row.name);
    CHECK(answer.failed);
    CHECK(answer.code == row.code);
    CHECK(answer.text == row.want);
  }
}

// A file above the bound, with its own lines at both ends and a hole between them.
void write_large(const test::TempWorkspace& tree, const std::string& name, const std::string& head,
                 std::int64_t hole_ends, const std::string& tail) {
  tree.write(name, head);
  std::fstream file(tree.path(name), std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(hole_ends);
  file << tail;
}

TEST_CASE("a large file is read by ranges, without a hash until its end was reached") {
  const test::TempWorkspace tree;
  std::string text;
  while (text.size() <= static_cast<std::size_t>(kMaxWholeBytes)) {
    text += "line " + std::to_string(text.size()) + " of a long log that has many lines\n";
  }
  const auto lines = std::count(text.begin(), text.end(), '\n');
  tree.write("big.log", text);

  const Answer first = read(tree, "big.log", {.limit = 2});
  CHECK(first.text ==
        "big.log: 16.0 MiB, utf-8 as far as shown; line count and hash are not known until a read "
        "reaches the end\n     1\tline 0 of a long log that has many lines\n     2\tline 41 "
        "of a long log that has many lines\nlines 1-2; continue with offset=3, limit=2\n");

  const Answer last = read(tree, "big.log", {.offset = lines});
  const std::string want = text.substr(text.rfind('\n', text.size() - 2) + 1);
  CHECK(last.text.ends_with(std::to_string(lines) + "\t" + want));

  const Answer beyond = read(tree, "big.log", {.offset = lines + 1});
  CHECK(beyond.text.find(" is past the end: the last line is 3") != std::string::npos);

  const Answer tail = read(tree, "big.log", {.tail = 2});
  CHECK(tail.text.ends_with("      \t" + want + "the last 2 lines; their numbers are not known\n"));

  const Answer long_tail = read(tree, "big.log", {.tail = 100'000});
  CHECK(long_tail.text.size() <= 33'000);
  CHECK(long_tail.text.find("lines, as many as fit; their numbers are not known\n") !=
        std::string::npos);
}

TEST_CASE("FS-17: ranges of a sparse file of 50 GiB are shown at once") {
  const test::TempWorkspace tree;
  const std::int64_t size = std::int64_t{50} << 30;
  const std::string head = numbered_lines(1000);
  REQUIRE(head.size() > 8192);
  write_large(tree, "sparse.log", head, size, "\nlast line\n");
  const Answer first = read(tree, "sparse.log", {.limit = 1});
  CHECK(first.text.find("     1\tline 1\nlines 1-1; continue with offset=2, limit=1\n") !=
        std::string::npos);
  const Answer tail = read(tree, "sparse.log", {.tail = 1});
  CHECK(tail.text.find("\tlast line\nthe last 1 line;") != std::string::npos);
  write_large(tree, "hole.bin", "", size, "x");
  CHECK(read(tree, "hole.bin").text.find("'hole.bin' is binary: unknown type, 50.0 GiB") == 0);
}

TEST_CASE("a line longer than the window is clipped and said to be longer") {
  const test::TempWorkspace tree;
  tree.write("one.json",
             std::string(static_cast<std::size_t>(kMaxWholeBytes) + 10, 'x') + "\nend\n");
  const Answer answer = read(tree, "one.json");
  CHECK(answer.text.find("... [clipped: more than ") != std::string::npos);
  CHECK(answer.text.find("lines 1-1; continue with offset=2\n") != std::string::npos);
  CHECK(read(tree, "one.json", {.offset = 2}).text.ends_with("     2\tend\n"));
}

TEST_CASE("a search for a line stops at the deadline") {
  class StoppedClock final : public Clock {
   public:
    std::int64_t steady_ns() const override { return 10; }
    std::int64_t wall_ms() const override { return 0; }
  };
  const test::TempWorkspace tree;
  tree.write("big.log", std::string(static_cast<std::size_t>(kMaxWholeBytes) + 1, '\n'));
  const auto workspace = sandbox::Workspace::open(tree.root());
  REQUIRE(workspace);
  const StoppedClock clock;
  const CancelToken expired(clock, 5);
  LineIndexes indexes(clock);
  std::string out;
  const auto path = (*workspace)->parse("big.log");
  const auto answer = read_file({**workspace, indexes}, *path, {.offset = 1'000'000}, expired, out);
  REQUIRE(!answer);
  CHECK(answer.error().code == Code::kTimeout);
  CHECK(out.empty());
}

TEST_CASE("what is no readable file is said plainly") {
  const test::TempWorkspace tree({{"src/a.c", "x"}, {"dark", "x"}});
  REQUIRE(mkfifo(tree.path("pipe").c_str(), 0600) == 0);
  CHECK(read(tree, "src").text == "'src' is a directory; list_directory shows its entries");
  CHECK(read(tree, "pipe").failed);
  const Answer missing = read(tree, "no.c");
  CHECK(missing.failed);
  CHECK(missing.code == Code::kNotFound);
  CHECK(missing.text.find("no.c") != std::string::npos);
  REQUIRE(chmod(tree.path("dark").c_str(), 0) == 0);
  CHECK(sandbox::test::forked([&](sandbox::test::Report& report) {
          test::become_ordinary({&tree});
          report.claim(read(tree, "dark").code == Code::kDenied, "was read");
        }) == "");
}

TEST_CASE("a name that could deceive is escaped in the header") {
  const test::TempWorkspace tree;
  tree.write("new\nline", "x\n");
  CHECK(read(tree, "new\nline").text.starts_with("new\\x0aline: 1 line"));
}

}  // namespace
}  // namespace quarry::files
