#include <algorithm>

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 64
#include <toml++/impl/preprocessor.h>
// The library asserts, and lets an optimiser assume, that a table's name begins well before it
// looks whether it does: "[," would end a debug build, and mean anything in another. It looks
// afterwards.
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT_ASSUME(expr) static_assert(true)
#include <toml++/toml.h>

#include "server/analysis/manifest/text.h"
#include "server/analysis/manifest/value.h"

namespace quarry::analysis::manifest {
namespace {

class TomlConverter {
 public:
  Value convert(const toml::node& from, std::size_t depth) {
    Value to;
    to.line = from.source().begin.line;
    if (++values_ > kMaxValues || depth > kMaxDepth) {
      beyond_ = true;
      return to;
    }
    if (const toml::table* table = from.as_table()) {
      to.type = Value::Type::kMap;
      for (const auto& [key, node] : *table) {
        to.items.push_back(convert(node, depth + 1));
        to.items.back().name = key.str();
        if (key.source().begin.line > 0) to.items.back().line = key.source().begin.line;
      }
      // The library sorts by name.
      std::ranges::stable_sort(to.items, {}, &Value::line);
    } else if (const toml::array* array = from.as_array()) {
      to.type = Value::Type::kList;
      for (const toml::node& node : *array) to.items.push_back(convert(node, depth + 1));
    } else if (const auto* string = from.as_string()) {
      to.type = Value::Type::kString;
      to.text = string->get();
    } else if (const auto* boolean = from.as_boolean()) {
      to.type = Value::Type::kBool;
      to.text = boolean->get() ? "true" : "false";
    } else if (const auto* integer = from.as_integer()) {
      to.type = Value::Type::kNumber;
      to.text = std::to_string(integer->get());
    } else if (const auto* real = from.as_floating_point()) {
      to.type = Value::Type::kNumber;
      to.text = std::to_string(real->get());
    } else {
      to.type = Value::Type::kNull;  // dates and times
    }
    return to;
  }

  bool beyond() const { return beyond_; }

 private:
  std::size_t values_ = 0;
  bool beyond_ = false;
};

// The line of a dotted key of more than kMaxDepth parts; 0 when there is none. The library makes a
// table for each part without a bound, and takes them apart by recursion, down to the stack's end.
std::uint32_t line_of_deep_key(std::string_view text) {
  std::uint32_t line = 1;
  std::size_t dots = 0;
  bool part = false;
  for (const char c : text) {
    if (c == '.' && part) {
      if (++dots > kMaxDepth) return line;
      part = false;
    } else if (is_word(c) || c == '-' || c == '"' || c == '\'' || (c & 0x80) != 0) {
      part = true;
    } else if (c != ' ' && c != '\t') {
      if (c == '\n') ++line;
      dots = 0;
      part = false;
    }
  }
  return 0;
}

}  // namespace

Parsed parse_toml(std::string_view text) {
  if (auto problem = too_large(text)) return {{}, std::move(problem)};
  if (const std::uint32_t line = line_of_deep_key(text); line > 0) {
    return {{}, Problem{line, "a key of more parts than are read"}};
  }
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return {{}, Problem{error.source().begin.line, std::string(error.description())}};
  }
  TomlConverter converter;
  Parsed result{converter.convert(parsed.table(), 0), std::nullopt};
  if (converter.beyond()) result.problem = Problem{0, "more values or deeper than is read"};
  return result;
}

}  // namespace quarry::analysis::manifest
