// Field tables: how a JSON object becomes a plain struct.
//
//   struct Args { std::string_view path; std::int64_t limit = 2000; std::optional<bool> deep; };
//   constexpr auto kFields = json::fields(
//       json::field<&Args::path>("path").synonyms("file_path", "filePath"),
//       json::field<&Args::limit>("limit").range(1, 100'000),
//       json::field<&Args::deep>("deep"));
//   Args args{};
//   TRY(json::bind(kFields, object, args));
//
// A member is required when it is a plain string_view, vector or map-like member without
// `.optional()`; members with a default initialiser that may be left out are marked
// `.optional()`; std::optional members always may. Numbers given as strings and booleans given as
// "true"/"false" are accepted; a single string is accepted where an array of strings is wanted, an
// array of strings where a string `name` is that has a sibling `names`, which then has it;
// null stands for "not given" where the argument may be left out (a Value member takes it as it
// is). Errors (kInvalidArgs) name the argument, what is wrong and what would be right; an unknown
// argument is answered with the nearest known one. NUL in a string is refused.
//
// Member types: string_view, int64_t, bool, an enum with enum_names<>, std::vector<string_view>,
// Value (any JSON), and std::optional of the first four. Bound views point into the Document.
//
// Tables are constant data. Safe from any thread.

#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "server/base/result.h"
#include "server/json/value.h"

namespace quarry::json {

// Specialise for an enum that is an argument: `inline constexpr std::array names = {"auto", ...}`
// in the order of the enumerators, which start at 0.
template <class Enum>
inline constexpr std::array<std::string_view, 0> enum_names{};

enum class FieldType : std::uint8_t { kString, kInteger, kBoolean, kEnum, kStrings, kAny };

// What a field is, without its struct: for binding, and for holding it to the schema.
struct FieldInfo {
  std::string_view name;
  FieldType type = FieldType::kString;
  bool required = false;
  bool published = true;  // false: accepted, not in the schema
  std::int64_t least = std::numeric_limits<std::int64_t>::min();
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  std::span<const std::string_view> choices;   // of an enum
  std::array<std::string_view, 6> synonyms{};  // accepted silently; unused ones are empty
  void (*store)(void* args, const struct Bound& bound) = nullptr;
};

// A value of the field's type, ready to store.
struct Bound {
  std::string_view string;
  std::int64_t integer = 0;  // also the index of an enum's choice
  bool boolean = false;
  std::vector<std::string_view> strings;
  Value any;
};

template <class Member>
struct MemberTraits;
template <class Struct, class T>
struct MemberTraits<T Struct::*> {
  using Owner = Struct;
  using Type = T;
};
template <class T>
struct Unwrapped {
  using Type = T;
  static constexpr bool kOptional = false;
};
template <class T>
struct Unwrapped<std::optional<T>> {
  using Type = T;
  static constexpr bool kOptional = true;
};

template <class T>
constexpr FieldType field_type() {
  if constexpr (std::is_same_v<T, std::string_view>)
    return FieldType::kString;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return FieldType::kInteger;
  else if constexpr (std::is_same_v<T, bool>)
    return FieldType::kBoolean;
  else if constexpr (std::is_enum_v<T>)
    return FieldType::kEnum;
  else if constexpr (std::is_same_v<T, std::vector<std::string_view>>)
    return FieldType::kStrings;
  else if constexpr (std::is_same_v<T, Value>)
    return FieldType::kAny;
  else
    static_assert(sizeof(T) == 0, "no field of this type");
}

// One member's row, built by field<>().
struct Field {
  FieldInfo info;

  constexpr Field optional() const {
    Field copy = *this;
    copy.info.required = false;
    return copy;
  }
  constexpr Field hidden() const {
    Field copy = optional();
    copy.info.published = false;
    return copy;
  }
  constexpr Field range(std::int64_t least, std::int64_t most) const {
    Field copy = *this;
    copy.info.least = least;
    copy.info.most = most;
    return copy;
  }
  template <class... Names>
  constexpr Field synonyms(Names... names) const {
    static_assert(sizeof...(Names) <= 6);
    Field copy = *this;
    copy.info.synonyms = {std::string_view(names)...};
    return copy;
  }
};

// Owner stands among the parameters, though Member implies it, for gcc 12: it gives a function
// internal linkage for an unnamed namespace's type, but not for a pointer to such a type's member,
// and the linker would then take one tool's function for another's of the same names.
template <class Owner, class Outer, auto Member>
void store_member(void* args, const Bound& bound) {
  using T = typename Unwrapped<Outer>::Type;
  auto& member = static_cast<Owner*>(args)->*Member;
  if constexpr (std::is_same_v<T, std::string_view>)
    member = bound.string;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    member = bound.integer;
  else if constexpr (std::is_same_v<T, bool>)
    member = bound.boolean;
  else if constexpr (std::is_enum_v<T>)
    member = static_cast<T>(bound.integer);
  else if constexpr (std::is_same_v<T, Value>)
    member = bound.any;
  else
    member = bound.strings;
}

// consteval for the same reason: this function must not be emitted.
template <auto Member>
consteval Field field(std::string_view name) {
  using Owner = typename MemberTraits<decltype(Member)>::Owner;
  using Outer = typename MemberTraits<decltype(Member)>::Type;
  using T = typename Unwrapped<Outer>::Type;
  Field row;
  row.info.name = name;
  row.info.type = field_type<T>();
  row.info.required = !Unwrapped<Outer>::kOptional;
  if constexpr (std::is_enum_v<T>) row.info.choices = enum_names<T>;
  row.info.store = &store_member<Owner, Outer, Member>;
  return row;
}

template <class... Rows>
constexpr auto fields(Rows... rows) {
  static_assert(sizeof...(Rows) <= 64);  // bind_fields keeps a bit for each
  return std::array<FieldInfo, sizeof...(Rows)>{rows.info...};
}

// Names that every tool accepts and the caller of bind() has already dealt with.
inline constexpr std::array<std::string_view, 2> kCommonArguments = {"session", "max_tokens"};

// Binds `object` (an object, or absent) to `args` by `table`.
Result<void> bind_fields(std::span<const FieldInfo> table, Value object, void* args);

template <std::size_t N, class Args>
Result<void> bind(const std::array<FieldInfo, N>& table, Value object, Args& args) {
  return bind_fields(table, object, &args);
}

}  // namespace quarry::json
