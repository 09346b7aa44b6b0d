// Dates as callers write them: ISO 8601 and the simple relative forms that git users know.
//
//   2024-01-31   2024-01-31T10:00   2024-01-31 10:00:00 +0200   2024-01-31T10:00:00Z
//   @1706695200   now   today   yesterday   3 days   2 weeks ago   last month
//
// Without a zone a time is UTC. A day alone is its first second, or its last for `kDayEnd`.
// Months and years are the calendar's: a month before 31 March is the last day of February.
//
// Pure functions; safe from any thread.

#pragma once

#include <cstdint>
#include <string_view>

#include "server/base/result.h"

namespace quarry::git {

enum class DayIs { kDayStart, kDayEnd };

// Unix seconds. kInvalidArgs names `argument` and the forms that work.
Result<std::int64_t> parse_date(std::string_view text, std::int64_t now, DayIs day,
                                std::string_view argument);

// "2024-01-31" and "2024-01-31 10:00:00 +0200"; `offset` is minutes east of UTC. "@" and the
// seconds when the year is not one of 1 to 9999.
std::string format_day(std::int64_t seconds, std::int32_t offset);
std::string format_time(std::int64_t seconds, std::int32_t offset);

}  // namespace quarry::git
