#include "server/store/layer.h"

#include <algorithm>
#include <iterator>

#include "server/store/covered.h"

namespace quarry::store {
namespace {

bool in_order(const Layer::Records& records) {
  return std::adjacent_find(records.begin(), records.end(), [](const auto& a, const auto& b) {
           return a.first >= b.first;
         }) == records.end();
}

// Drops what the other does not reach.
void cut(Layer& layer, const std::string& reached) {
  const auto beyond = std::upper_bound(
      layer.records.begin(), layer.records.end(), reached,
      [](const std::string& limit, const auto& record) { return limit < record.first; });
  layer.records.erase(beyond, layer.records.end());
}

}  // namespace

Layer as_layer(Listed&& listed) {
  Layer out;
  out.whole = listed.whole;
  if (!listed.whole) out.reached = listed.records.back().first;
  out.records.reserve(listed.records.size());
  for (KeyValue& record : listed.records) {
    if (record.first != kOwnKey) {
      out.records.emplace_back(std::move(record.first), std::move(record.second));
    }
  }
  return out;
}

Result<Layer> laid_over(Layer upper, Layer lower) {
  if (!in_order(upper.records) || !in_order(lower.records)) {
    return fail(Code::kInternal, "the store is damaged; it is set aside at the next start");
  }
  Layer out;
  out.whole = upper.whole && lower.whole;
  if (!upper.whole && !lower.whole) {
    out.reached = std::min(upper.reached, lower.reached);
  } else if (!out.whole) {
    out.reached = upper.whole ? lower.reached : upper.reached;
  }
  if (!out.whole) {
    cut(upper, out.reached);
    cut(lower, out.reached);
  }
  if (upper.records.empty() || lower.records.empty()) {
    out.records = std::move(upper.records.empty() ? lower.records : upper.records);
    return out;
  }
  out.records.reserve(upper.records.size() + lower.records.size());
  // The first of two equal ones is taken, and set_union takes it from its first range.
  std::set_union(std::make_move_iterator(upper.records.begin()),
                 std::make_move_iterator(upper.records.end()),
                 std::make_move_iterator(lower.records.begin()),
                 std::make_move_iterator(lower.records.end()), std::back_inserter(out.records),
                 [](const auto& a, const auto& b) { return a.first < b.first; });
  return out;
}

}  // namespace quarry::store
