#include <array>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "tests/sandbox/canary.h"

namespace quarry::sandbox {
namespace {

using test::Canary;

File opened(const Workspace& workspace, const char* name) {
  auto file = workspace.open_file(*workspace.parse(name));
  if (!file) FAIL(file.error().message);
  return std::move(*file);
}

std::string counting(std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += std::to_string(text.size()) + ",";
  text.resize(bytes);
  return text;
}

TEST_CASE("a file is read whole up to the limit and not beyond") {
  const Canary canary;
  const auto workspace = canary.open(test::resolvers().front());
  for (const std::size_t size : {0UL, 1UL, 4095UL, 4096UL, 300'000UL}) {
    const std::string content = counting(size);
    canary.tree.write("f", content);
    const File file = opened(*workspace, "f");
    const auto bytes = static_cast<std::int64_t>(size);
    INFO(size);
    std::string out = "left over";
    REQUIRE(file.read_all(out, bytes).has_value());
    CHECK(out == content);
    REQUIRE(file.read_all(out, bytes + 1).has_value());
    CHECK(out == content);
    if (size == 0) continue;
    const auto over = file.read_all(out, bytes - 1);
    REQUIRE_FALSE(over.has_value());
    CHECK(over.error().code == Code::kTooLarge);
    CHECK(over.error().message == "the file has " + std::to_string(size) +
                                      " bytes and the limit is " + std::to_string(size - 1) +
                                      "; read a part of it");
    CHECK(out.empty());
  }
}

TEST_CASE("read_at fills what the file has from the offset") {
  const Canary canary;
  const std::string content = counting(10'000);
  canary.tree.write("f", content);
  const auto workspace = canary.open(test::resolvers().front());
  const File file = opened(*workspace, "f");
  std::array<char, 4000> piece{};
  for (const std::size_t offset : {0UL, 1UL, 6000UL, 9999UL, 10'000UL, 20'000UL}) {
    const auto got = file.read_at(static_cast<std::int64_t>(offset), piece);
    REQUIRE(got.has_value());
    CHECK(std::string_view(piece.data(), *got) ==
          std::string_view(content).substr(std::min(offset, content.size()), piece.size()));
  }
  CHECK(file.read_at(-1, piece).error().code == Code::kInternal);
  CHECK(*file.read_at(0, {}) == 0);
}

TEST_CASE("a file that grew or shrank since it was opened is read as it is now") {
  const Canary canary;
  const auto workspace = canary.open(test::resolvers().front());
  canary.tree.write("f", counting(10));
  const File file = opened(*workspace, "f");
  std::string out;

  const std::string grown = counting(100'000);
  canary.tree.write("f", grown);  // truncates and writes the same inode
  REQUIRE(file.read_all(out, 100'000).has_value());
  CHECK(out == grown);
  CHECK(file.stamp().size == 10);
  CHECK(file.restamp()->size == 100'000);
  CHECK_FALSE(*file.restamp() == file.stamp());

  const auto over = file.read_all(out, 99'999);
  REQUIRE_FALSE(over.has_value());
  CHECK(over.error().code == Code::kTooLarge);
  CHECK(out.empty());

  REQUIRE(truncate(canary.tree.path("f").c_str(), 3) == 0);
  REQUIRE(file.read_all(out, 100).has_value());
  CHECK(out == grown.substr(0, 3));
}

TEST_CASE("a sparse file of fifty gigabytes is refused whole and read in parts") {
  const Canary canary;
  canary.tree.write("f", "start");
  const std::int64_t size = 50LL << 30;
  if (truncate(canary.tree.path("f").c_str(), size) != 0) {
    WARN("left out: this file system takes no sparse file of 50 GiB");
    return;
  }
  const auto workspace = canary.open(test::resolvers().front());
  const File file = opened(*workspace, "f");
  CHECK(file.stamp().size == size);
  std::string out;
  CHECK(file.read_all(out, 1 << 20).error().code == Code::kTooLarge);
  std::array<char, 8> piece{};
  CHECK(*file.read_at(size - 3, piece) == 3);
  CHECK(*file.read_at(0, piece) == 8);
  CHECK(std::string_view(piece.data(), 5) == "start");
}

TEST_CASE("equal stamps mean the same state, and a write changes the stamp") {
  const Canary canary;
  canary.tree.write("f", "one");
  const auto workspace = canary.open(test::resolvers().front());
  const File first = opened(*workspace, "f");
  const File second = opened(*workspace, "f");
  CHECK(first.stamp() == second.stamp());
  CHECK(*first.restamp() == second.stamp());
  canary.tree.write("f", "longer");
  CHECK_FALSE(opened(*workspace, "f").stamp() == first.stamp());
}

}  // namespace
}  // namespace quarry::sandbox
