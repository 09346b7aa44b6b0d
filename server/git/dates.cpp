#include "server/git/dates.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace quarry::git {
namespace {

using std::chrono::day;
using std::chrono::days;
using std::chrono::month;
using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr std::int64_t kMaxMonths = 12 * 1900;  // the calendar here begins with year 1
constexpr std::int64_t kMinute = 60, kHour = 3600, kDay = 86400;

// Whether a date can be told of it; a commit may claim any number.
bool in_calendar(std::int64_t seconds) {
  constexpr std::int64_t kFirst = -62'135'596'800, kLast = 253'402'300'799;  // years 1 to 9999
  return seconds >= kFirst + kDay && seconds <= kLast - kDay;                // in any zone
}

std::int64_t midnight(const year_month_day& date) {
  return sys_days(date).time_since_epoch().count() * kDay;
}

std::int64_t day_number(std::int64_t seconds) {
  return seconds >= 0 ? seconds / kDay : -((-seconds + kDay - 1) / kDay);
}

year_month_day date_of(std::int64_t seconds) {
  return year_month_day(sys_days(days(day_number(seconds))));
}

// A date of the past with the same time of day, the day clipped to the month's last.
std::int64_t back_by_months(std::int64_t now, std::int64_t count) {
  const year_month_day today = date_of(now);
  const year_month_day then = today - months(std::min(count, kMaxMonths));
  const year_month_day valid =
      then.ok() ? then : year_month_day(then.year() / then.month() / std::chrono::last);
  return midnight(valid) + (now - day_number(now) * kDay);
}

// Reads ISO dates from left to right.
class IsoReader {
 public:
  explicit IsoReader(std::string_view text) : rest_(text) {}

