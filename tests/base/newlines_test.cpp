#include "server/base/newlines.h"

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

namespace quarry {
namespace {

TEST_CASE("newlines counted side by side are as many as counted one by one") {
  std::string text;
  for (std::size_t length = 0; length < 300; ++length) {
    CHECK(count_newlines(text) == static_cast<std::size_t>(std::ranges::count(text, '\n')));
    text.push_back(length % 3 == 0 ? '\n' : 'x');
  }
  // More than a byte counts, in each lane.
  for (const std::size_t length : {8'159, 8'160, 8'161, 8'192, 100'000}) {
    CHECK(count_newlines(std::string(length, '\n')) == length);
  }
}

}  // namespace
}  // namespace quarry
