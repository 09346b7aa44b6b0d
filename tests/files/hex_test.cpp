#include "server/files/hex.h"

#include <catch2/catch.hpp>

namespace quarry::files {
namespace {

using namespace std::literals;

TEST_CASE("rows of hex are those of hexdump -C") {
  struct Row {
    std::int64_t offset;
    std::string bytes, want;
  };
  const Row rows[] = {
      {0, "", ""},
      {0, "#include \"a.h\"\n\0"s,
       "00000000  23 69 6e 63 6c 75 64 65  20 22 61 2e 68 22 0a 00  |#include \"a.h\"..|\n"},
      {16, "\xFF~\x7F", "00000010  ff 7e 7f                                          |.~.|\n"},
      {0x123456789, "a", "123456789  61                                                |a|\n"},
      {1, std::string(17, 'b'),
       "00000001  62 62 62 62 62 62 62 62  62 62 62 62 62 62 62 62  |bbbbbbbbbbbbbbbb|\n"
       "00000011  62                                                |b|\n"},
  };
  for (const Row& row : rows) {
    INFO(row.want);
    std::string out;
    append_hex(out, row.offset, row.bytes);
    CHECK(out == row.want);
  }
}

TEST_CASE("what fits a budget of hex is within it, and at least a row") {
  CHECK(fitting_hex(0) == kHexRowBytes);
  for (const std::size_t budget : {200U, 1000U, 32'000U}) {
    std::string out;
    append_hex(out, std::int64_t{1} << 40U, std::string(fitting_hex(budget), 'x'));
    CHECK(out.size() <= budget);
    CHECK(out.size() * 2 > budget);
  }
}

}  // namespace
}  // namespace quarry::files
