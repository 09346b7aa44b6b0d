#include "server/index/query.h"

#include <algorithm>
#include <utility>

namespace quarry::index {

Query Query::text(std::string_view text, bool ignore_case) {
  Query query;
  query.trigrams_ = required_trigrams(text, ignore_case);
  query.kind_ = query.trigrams_.empty() ? Kind::kAnything : Kind::kAll;
  return query;
}

Query Query::all(std::vector<Query> parts) {
  Query query;
  for (Query& part : parts) {
    if (part.anything()) continue;
    query.kind_ = Kind::kAll;
    if (part.kind_ == Kind::kAny) {
      query.parts_.push_back(std::move(part));
      continue;
    }
    query.trigrams_.insert(query.trigrams_.end(), part.trigrams_.begin(), part.trigrams_.end());
    std::move(part.parts_.begin(), part.parts_.end(), std::back_inserter(query.parts_));
  }
  std::sort(query.trigrams_.begin(), query.trigrams_.end());
  query.trigrams_.erase(std::unique(query.trigrams_.begin(), query.trigrams_.end()),
                        query.trigrams_.end());
  return query;
}

Query Query::any(std::vector<Query> parts) {
  if (std::any_of(parts.begin(), parts.end(), [](const Query& part) { return part.anything(); })) {
    return {};
  }
  if (parts.size() == 1) return std::move(parts.front());
  Query query;
  query.kind_ = parts.empty() ? Kind::kAnything : Kind::kAny;
  query.parts_ = std::move(parts);
  return query;
}

}  // namespace quarry::index
