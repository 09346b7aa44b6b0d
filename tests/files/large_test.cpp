#include "server/files/large.h"

#include <fstream>
#include <random>

#include <catch2/catch.hpp>

#include "server/base/hash.h"
#include "server/files/read.h"
#include "tests/support/temp_workspace.h"

namespace quarry::files {
namespace {

// The text of the answer, or "error: " and its message.
std::string read_text(const test::TempWorkspace& tree, const std::string& name,
                      const ReadRequest& request) {
  const auto workspace = sandbox::Workspace::open(tree.root());
  REQUIRE(workspace);
  const auto path = (*workspace)->parse(name);
  REQUIRE(path);
  const SystemClock clock;
  const CancelToken cancel(clock);
  LineIndexes indexes(clock);
  std::string out;
  const auto answer = read_file({**workspace, indexes}, *path, request, cancel, out);
  return answer ? out : "error: " + answer.error().message;
}

TEST_CASE("a large file's part is decoded, by what is given or what it looks like") {
  const test::TempWorkspace tree;
  std::string text;
  while (text.size() <= static_cast<std::size_t>(kMaxWholeBytes)) {
    text += "une fen\xEAtre d\xE9j\xE0 ouverte sur la for\xEAt\n";
  }
  tree.write("latin.log", text);
  const std::string decoded = "\tune fen\xC3\xAAtre d\xC3\xA9j\xC3\xA0 ouverte";
  for (const ReadRequest& request :
       {ReadRequest{.limit = 2}, ReadRequest{.tail = 2}, ReadRequest{.offset = 1000, .limit = 2}}) {
    const std::string answer = read_text(tree, "latin.log", request);
    CHECK(answer.find(", iso-8859-1 (detected) as far as shown;") != std::string::npos);
    CHECK(answer.find(decoded) != std::string::npos);
  }
  const std::string asked =
      read_text(tree, "latin.log", {.limit = 1, .encoding = find_charset("koi8-r")});
  CHECK(asked.find(", koi8-r (as asked) as far as shown;") != std::string::npos);
}

TEST_CASE("the line behind the last one is past the end, wherever the file ends") {
  const test::TempWorkspace tree;
  const std::string line = std::string(63, 'x') + "\n";
  std::string text;
  while (text.size() <= static_cast<std::size_t>(kMaxWholeBytes)) text += line;
  // At the border of what is read at once, and behind it.
  while (text.size() % (std::size_t{1} << 20U) != 0) text += line;
  for (int more = 0; more < 2; ++more) {
    tree.write("f", text);
    const auto lines = static_cast<std::int64_t>(text.size() / line.size());
    CHECK(read_text(tree, "f", {.offset = lines}).ends_with("\t" + line));
    CHECK(read_text(tree, "f", {.offset = lines + 1}).find(" is past the end: the last line is ") !=
          std::string::npos);
    text += line;
  }
}

// A clock that is far enough ahead for every file to have settled, and that moves when it is asked.
class SteppingClock final : public Clock {
 public:
  std::int64_t steady_ns() const override { return now_ += step; }
  std::int64_t wall_ms() const override { return SystemClock().wall_ms() + 10'000; }
  std::int64_t step = 0;

 private:
  mutable std::int64_t now_ = 0;
};

// A tree whose indexes are kept from one read to the next.
struct KeptIndexes {
  std::string read(const std::string& name, const ReadRequest& request,
                   std::int64_t deadline_ns = CancelToken::kNever) {
    const auto workspace = sandbox::Workspace::open(tree.root());
    REQUIRE(workspace);
    const CancelToken cancel(clock, deadline_ns);
    std::string out;
    const auto answer =
        read_file({**workspace, indexes}, (*workspace)->parse(name).value(), request, cancel, out);
    return answer ? out : "error: " + answer.error().message;
  }
  test::TempWorkspace tree;
  SteppingClock clock;
  LineIndexes indexes{clock};
};

std::string line_of(std::int64_t number, std::string_view end) {
  return "line " + std::to_string(number) + " " +
         std::string(static_cast<std::size_t>(number % 70), 'x') + std::string(end);
}

std::string numbered(std::int64_t lines, std::string_view end = "\n") {
  std::string text;
  for (std::int64_t i = 1; i <= lines; ++i) text += line_of(i, end);
  return text;
}

// The lines of an answer between its header and the line that continues.
std::string shown(std::int64_t first, std::int64_t count) {
  std::string text;
  for (std::int64_t i = first; i < first + count; ++i) {
    std::string number = std::to_string(i);
    text += std::string(6 - std::min<std::size_t>(6, number.size()), ' ') + number + "\t" +
            line_of(i, "\n");
  }
  return text;
}

// Bytes that this process has read by system calls.
std::int64_t bytes_read() {
  std::ifstream file("/proc/self/io");
  std::string name;
  std::int64_t count = -1;
  file >> name >> count;
  return count;
}

TEST_CASE("the tail of 4 GiB, and any bytes of it in hex, cost what they show and no more") {
  if (bytes_read() < 0) {
    WARN("skipped: /proc/self/io is not here");
    return;
  }
  const test::TempWorkspace tree;
  std::string head;
  while (head.size() < 16'000) head += "a line of the log\n";
  tree.write("sparse.log", head);
  std::fstream file(tree.path("sparse.log"), std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(std::int64_t{4} << 30);
  file << "\nlast line\n" << std::flush;
  const std::int64_t before = bytes_read();
  const std::string tail = read_text(tree, "sparse.log", {.tail = 1});
  CHECK(tail.find("\tlast line\n") != std::string::npos);
  const std::string hex = read_text(tree, "sparse.log", {.tail = 4, .mode = ReadMode::kHex});
  CHECK(hex.find("|ine.|") != std::string::npos);
  CHECK(bytes_read() - before < 256 << 10);
}

TEST_CASE("ranges of a large file cost what they show once the lines before them were counted") {
  if (bytes_read() < 0) {
    WARN("skipped: /proc/self/io is not here");
    return;
  }
  KeptIndexes world;
  constexpr std::int64_t kLines = 800'000;
  const std::string text = numbered(kLines);
  REQUIRE(text.size() > (36U << 20U));
  world.tree.write("big.log", text);
  const auto cost = [&](const ReadRequest& request, std::int64_t first) {
    const std::int64_t before = bytes_read();
    const std::string answer = world.read("big.log", request);
    const std::int64_t bytes = bytes_read() - before;
    INFO(answer.substr(0, 300));
    CHECK(answer.find("\n" + shown(first, request.tail > 0 ? request.tail : request.limit)) !=
          std::string::npos);
    return bytes;
  };
  constexpr std::int64_t kLittle = 200 << 10;  // a budget, a margin, the way from a mark
  CHECK(cost({.limit = 5}, 1) < kLittle);
  const std::int64_t half = cost({.offset = kLines / 2, .limit = 5}, kLines / 2);
  CHECK(half > (17 << 20));
  CHECK(half < (20 << 20));
  CHECK(cost({.offset = kLines / 2 + 100, .limit = 5}, kLines / 2 + 100) < kLittle);
  CHECK(cost({.offset = kLines / 3, .limit = 50}, kLines / 3) < kLittle);
  // Further on only what was not counted yet.
  CHECK(cost({.offset = kLines / 2 + 20'000, .limit = 5}, kLines / 2 + 20'000) < (2 << 20));
  CHECK(world.read("big.log", {.tail = 1}).find("their numbers are not known") !=
        std::string::npos);

  const std::string beyond = world.read("big.log", {.offset = kLines + 1});
  CHECK(beyond.ends_with("\noffset 800,001 is past the end: the last line is 800,000\n"));
  const std::string header = "big.log: 800,000 lines, ";
  CHECK(beyond.starts_with(header));
  CHECK(beyond.find(" MiB, utf-8, lf, hash " + content_hash(text) + "\n") != std::string::npos);
  CHECK(cost({.tail = 3}, kLines - 2) < kLittle);
  CHECK(cost({.offset = kLines - 1000, .limit = 5}, kLines - 1000) < kLittle);
  CHECK(world.read("big.log", {.limit = 1}).starts_with(header));
}

TEST_CASE("a line that was not found in time is looked for from there by the next call") {
  KeptIndexes world;
  constexpr std::int64_t kLines = 500'000;
  world.tree.write("big.log", numbered(kLines));
  world.clock.step = 1;
  std::string answer;
  int calls = 0;
  std::int64_t deadline = 0;
  for (; calls < 20; ++calls) {
    deadline = world.clock.steady_ns() + 20;  // about twenty pieces
    answer = world.read("big.log", {.offset = kLines - 5, .limit = 2}, deadline);
    if (!answer.starts_with("error: ")) break;
    INFO(answer);
    REQUIRE(answer.find("was not found in time") != std::string::npos);
    REQUIRE(answer.find("call again, which goes on from there") != std::string::npos);
  }
  CHECK(calls > 1);
  CHECK(calls < 15);
  CHECK(answer.find(shown(kLines - 5, 2)) != std::string::npos);
}

TEST_CASE("large files in UTF-16 are read by ranges and from their end") {
  KeptIndexes world;
  constexpr std::int64_t kLines = 250'000;
  const std::string text = numbered(kLines, "\r\n");
  for (const bool big : {false, true}) {
    for (const bool mark : {false, true}) {
      const std::string name = std::string(big ? "be" : "le") + (mark ? "-bom" : "");
      INFO(name);
      std::string raw = !mark ? "" : big ? "\xFE\xFF" : "\xFF\xFE";
      for (const char c : text) {
        if (big) raw.push_back('\0');
        raw.push_back(c);
        if (!big) raw.push_back('\0');
      }
      REQUIRE(raw.size() > static_cast<std::size_t>(kMaxWholeBytes));
      world.tree.write(name, raw);
      const std::string first = world.read(name, {.limit = 3});
      INFO(first.substr(0, 300));
      CHECK(first.find(big ? ", utf-16be with" : ", utf-16le with") != std::string::npos);
      CHECK(first.find("\n" + shown(1, 3)) != std::string::npos);
      for (const std::int64_t line : {std::int64_t{70'001}, kLines - 7, std::int64_t{2}}) {
        const std::string range = world.read(name, {.offset = line, .limit = 4});
        INFO(range.substr(0, 300));
        CHECK(range.find("\n" + shown(line, 4)) != std::string::npos);
      }
      CHECK(world.read(name, {.offset = kLines + 1}).find("the last line is 250,000\n") !=
            std::string::npos);
      const std::string tail = world.read(name, {.tail = 2});
      CHECK(tail.ends_with("\n" + shown(kLines - 1, 2)));
      CHECK(tail.starts_with(name + ": 250,000 lines, "));
      CHECK(tail.find(", crlf, hash " + content_hash(raw) + "\n") != std::string::npos);
    }
  }
}

TEST_CASE("an index that grew piece by piece knows what one look at the whole tells") {
  std::mt19937 random(11);
  const std::string pieces[] = {
      "a", "\n", "\r\n", "\r", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "word "};
  for (int round = 0; round < 300; ++round) {
    std::string text = round % 5 == 0 ? "\xEF\xBB\xBF" : "";
    const std::size_t bom = text.size();
    for (std::size_t i = random() % 400; i-- > 0;) text += pieces[random() % std::size(pieces)];
    if (round % 7 == 0) text += "\xC3";
    if (round % 11 == 0) text.insert(text.size() / 2, "\xFF");
    LineIndex index(LineUnit::kLf, std::string_view(text).substr(0, bom));
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t length = std::min<std::size_t>(1 + random() % 40, text.size() - at);
      index.add(std::string_view(text).substr(at, length));
      at += length;
    }
    index.finish();
    INFO(text);
    const TextShape whole = find_shape(std::string_view(text).substr(bom));
    CHECK(index.facts().hash == hash64(text));
    CHECK(index.facts().bytes == static_cast<std::int64_t>(text.size()));
    CHECK(index.utf8() == is_utf8(text));
    CHECK(index.facts().shape.ends == whole.ends);
    if (whole.ends != LineEnds::kCr) CHECK(index.facts().shape.lines == whole.lines);
  }
}

}  // namespace
}  // namespace quarry::files
