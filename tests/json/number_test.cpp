#include "server/json/number.h"

#include <limits>

#include <catch2/catch.hpp>

#include "server/json/document.h"

namespace quarry::json {
namespace {

TEST_CASE("integers are taken by value, exactly, RP-23") {
  struct Number {
    const char* token;
    std::optional<std::int64_t> want;
  };
  const Number numbers[] = {
      {"7", 7},
      {"-7", -7},
      {"0", 0},
      {"-0", 0},
      {"-0.0", 0},
      {"0e999999999999999999999", 0},
      {"0.000e-5", 0},
      {"7.0", 7},
      {"7.000000000000000000000000000000", 7},
      {"1e3", 1000},
      {"1E+3", 1000},
      {"1.5e1", 15},
      {"-1.5e1", -15},
      {"150e-1", 15},
      {"100.00e-2", 1},
      {"0.001e3", 1},
      {"1.5", std::nullopt},
      {"15e-1", std::nullopt},
      {"1e-1", std::nullopt},
      {"1e400", std::nullopt},
      {"1e99999999999999999999999", std::nullopt},
      {"1e-99999999999999999999999", std::nullopt},
      {"9007199254740993", 9007199254740993},
      {"9007199254740993.0", 9007199254740993},
      {"9223372036854775807", 9223372036854775807},
      {"9223372036854775807.0", 9223372036854775807},
      {"9223372036854775808", std::nullopt},
      {"9223372036854775808.0", std::nullopt},
      {"-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
      {"-9223372036854775808.0", std::numeric_limits<std::int64_t>::min()},
      {"-9223372036854775809.0", std::nullopt},
      {"0.9223372036854775807e19", 9223372036854775807},
      {"1e18", 1'000'000'000'000'000'000},
      {"1e19", std::nullopt},
      {"18446744073709551616", std::nullopt},
      {"18446744073709551616.0", std::nullopt},
      {"777777777777777777777777777777", std::nullopt},
  };
  Parser parser;
  for (const Number& number : numbers) {
    INFO(number.token);
    Document document;
    REQUIRE(document.parse_copy(parser, number.token));
    CHECK(document.root().integer() == number.want);
  }
  Document document;
  REQUIRE(document.parse_copy(parser, "\"7\""));
  CHECK_FALSE(document.root().integer());
}

TEST_CASE("a number is nothing but a number") {
  for (const char* text : {"0", "-0", "10", "1.5", "1e5", "-1.5E-10", "0.0"}) {
    INFO(text);
    CHECK(is_number(text));
  }
  for (const char* text : {"", "-", "+1", "01", "1.", ".5", "1e", "1e+", "1 ", " 1", "0x1", "1x",
                           "Infinity", "NaN", "1e5.5"}) {
    INFO(text);
    CHECK_FALSE(is_number(text));
  }
}

}  // namespace
}  // namespace quarry::json
