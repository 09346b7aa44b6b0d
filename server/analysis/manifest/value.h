// Value: a parsed manifest as one kind of tree, whatever it was written in, each value with the
// line where it stands.
//
// Bounds hold for every form: kMaxBytes of text, kMaxDepth of nesting, kMaxValues and kMaxCopies
// after aliases are followed. What is beyond them or ill-formed is no failure: the tree is empty or
// cut short and a Problem says where and why. No exception of a parser's library leaves its file.
//
// Pure functions; safe from any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quarry::analysis::manifest {

inline constexpr std::size_t kMaxBytes = 2UL << 20U;
inline constexpr std::size_t kMaxLockBytes = 16UL << 20U;  // of a lock file, which is no tree
inline constexpr std::size_t kMaxDepth = 64;
inline constexpr std::size_t kMaxValues = 100'000;
inline constexpr std::size_t kMaxCopies = 4 * kMaxBytes;  // of text, after aliases are followed

struct Value {
  enum class Type : std::uint8_t { kAbsent, kNull, kBool, kNumber, kString, kList, kMap };

  Type type = Type::kAbsent;
  std::uint32_t line = 0;    // from 1
  std::string name;          // of a map's member; an element's tag; "@name" of an attribute
  std::string text;          // of a scalar, unescaped; of an element, its own text, trimmed
  std::vector<Value> items;  // in the order of the file

  explicit operator bool() const { return type != Type::kAbsent; }
  bool is_map() const { return type == Type::kMap; }
  bool is_list() const { return type == Type::kList; }
  bool is_string() const { return type == Type::kString; }
  bool is_true() const { return text == "true"; }

  // The member `name`, the last of several; a YAML merge ("<<") is looked through. An absent Value
  // when there is none or this is no map.
  const Value& operator[](std::string_view name) const;
  // Member by member: find({"tool", "poetry", "name"}).
  const Value& find(std::initializer_list<std::string_view> names) const;
  bool has(std::string_view member) const { return static_cast<bool>((*this)[member]); }
};

struct Problem {
  std::uint32_t line = 0;  // 0: the whole file
  std::string message;
  bool operator==(const Problem&) const = default;
};

struct Parsed {
  Value root;
  std::optional<Problem> problem;
};

Parsed parse_json(std::string_view text);  // with comments and commas before a closing bracket
Parsed parse_toml(std::string_view text);
Parsed parse_yaml(std::string_view text);  // the first document
Parsed parse_xml(std::string_view text);   // entities of a document type are not expanded

// "name: value" and "name = value" lines of properties and ini files; "[section]" lines become
// maps. A line that begins with a blank goes on with the value before it.
Parsed parse_ini(std::string_view text);

// The problem of a text over kMaxBytes.
std::optional<Problem> too_large(std::string_view text);

}  // namespace quarry::analysis::manifest
