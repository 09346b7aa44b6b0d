#include "server/revision/cache.h"

#include <catch2/catch.hpp>

namespace quarry::revision {
namespace {

search::ObjectId id(int n) {
  search::ObjectId made{};
  made[0] = static_cast<char>(n);
  made[1] = static_cast<char>(n >> 8);
  return made;
}

search::Snapshot::Content content(std::size_t bytes, char filled_with = 'x') {
  return std::make_shared<const std::string>(bytes, filled_with);
}

TEST_CASE("a content is found again, for its own root only") {
  Cache cache(1 << 20);
  cache.keep(Cache::key("/a", id(1)), content(100));
  REQUIRE(cache.find_content(Cache::key("/a", id(1))) != nullptr);
  CHECK(*cache.find_content(Cache::key("/a", id(1))) == std::string(100, 'x'));
  CHECK(cache.find_content(Cache::key("/a", id(2))) == nullptr);
  CHECK(cache.find_content(Cache::key("/b", id(1))) == nullptr);
  CHECK(cache.find_tree(Cache::key("/a", id(1))) == nullptr);
}

TEST_CASE("the cache stays within its bytes, and a part of a tree larger than it stays") {
  constexpr std::size_t kMost = 256 << 10;
  Cache cache(kMost);
  int found = 0;
  for (int round = 0; round < 4; ++round) {
    for (int n = 0; n < 400; ++n) {
      const Cache::Key key = Cache::key("/a", id(n));
      if (const auto kept = cache.find_content(key)) {
        CHECK((*kept)[0] == static_cast<char>(n));
        ++found;
      } else {
        cache.keep(key, content(1000, static_cast<char>(n)));
      }
      REQUIRE(cache.stats().bytes <= kMost);
    }
  }
  CHECK(found > 100);
  CHECK(cache.stats().objects > 150);
  CHECK(cache.stats().hits == static_cast<std::uint64_t>(found));
}

TEST_CASE("what would take much of the cache is not kept") {
  Cache cache(80'000);
  cache.keep(Cache::key("/a", id(1)), content(10'000));
  CHECK(cache.find_content(Cache::key("/a", id(1))) == nullptr);
  CHECK(cache.stats().bytes == 0);
  cache.keep(Cache::key("/a", id(2)), content(5'000));
  cache.keep(Cache::key("/a", id(2)), content(5'000));
  CHECK(cache.stats().objects == 1);
}

}  // namespace
}  // namespace quarry::revision