  bool take(std::string_view one_of) {
    if (rest_.empty() || one_of.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Exactly `digits` digits.
  std::optional<int> number(std::size_t digits) {
    if (rest_.size() < digits) return std::nullopt;
    int value = 0;
    for (const char c : rest_.substr(0, digits)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }
  bool done() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// "Z", "+02:00", "+0200", "+02"; seconds east of UTC.
std::optional<std::int64_t> read_zone(IsoReader& in) {
  if (in.done() || in.take("Zz")) return 0;
  const bool west = in.rest().starts_with('-');
  if (!in.take("+-")) return std::nullopt;
  const auto hours = in.number(2);
  if (!hours || *hours > 14) return std::nullopt;
  std::int64_t seconds = *hours * kHour;
  if (!in.done()) {
    in.take(":");
    const auto minutes = in.number(2);
    if (!minutes || *minutes > 59) return std::nullopt;
    seconds += *minutes * kMinute;
  }
  return west ? -seconds : seconds;
}

std::optional<std::int64_t> parse_iso(std::string_view text, DayIs day_is) {
  IsoReader in(text);
  const auto y = in.number(4);
  if (!y || !in.take("-/.")) return std::nullopt;
  const auto m = in.number(2);
  if (!m || !in.take("-/.")) return std::nullopt;
  const auto d = in.number(2);
  if (!d) return std::nullopt;
  const year_month_day date(year(*y), month(static_cast<unsigned>(*m)),
                            day(static_cast<unsigned>(*d)));
  if (!date.ok()) return std::nullopt;
  const std::int64_t start = midnight(date);
  if (in.done()) return day_is == DayIs::kDayStart ? start : start + kDay - 1;
  if (!in.take("Tt ")) return std::nullopt;
  const auto hours = in.number(2);
  if (!hours || *hours > 23 || !in.take(":")) return std::nullopt;
  const auto minutes = in.number(2);
  if (!minutes || *minutes > 59) return std::nullopt;
  int seconds = 0;
  if (in.take(":")) {
    const auto read = in.number(2);
    if (!read || *read > 60) return std::nullopt;
    seconds = *read;
    if (in.take(".")) {
      while (in.take("0123456789")) {
      }
    }
  }
  in.take(" ");
  const auto zone = read_zone(in);
  if (!zone || !in.done()) return std::nullopt;
  return start + *hours * kHour + *minutes * kMinute + seconds - *zone;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    const bool separates = c == ' ' || c == '.' || c == '_' || c == ',';
    if (!separates) word.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    if (separates && !word.empty()) words.push_back(std::exchange(word, {}));
  }
  if (!word.empty()) words.push_back(word);
  return words;
}

// `count` units before `now`; nullopt for an unknown unit.
std::optional<std::int64_t> back(std::int64_t now, std::int64_t count, std::string unit) {
  if (unit.size() > 1 && unit.ends_with('s')) unit.pop_back();
  if (unit == "second" || unit == "sec") return now - count;
  if (unit == "minute" || unit == "min") return now - count * kMinute;
  if (unit == "hour" || unit == "h") return now - count * kHour;
  if (unit == "day" || unit == "d") return now - count * kDay;
  if (unit == "week" || unit == "w") return now - count * 7 * kDay;
  if (unit == "month") return back_by_months(now, count);
  if (unit == "year" || unit == "y") return back_by_months(now, count * 12);
  return std::nullopt;
}

std::optional<std::int64_t> parse_relative(std::string_view text, std::int64_t now, DayIs day_is) {
  std::vector<std::string> words = words_of(text);
  if (!words.empty() && words.back() == "ago") words.pop_back();
  if (words.size() == 1 && words[0] == "now") return now;
  const std::int64_t today = day_number(now) * kDay;
  const std::int64_t within = day_is == DayIs::kDayStart ? 0 : kDay - 1;
  if (words.size() == 1 && words[0] == "today") return today + within;
  if (words.size() == 1 && words[0] == "yesterday") return today - kDay + within;
  if (words.size() == 2 && (words[0] == "last" || words[0] == "a" || words[0] == "an")) {
    return back(now, 1, words[1]);
  }
  if (words.empty() || words.size() > 2) return std::nullopt;
  const std::string& first = words[0];
  std::int64_t count = 0;
  const auto parsed = std::from_chars(first.data(), first.data() + first.size(), count);
  if (parsed.ec != std::errc() || count < 0 || count > 100'000) return std::nullopt;
  // "3days" or "3 days": a unit stands once.
  const std::string joined(parsed.ptr, first.data() + first.size());
  if (words.size() == 1) return back(now, count, joined);
  return joined.empty() ? back(now, count, words[1]) : std::nullopt;
}

std::optional<std::int64_t> parse_epoch(std::string_view text) {
  const bool marked = text.starts_with('@');
  if (marked) text.remove_prefix(1);
  // Fewer digits are a year or a slip.
  if (!marked && text.size() < 9) return std::nullopt;
  std::int64_t seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return seconds;
}

}  // namespace

Result<std::int64_t> parse_date(std::string_view text, std::int64_t now, DayIs day,
                                std::string_view argument) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text.size() <= 64) {
    for (const auto& parsed :
         {parse_iso(text, day), parse_epoch(text), parse_relative(text, now, day)}) {
      // The bound 0 means "no bound" further on, so the epoch itself becomes its second second.
      if (parsed) return std::max<std::int64_t>(*parsed, 1);
    }
  }
  return fail(Code::kInvalidArgs,
              "argument '{}' is not a date; use 2024-01-31, 2024-01-31T10:00:00Z, 'yesterday' or "
              "'2 weeks ago'",
              argument);
}

std::string format_day(std::int64_t seconds, std::int32_t offset) {
  if (!in_calendar(seconds)) return fmt::format("@{}", seconds);
  const year_month_day date = date_of(seconds + offset * kMinute);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string format_time(std::int64_t seconds, std::int32_t offset) {
  if (!in_calendar(seconds)) return fmt::format("@{}", seconds);
  const std::int64_t local = seconds + offset * kMinute;
  const std::int64_t in_day = local - day_number(local) * kDay;
  const int east = std::abs(offset);
  return fmt::format("{} {:02}:{:02}:{:02} {}{:02}{:02}", format_day(seconds, offset),
                     in_day / kHour, in_day / kMinute % 60, in_day % 60, offset < 0 ? '-' : '+',
                     east / 60, east % 60);
}

}  // namespace quarry::git
