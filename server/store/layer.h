// Layer: a stretch of records in key order, some of them erased, and one laid over another.
//
// Thread-compatible.

#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/base/result.h"
#include "server/store/environment.h"

namespace quarry::store {

struct Layer {
  using Records = std::vector<std::pair<std::string, std::optional<std::string>>>;
  Records records;      // nullopt: erased
  bool whole = true;    // nothing follows
  std::string reached;  // when not whole: all up to this key is here
};

// Without what belongs to no table.
Layer as_layer(Listed&& listed);

// What both say, as far as both reach; where both know a key, `upper` wins. kInternal when the keys
// of one are out of order (a damaged tree can lead in circles).
Result<Layer> laid_over(Layer upper, Layer lower);

}  // namespace quarry::store
