#include <catch2/catch.hpp>

#include "server/base/figures.h"

namespace quarry {
namespace {

std::string utc(std::int64_t seconds) {
  std::string text;
  append_utc(text, seconds);
  return text;
}

TEST_CASE("append_utc writes ISO 8601 for every kind of day") {
  CHECK(utc(0) == "1970-01-01T00:00:00Z");
  CHECK(utc(-1) == "1969-12-31T23:59:59Z");
  CHECK(utc(951'782'399) == "2000-02-28T23:59:59Z");
  CHECK(utc(951'782'400) == "2000-02-29T00:00:00Z");
  CHECK(utc(1'700'000'000) == "2023-11-14T22:13:20Z");
  CHECK(utc(253'402'300'799) == "9999-12-31T23:59:59Z");
}

}  // namespace
}  // namespace quarry
