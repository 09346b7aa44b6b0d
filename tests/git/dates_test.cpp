#include "server/git/dates.h"

#include <limits>

#include <catch2/catch.hpp>

namespace quarry::git {
namespace {

constexpr std::int64_t kNow = 1711886400;  // 2024-03-31T12:00:00Z

TEST_CASE("dates reads ISO forms, epochs and relative forms") {
  struct Row {
    const char* text;
    std::int64_t want;
    DayIs day = DayIs::kDayStart;
  };
  const Row rows[] = {
      {"2024-01-31", 1706659200},
      {"2024-01-31", 1706659200 + 86399, DayIs::kDayEnd},
      {"2024-01-31T10:00", 1706695200},
      {"2024-01-31T10:00Z", 1706695200},
      {"2024-01-31 10:00:05 +0200", 1706695205 - 7200},
      {"2024-01-31T10:00:05.250-01:30", 1706695205 + 5400},
      {"2024/01/31", 1706659200},
      {"@1706695200", 1706695200},
      {"1706695200", 1706695200},
      {"now", kNow},
      {"today", kNow - 43200},
      {"Yesterday", kNow - 43200 - 86400},
      {"yesterday", kNow - 43200 - 1, DayIs::kDayEnd},
      {"3 days", kNow - 3 * 86400},
      {"3.days.ago", kNow - 3 * 86400},
      {"2weeks", kNow - 14 * 86400},
      {"2 weeks ago", kNow - 14 * 86400},
      {"last week", kNow - 7 * 86400},
      {"90 minutes ago", kNow - 5400},
      {"1 month", 1709208000},     // 2024-02-29T12:00:00Z: the day is clipped
      {"1 year ago", 1680264000},  // 2023-03-31T12:00:00Z
      {"1970-01-01", 1},           // 0 would mean no bound
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const auto got = parse_date(row.text, kNow, row.day, "since");
    REQUIRE(got);
    CHECK(*got == row.want);
  }
}

TEST_CASE("dates refuses what it does not know, naming the argument") {
  for (const char* text :
       {"", "soon", "2024-13-01", "2024-02-30", "2024-01-31T25:00", "12", "-3 days", "3 fortnights",
        "3", "1.5days", "1 5days", "1.5 days", "2days weeks", "2024-01-31x", "99999999999999999999",
        "last", "ago", "2024-01-31T10:00+99"}) {
    INFO(text);
    const auto got = parse_date(text, kNow, DayIs::kDayStart, "until");
    REQUIRE(!got);
    CHECK(got.error().code == Code::kInvalidArgs);
    CHECK(got.error().message.find("'until'") != std::string::npos);
  }
}

TEST_CASE("dates prints in the author's zone") {
  CHECK(format_day(1706659200, 0) == "2024-01-31");
  CHECK(format_day(1706659200, -60) == "2024-01-30");
  CHECK(format_time(1706695205, 120) == "2024-01-31 12:00:05 +0200");
  CHECK(format_time(1706695205, -90) == "2024-01-31 08:30:05 -0130");
  CHECK(format_day(253'402'200'000, 0) == "9999-12-30");
  CHECK(format_day(9'999'999'999'999, 0) == "@9999999999999");
  CHECK(format_time(std::numeric_limits<std::int64_t>::max(), 840) == "@9223372036854775807");
  CHECK(format_time(std::numeric_limits<std::int64_t>::min(), -840) == "@-9223372036854775808");
  CHECK(format_time(-1, 0) == "1969-12-31 23:59:59 +0000");
}

}  // namespace
}  // namespace quarry::git
