#include "server/files/line_index.h"

#include <fstream>
#include <random>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>

#include "server/files/read.h"
#include "tests/support/temp_workspace.h"

namespace quarry::files {
namespace {

// A clock that is far enough ahead for every file to have settled; or not.
class SetClock final : public Clock {
 public:
  std::int64_t steady_ns() const override { return 0; }
  std::int64_t wall_ms() const override { return SystemClock().wall_ms() + ahead_ms; }
  std::int64_t ahead_ms = 10'000;
};

struct World {
  explicit World(const LineIndexes::Options& options = {}) : indexes(clock, options) {}

  std::string read(LineIndexes& by, const std::string& name, const ReadRequest& request) {
    const auto workspace = sandbox::Workspace::open(tree.root());
    REQUIRE(workspace);
    const auto path = (*workspace)->parse(name);
    REQUIRE(path);
    const CancelToken cancel(clock);
    std::string out;
    const auto answer = read_file({**workspace, by}, *path, request, cancel, out);
    return answer ? out : "error: " + answer.error().message;
  }
  std::string read(const std::string& name, const ReadRequest& request) {
    return read(indexes, name, request);
  }
  std::string read_afresh(const std::string& name, const ReadRequest& request) {
    LineIndexes none(clock);
    return read(none, name, request);
  }

