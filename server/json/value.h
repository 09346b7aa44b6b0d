// Value: a view of one value of a parsed Document. Cheap to copy; lives as long as the Document
// and its line. const, safe from any thread.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace quarry::json {

enum class Type : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

// One node of a Document's flat tree, in document order; a container's children follow it.
struct Node {
  Type type = Type::kNull;
  bool flag = false;       // kBool: its value
  std::uint32_t size = 0;  // children of a container
  std::uint32_t next = 0;  // index of the node after this one and all below it
  std::string_view key;    // of an object's member, unescaped
  std::string_view text;   // kString: unescaped; kNumber: the token
  std::string_view raw;    // the source text of the value
};

class Value {
 public:
  Value() = default;  // absent
  Value(const Node* nodes, std::uint32_t index) : nodes_(nodes), index_(index) {}

  explicit operator bool() const { return nodes_ != nullptr; }  // present
  Type type() const { return node().type; }
  bool is(Type type) const { return nodes_ != nullptr && node().type == type; }

  std::string_view string() const { return node().text; }  // REQUIRES: kString
  bool boolean() const { return node().flag; }             // REQUIRES: kBool
  std::string_view number_token() const { return node().text; }
  // The number when it is integral in value ("7", "7.0", "1e3") and fits.
  std::optional<std::int64_t> integer() const;

  std::string_view key() const { return node().key; }
  std::string_view raw() const { return node().raw; }  // source text, trimmed
  std::uint32_t size() const { return node().size; }

  // Member `name` of an object; absent when there is none or this is no object.
  Value find(std::string_view name) const;
  // The first member that has one of these names.
  Value find_any(std::initializer_list<std::string_view> names) const;

  // Children: for (Value child = v.first(); child; child = v.after(child)).
  Value first() const;
  Value after(Value child) const;

 private:
  const Node& node() const { return nodes_[index_]; }
  const Node* nodes_ = nullptr;
  std::uint32_t index_ = 0;
};

// "a string", "a number", ...: for messages.
std::string_view describe(Type type);

}  // namespace quarry::json
