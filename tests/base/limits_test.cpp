#include "server/base/limits.h"

#include <set>
#include <string>

#include <catch2/catch.hpp>

namespace quarry {
namespace {

TEST_CASE("limits: each may be set to its hard maximum and to one, the index to none") {
  for (const LimitRow& row : kLimitTable) {
    INFO(row.name);
    Limits limits;
    CHECK(limits[row.limit] == row.standard);
    if (row.fixed()) {
      const auto refused = limits.set(row.name, row.hard);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().message.find("is fixed at") != std::string::npos);
      continue;
    }
    CHECK(limits.set(row.name, row.hard));
    CHECK(limits[row.limit] == row.hard);
    CHECK(limits.set(row.name, 1));
    CHECK(limits[row.limit] == 1);
    CHECK_FALSE(limits.set(row.name, row.hard + 1));
    CHECK_FALSE(limits.set(row.name, -1));
    const bool can_be_off = row.limit == Limit::kIndexBytes;
    CHECK(limits.set(row.name, 0).has_value() == can_be_off);
    CHECK(limits[row.limit] == (can_be_off ? 0 : 1));
  }
}

TEST_CASE("limits: each has a name of its own, a unit and a meaning") {
  std::set<std::string_view> names;
  for (const LimitRow& row : kLimitTable) {
    INFO(row.name);
    CHECK(names.insert(row.name).second);
    CHECK_FALSE(row.unit.empty());
    CHECK_FALSE(row.meaning.empty());
    CHECK(row.standard >= 1);
  }
}

TEST_CASE("limits: what is set as text says what is wrong with it") {
  struct Row {
    const char* text;
    const char* problem;  // "" when it is fine
  };
  const Row rows[] = {
      {"sessions=5", ""},
      {"sessions", "NAME=VALUE"},
      {"sessions=", "whole number"},
      {"sessions=5x", "whole number"},
      {"sessions=99999999999999999999", "whole number"},
      {"sessions=-1", "must be 1 to 1000000"},
      {"sesions=5", "no limit 'sesions'"},
      {"json_depth=5", "is fixed at 64 levels"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    Limits limits;
    const auto set = limits.set(row.text);
    CHECK(set.has_value() == (*row.problem == '\0'));
    if (!set) CHECK(set.error().message.find(row.problem) != std::string::npos);
  }
}

}  // namespace
}  // namespace quarry
