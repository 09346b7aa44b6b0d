#include "server/search/same_name.h"

#include "server/search/known_walk.h"

namespace quarry::search {

std::vector<std::string> find_same_name(const Engine& engine, std::string_view name,
                                        std::size_t most) {
  std::vector<std::string> paths;
  const Stop stop = Stop(engine.cancel, engine.clock).within(kSameNameNs);
  const auto walk = known_walk(engine, sandbox::Path(), {}, stop);
  if (!walk) return paths;
  for (const Walk::Place place : walk->files()) {
    if (walk->name(place) != name) continue;
    walk->append_path(paths.emplace_back(), place);
    if (paths.size() == most) break;
  }
  return paths;
}

}  // namespace quarry::search
