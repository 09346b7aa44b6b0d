#include "server/files/large.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "server/files/read.h"
#include "tests/support/temp_workspace.h"

namespace quarry::files {
namespace {

// The text of the answer, or "error: " and its message.
std::string read(const test::TempWorkspace& tree, const std::string& name,
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
    const std::string answer = read(tree, "latin.log", request);
    CHECK(answer.find(", iso-8859-1 (detected) as far as shown;") != std::string::npos);
    CHECK(answer.find(decoded) != std::string::npos);
  }
  const std::string asked =
      read(tree, "latin.log", {.limit = 1, .encoding = find_charset("koi8-r")});
  CHECK(asked.find(", koi8-r (as asked) as far as shown;") != std::string::npos);
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
  const std::string tail = read(tree, "sparse.log", {.tail = 1});
  CHECK(tail.find("\tlast line\n") != std::string::npos);
  const std::string hex = read(tree, "sparse.log", {.tail = 4, .mode = ReadMode::kHex});
  CHECK(hex.find("|ine.|") != std::string::npos);
  CHECK(bytes_read() - before < 256 << 10);
}

}  // namespace
}  // namespace quarry::files
