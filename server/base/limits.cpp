#include "server/base/limits.h"

#include <algorithm>
#include <charconv>

namespace quarry {

Limits::Limits() {
  std::transform(kLimitTable.begin(), kLimitTable.end(), values_.begin(),
                 [](const LimitRow& row) { return row.standard; });
}

Result<void> Limits::set(std::string_view name, std::int64_t value) {
  const auto row = std::find_if(kLimitTable.begin(), kLimitTable.end(),
                                [&](const LimitRow& one) { return one.name == name; });
  if (row == kLimitTable.end()) {
    return fail(Code::kInvalidArgs, "no limit '{}'; server_status detail=limits lists them", name);
  }
  if (row->fixed()) {
    return fail(Code::kInvalidArgs, "limit '{}' is fixed at {} {}", name, row->hard, row->unit);
  }
  if (value < row->least || value > row->hard) {
    return fail(Code::kInvalidArgs, "limit '{}' must be {} to {} {}, got {}", name, row->least,
                row->hard, row->unit, value);
  }
  values_[static_cast<std::size_t>(row->limit)] = value;
  return {};
}

Result<void> Limits::set(std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos) {
    return fail(Code::kInvalidArgs, "a limit is set as NAME=VALUE, got '{}'", assignment);
  }
  const std::string_view digits = assignment.substr(equals + 1);
  std::int64_t value = 0;
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (end.ec != std::errc() || end.ptr != digits.data() + digits.size()) {
    return fail(Code::kInvalidArgs, "limit '{}' must be a whole number, got '{}'",
                assignment.substr(0, equals), digits);
  }
  return set(assignment.substr(0, equals), value);
}

}  // namespace quarry
