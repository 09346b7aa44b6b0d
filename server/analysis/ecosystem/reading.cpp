#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {

void add_members(Facts& facts, const Value& map, Use use) {
  if (!map.is_map()) return;
  for (const Value& item : map.items) {
    const Value& version = item["version"];
    add_dependency(facts, item.name, version ? version.text : item.text, use, item.line);
  }
}

}  // namespace quarry::analysis::ecosystem
