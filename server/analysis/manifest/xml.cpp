#include <algorithm>

#include <pugixml.hpp>

#include "server/analysis/manifest/value.h"
#include "server/base/newlines.h"

namespace quarry::analysis::manifest {
namespace {

class Converter {
 public:
  explicit Converter(std::string_view text) : text_(text) {}

  Value convert(const pugi::xml_node& from, std::size_t depth) {
    Value to;
    to.type = Value::Type::kMap;
    to.line = line_at(from.offset_debug());
    to.name = without_prefix(from.name());
    if (++values_ > kMaxValues || depth > kMaxDepth) {
      beyond_ = true;
      return to;
    }
    for (const pugi::xml_attribute& attribute : from.attributes()) {
      Value value;
      value.type = Value::Type::kString;
      value.line = to.line;
      value.name = std::string("@").append(attribute.name());
      value.text = attribute.value();
      to.items.push_back(std::move(value));
    }
    for (const pugi::xml_node& child : from.children()) {
      if (child.type() == pugi::node_element) {
        to.items.push_back(convert(child, depth + 1));
      } else if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) {
        to.text += child.value();
      }
    }
    const std::size_t begin = to.text.find_first_not_of(" \t\r\n");
    const std::size_t end = to.text.find_last_not_of(" \t\r\n");
    to.text = begin == std::string::npos ? "" : to.text.substr(begin, end - begin + 1);
    return to;
  }
  bool beyond() const { return beyond_; }
  std::uint32_t line_at(std::ptrdiff_t offset) {
    const auto at =
        std::clamp<std::ptrdiff_t>(offset, 0, static_cast<std::ptrdiff_t>(text_.size()));
    if (at < counted_) return line_;
    line_ += static_cast<std::uint32_t>(count_newlines(
        text_.substr(static_cast<std::size_t>(counted_), static_cast<std::size_t>(at - counted_))));
    counted_ = at;
    return line_;
  }

 private:
  static std::string without_prefix(std::string_view name) {
    return std::string(
        name.substr(name.find(':') == std::string_view::npos ? 0 : name.find(':') + 1));
  }
  std::string_view text_;
  std::ptrdiff_t counted_ = 0;
  std::uint32_t line_ = 1;
  std::size_t values_ = 0;
  bool beyond_ = false;
};

}  // namespace

Parsed parse_xml(std::string_view text) {
  if (auto problem = too_large(text)) return {{}, std::move(problem)};
  pugi::xml_document document;
  const pugi::xml_parse_result parsed =
      document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  Converter converter(text);
  if (!parsed) return {{}, Problem{converter.line_at(parsed.offset), parsed.description()}};
  Parsed result{converter.convert(document.document_element(), 0), std::nullopt};
  if (converter.beyond()) result.problem = Problem{0, "more values or deeper than is read"};
  return result;
}

}  // namespace quarry::analysis::manifest
