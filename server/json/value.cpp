#include "server/json/value.h"

#include <algorithm>

#include "server/json/number.h"

namespace quarry::json {
namespace {

// Most names differ in their length or first byte: those are not compared as a whole.
bool is_named(std::string_view key, std::string_view name) {
  return key.size() == name.size() && (key.empty() || (key.front() == name.front() && key == name));
}

}  // namespace

std::optional<std::int64_t> Value::integer() const {
  if (!is(Type::kNumber)) return std::nullopt;
  return integral_value(node().text);
}

Value Value::find(std::string_view name) const {
  if (!is(Type::kObject)) return {};
  const std::uint32_t end = node().next;
  for (std::uint32_t at = index_ + 1; at < end; at = nodes_[at].next)
    if (is_named(nodes_[at].key, name)) return {nodes_, at};
  return {};
}

Value Value::find_any(std::initializer_list<std::string_view> names) const {
  if (!is(Type::kObject)) return {};
  for (Value child = first(); child; child = after(child)) {
    if (std::find(names.begin(), names.end(), child.key()) != names.end()) return child;
  }
  return {};
}

Value Value::first() const {
  if (nodes_ == nullptr || node().size == 0) return {};
  return {nodes_, index_ + 1};
}

Value Value::after(Value child) const {
  const std::uint32_t next = child.node().next;
  if (next >= node().next) return {};
  return {nodes_, next};
}

std::string_view describe(Type type) {
  switch (type) {
    case Type::kNull:
      return "null";
    case Type::kBool:
      return "a boolean";
    case Type::kNumber:
      return "a number";
    case Type::kString:
      return "a string";
    case Type::kArray:
      return "an array";
    case Type::kObject:
      return "an object";
  }
  return "a value";
}

}  // namespace quarry::json