  test::TempWorkspace tree;
  SetClock clock;
  LineIndexes indexes;
};

std::string numbered_lines(std::size_t bytes, std::string_view end = "\n") {
  std::string text;
  for (int i = 1; text.size() < bytes; ++i) {
    text += "line " + std::to_string(i) + " " + std::string(static_cast<std::size_t>(i % 90), 'x');
    text += end;
  }
  return text;
}

TEST_CASE("a range found by the index is what reading the whole file shows") {
  World world;
  std::mt19937 random(7);
  std::map<std::string, std::string> files;
  files["lf"] = numbered_lines(400'000);
  files["crlf"] = numbered_lines(300'000, "\r\n");
  files["cr"] = numbered_lines(200'000, "\r");
  files["bom"] = "\xEF\xBB\xBF" + numbered_lines(200'000);
  files["no-final-newline"] = numbered_lines(200'000) + "end";
  files["bad-bytes"] = numbered_lines(100'000) + "\xFF\xFE\n" + numbered_lines(100'000);
  files["empty-lines"] = std::string(100'000, '\n');
  std::string uneven;
  while (uneven.size() < 600'000) uneven += std::string(random() % 60'000, 'y') + "\nshort\n";
  files["uneven"] = uneven;
  files["one-line"] = std::string(200'000, 'z');
  for (const auto& [name, content] : files) world.tree.write(name, content);

  for (const auto& [name, content] : files) {
    (void)world.read(name, {});  // leaves the index
    for (int i = 0; i < 60; ++i) {
      ReadRequest request;
      request.offset = 1 + static_cast<std::int64_t>(random() % 9000);
      request.limit = i % 3 == 0 ? 1 : 1 + static_cast<std::int64_t>(random() % 3000);
      request.max_bytes = 200 + random() % 90'000;
      if (i % 10 == 9) request.tail = 1 + static_cast<std::int64_t>(random() % 500);
      INFO(name << " offset " << request.offset << " limit " << request.limit << " max "
                << request.max_bytes << " tail " << request.tail);
      REQUIRE(world.read(name, request) == world.read_afresh(name, request));
    }
  }
  CHECK(world.indexes.stats().hits > 300);
}

TEST_CASE("a changed file is never shown by its old index") {
  World world;
  std::string content = numbered_lines(200'000);
  world.tree.write("f", content);
  (void)world.read("f", {});
  std::mt19937 random(3);
  for (int i = 0; i < 100; ++i) {
    INFO(i);
    // In place, same size: only the times tell.
    content[random() % content.size()] = i % 2 == 0 ? '\n' : 'q';
    {
      std::fstream file(world.tree.path("f"), std::ios::in | std::ios::out | std::ios::binary);
      file.write(content.data(), static_cast<std::streamsize>(content.size()));
    }
    world.clock.ahead_ms = i % 3 == 0 ? 0 : 10'000;
    const ReadRequest request{.offset = 1 + static_cast<std::int64_t>(random() % 3000)};
    REQUIRE(world.read("f", request) == world.read_afresh("f", request));
    REQUIRE(world.read("f", {.offset = 100}) == world.read_afresh("f", {.offset = 100}));
  }
}

TEST_CASE("an index is kept only for a state that can be told from the next") {
  World world;
  world.tree.write("f", numbered_lines(200'000));
  world.clock.ahead_ms = 0;
  (void)world.read("f", {});
  CHECK(world.indexes.stats().files == 0);
  world.clock.ahead_ms = 10'000;
  (void)world.read("f", {});
  CHECK(world.indexes.stats().files == 1);
}

TEST_CASE("only files of 64 KiB and more that are text leave an index") {
  World world;
  world.tree.write("small", std::string((64 << 10) - 1, 'x'));
  world.tree.write("enough", std::string(64 << 10, 'x'));
  world.tree.write("binary", std::string(200'000, '\0'));
  world.tree.write("utf16", "\xFF\xFE" + std::string(200'000, 'a'));
  (void)world.read("small", {});
  (void)world.read("binary", {});
  (void)world.read("utf16", {});
  CHECK(world.indexes.stats().files == 0);
  (void)world.read("enough", {});
  CHECK(world.indexes.stats().files == 1);
}

TEST_CASE("a range found by the index is decoded as the whole file is") {
  World world;
  struct Row {
    const char *name, *line, *encoding;
  };
  const Row rows[] = {
      {"latin", "une fen\xEAtre d\xE9j\xE0 ouverte\n", nullptr},
      {"shift_jis", "\x82\xB1\x82\xCC\x83t\x83@\x83\x43\x83\x8B\n", "shift_jis"},
      {"damaged", "\xC3\xA9\xC3\xA9 \xE9\n", nullptr},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    std::string text;
    while (text.size() < 300'000) text += row.line;
    world.tree.write(row.name, text);
    ReadRequest request{.limit = 30};
    if (row.encoding != nullptr) request.encoding = find_charset(row.encoding);
    (void)world.read(row.name, request);
    const auto hits = world.indexes.stats().hits;
    request.offset = 5000;
    CHECK(world.read(row.name, request) == world.read_afresh(row.name, request));
    CHECK(world.indexes.stats().hits == hits + 1);
    request.encoding = find_charset("koi8-r");
    CHECK(world.read(row.name, request) == world.read_afresh(row.name, request));
  }
}

TEST_CASE("indexes are bounded by their number and by their bytes; the longest unused goes first") {
  World few({.max_bytes = 1 << 20, .max_files = 3});
  for (const char* name : {"a", "b", "c", "d"}) few.tree.write(name, numbered_lines(100'000));
  for (const char* name : {"a", "b", "c", "a", "d"}) (void)few.read(name, {.offset = 5});
  CHECK(few.indexes.stats().files == 3);
  CHECK(few.indexes.stats().evicted == 1);
  const auto hits = few.indexes.stats().hits;
  (void)few.read("a", {.offset = 5});
  CHECK(few.indexes.stats().hits == hits + 1);
  (void)few.read("b", {.offset = 5});
  CHECK(few.indexes.stats().hits == hits + 1);

  World small({.max_bytes = 1000, .max_files = 100});
  for (const char* name : {"a", "b", "c", "d"}) {
    small.tree.write(name, numbered_lines(100'000));
    (void)small.read(name, {});
    CHECK(small.indexes.stats().bytes <= 1000);
  }
  CHECK(small.indexes.stats().evicted > 0);
}

TEST_CASE("a mark lies at the begin of a line, at or before the one asked for") {
  const std::string text = numbered_lines(300'000);
  TextFacts facts;
  facts.shape = find_shape(text);
  facts.bytes = static_cast<std::int64_t>(text.size());
  const LineIndex index(facts, text, 3);
  for (std::int64_t line = 1; line <= facts.shape.lines; line += 37) {
    const LineIndex::Mark mark = index.find_mark(line);
    CHECK(mark.line <= line);
    const std::string_view rest =
        std::string_view(text).substr(static_cast<std::size_t>(mark.offset) - 3);
    REQUIRE(rest.starts_with("line " + std::to_string(mark.line) + " "));
    // No further away than the distance of two marks.
    const auto far = from_line(rest, line - mark.line + 1, '\n');
    CHECK(rest.size() - far.size() < (17U << 10U));
  }
}

}  // namespace
}  // namespace quarry::files
