#include "server/analysis/manifest/text.h"
#include "server/analysis/manifest/value.h"

namespace quarry::analysis::manifest {

Parsed parse_ini(std::string_view text) {
  if (auto problem = too_large(text)) return {{}, std::move(problem)};
  Parsed parsed;
  parsed.root.type = Value::Type::kMap;
  Value* section = &parsed.root;
  std::size_t values = 0;
  for_each_line(text, [&](std::string_view line, std::uint32_t number) {
    if (values > kMaxValues) {
      parsed.problem = Problem{number, "more values than are read"};
      return;
    }
    const std::string_view trimmed = trim(line);
    if (trimmed.empty() || trimmed.starts_with('#') || trimmed.starts_with(';')) return;
    if (trimmed.starts_with('[') && trimmed.ends_with(']')) {
      Value value;
      value.type = Value::Type::kMap;
      value.line = number;
      value.name = trim(trimmed.substr(1, trimmed.size() - 2));
      parsed.root.items.push_back(std::move(value));
      section = &parsed.root.items.back();
      ++values;
      return;
    }
    const bool continued = line.front() == ' ' || line.front() == '\t';
    if (continued && !section->items.empty() &&
        section->items.back().type == Value::Type::kString) {
      section->items.back().text.append("\n").append(trimmed);
      return;
    }
    const std::size_t mark = trimmed.find_first_of("=:");
    Value value;
    value.type = Value::Type::kString;
    value.line = number;
    value.name = trim(trimmed.substr(0, mark));
    if (mark != std::string_view::npos) value.text = trim(trimmed.substr(mark + 1));
    section->items.push_back(std::move(value));
    ++values;
  });
  return parsed;
}

}  // namespace quarry::analysis::manifest
