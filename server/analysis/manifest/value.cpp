#include "server/analysis/manifest/value.h"

#include <algorithm>

#include "server/base/format.h"

namespace quarry::analysis::manifest {
namespace {

const Value kAbsentValue;

}  // namespace

const Value& Value::operator[](std::string_view wanted) const {
  if (type != Type::kMap) return kAbsentValue;
  const auto last = std::find_if(items.rbegin(), items.rend(),
                                 [&](const Value& item) { return item.name == wanted; });
  if (last != items.rend()) return *last;
  for (const Value& item : items) {
    if (item.name != "<<") continue;
    if (const Value& merged = item[wanted]) return merged;
    for (const Value& one : item.items) {
      if (const Value& merged = one[wanted]; item.is_list() && merged) return merged;
    }
  }
  return kAbsentValue;
}

const Value& Value::find(std::initializer_list<std::string_view> names) const {
  const Value* at = this;
  for (const std::string_view one : names) at = &(*at)[one];
  return *at;
}

std::optional<Problem> too_large(std::string_view text) {
  if (text.size() <= kMaxBytes) return std::nullopt;
  return Problem{0, fmt::format("larger than {} MiB: not read", kMaxBytes >> 20U)};
}

}  // namespace quarry::analysis::manifest
