#include <algorithm>

#include "server/analysis/manifest/text.h"
#include "server/analysis/manifest/value.h"
#include "server/base/newlines.h"
#include "server/json/document.h"

namespace quarry::analysis::manifest {
namespace {

// Comments and commas before a closing bracket become blanks, so that what is left stays on its
// line.
std::string without_comments(std::string_view text) {
  std::string plain(text);
  std::size_t comma = std::string::npos;
  for (std::size_t i = 0; i < plain.size();) {
    const char c = plain[i];
    const char next = i + 1 < plain.size() ? plain[i + 1] : '\0';
    if (c == '"') {
      comma = std::string::npos;
      for (++i; i < plain.size() && plain[i] != '"' && plain[i] != '\n'; ++i) {
        if (plain[i] == '\\') ++i;
      }
      ++i;
    } else if (c == '/' && next == '/') {
      while (i < plain.size() && plain[i] != '\n') plain[i++] = ' ';
    } else if (c == '/' && next == '*') {
      const std::size_t end = std::min(plain.find("*/", i + 2), plain.size() - 2) + 2;
      for (; i < end; ++i) {
        if (plain[i] != '\n') plain[i] = ' ';
      }
    } else {
      if (c == ',') {
        comma = i;
      } else if ((c == '}' || c == ']') && comma != std::string::npos) {
        plain[comma] = ' ';
      }
      if (c != ',' && c != ' ' && c != '\n' && c != '\t' && c != '\r') comma = std::string::npos;
      ++i;
    }
  }
  return plain;
}

class Converter {
 public:
  explicit Converter(std::string_view text) : text_(text) {}

  Value convert(json::Value from) {
    Value to;
    to.line = line_at(from.raw());
    to.name = from.key();
    switch (from.type()) {
      case json::Type::kNull:
        to.type = Value::Type::kNull;
        break;
      case json::Type::kBool:
        to.type = Value::Type::kBool;
        to.text = from.boolean() ? "true" : "false";
        break;
      case json::Type::kNumber:
        to.type = Value::Type::kNumber;
        to.text = from.number_token();
        break;
      case json::Type::kString:
        to.type = Value::Type::kString;
        to.text = from.string();
        break;
      case json::Type::kArray:
      case json::Type::kObject:
        to.type = from.is(json::Type::kArray) ? Value::Type::kList : Value::Type::kMap;
        to.items.reserve(from.size());
        for (json::Value child = from.first(); child; child = from.after(child)) {
          to.items.push_back(convert(child));
        }
        break;
    }
    return to;
  }

 private:
  // Values come in the order of the text.
  std::uint32_t line_at(std::string_view raw) {
    const auto offset = static_cast<std::size_t>(raw.data() - text_.data());
    line_ += static_cast<std::uint32_t>(count_newlines(text_.substr(counted_, offset - counted_)));
    counted_ = offset;
    return line_;
  }

  std::string_view text_;
  std::size_t counted_ = 0;
  std::uint32_t line_ = 1;
};

// The Document's message ends with the byte that it stopped at.
std::uint32_t line_of(std::string_view text, std::string_view message) {
  const std::size_t at = message.rfind(' ');
  std::size_t byte = 0;
  if (at == std::string_view::npos) return 0;
  for (const char c : message.substr(at + 1)) {
    if (!is_digit(c)) return 0;
    byte = byte * 10 + static_cast<std::size_t>(c - '0');
  }
  return 1 + static_cast<std::uint32_t>(count_newlines(text.substr(0, byte)));
}

}  // namespace

Parsed parse_json(std::string_view text) {
  if (auto problem = too_large(text)) return {{}, std::move(problem)};
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::string plain = without_comments(text);
  const std::size_t size = plain.size();
  plain.append(json::kPadding, ' ');
  json::Parser parser;
  json::Document document;
  const std::string_view whole(plain.data(), size);
  if (const auto parsed = document.parse(parser, whole, json::Keys::kMayRepeat); !parsed) {
    return {{}, Problem{line_of(whole, parsed.error().message), parsed.error().message}};
  }
  return {Converter(whole).convert(document.root()), std::nullopt};
}

}  // namespace quarry::analysis::manifest
