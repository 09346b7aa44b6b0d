#include "server/json/fields.h"

#include <algorithm>
#include <string>

#include "server/base/utf8.h"
#include "server/json/nearest.h"
#include "server/json/number.h"

namespace quarry::json {
namespace {

constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
constexpr auto kMost = std::numeric_limits<std::int64_t>::max();

// What the caller sent, fit for a message: short, on one line.
std::string shown(std::string_view text) {
  constexpr std::size_t kShown = 60;
  std::string out;
  utf8::append_escaped_name(out, utf8::clip(text, kShown));
  if (text.size() > kShown) out.append("...");
  return out;
}

std::string listed(std::span<const std::string_view> names) {
  std::string out;
  for (const std::string_view name : names) {
    if (!out.empty()) out.append(", ");
    out.append("'").append(name).append("'");
  }
  return out;
}

[[gnu::cold]] Failure wrong_type(const FieldInfo& field, std::string_view wanted, Value got) {
  return fail(Code::kInvalidArgs, "argument '{}' must be {}, got {}", field.name, wanted,
              describe(got.type()));
}

[[gnu::cold]] Failure has_nul(const FieldInfo& field) {
  return fail(Code::kInvalidArgs, "argument '{}' must not contain a NUL character", field.name);
}

[[gnu::cold]] Failure not_in_range(const FieldInfo& field, std::string_view got) {
  std::string wanted = "a whole number";
  if (field.least != kLeast && field.most != kMost)
    wanted += fmt::format(" between {} and {}", field.least, field.most);
  else if (field.least != kLeast)
    wanted += fmt::format(", at least {}", field.least);
  else if (field.most != kMost)
    wanted += fmt::format(", at most {}", field.most);
  else
    wanted += " of at most 64 bits";
  return fail(Code::kInvalidArgs, "argument '{}' must be {}; got {}", field.name, wanted,
              shown(got));
}

[[gnu::cold]] Failure not_a_choice(const FieldInfo& field, std::string_view got) {
  return fail(Code::kInvalidArgs, "argument '{}' must be one of {}; got '{}'", field.name,
              listed(field.choices), shown(got));
}

[[gnu::cold]] Failure unknown_argument(std::span<const FieldInfo> table, std::string_view name) {
  std::vector<std::string_view> known;
  for (const FieldInfo& field : table)
    if (field.published) known.push_back(field.name);
  if (known.empty())
    return fail(Code::kInvalidArgs, "unknown argument '{}'; none is needed here", shown(name));
  std::vector<std::string_view> candidates = known;
  candidates.insert(candidates.end(), kCommonArguments.begin(), kCommonArguments.end());
  if (const std::string_view nearest = nearest_name(name, candidates); !nearest.empty())
    return fail(Code::kInvalidArgs, "unknown argument '{}'; did you mean '{}'?", shown(name),
                nearest);
  return fail(Code::kInvalidArgs, "unknown argument '{}'; the arguments are {}", shown(name),
              listed(known));
}

[[gnu::cold]] Failure missing(const FieldInfo& field) {
  return fail(Code::kInvalidArgs, "missing required argument '{}'", field.name);
}

bool holds_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

Result<void> bind_string(const FieldInfo& field, Value value, Bound& bound) {
  if (!value.is(Type::kString)) return wrong_type(field, "a string", value);
  if (holds_nul(value.string())) return has_nul(field);
  bound.string = value.string();
  return {};
}

Result<void> bind_integer(const FieldInfo& field, Value value, Bound& bound) {
  std::string_view token;
  if (value.is(Type::kNumber))
    token = value.number_token();
  else if (value.is(Type::kString))
    token = value.string();
  else
    return wrong_type(field, "a whole number", value);
  if (!is_number(token)) return not_in_range(field, value.raw());
  const auto number = integral_value(token);
  if (!number || *number < field.least || *number > field.most) return not_in_range(field, token);
  bound.integer = *number;
  return {};
}

Result<void> bind_boolean(const FieldInfo& field, Value value, Bound& bound) {
  if (value.is(Type::kBool)) {
    bound.boolean = value.boolean();
    return {};
  }
  if (!value.is(Type::kString)) return wrong_type(field, "true or false", value);
  bound.boolean = value.string() == "true";
  if (!bound.boolean && value.string() != "false")
    return fail(Code::kInvalidArgs, "argument '{}' must be true or false; got '{}'", field.name,
                shown(value.string()));
  return {};
}

Result<void> bind_enum(const FieldInfo& field, Value value, Bound& bound) {
  if (!value.is(Type::kString)) return wrong_type(field, "a string", value);
  const auto choice = std::find(field.choices.begin(), field.choices.end(), value.string());
  if (choice == field.choices.end()) return not_a_choice(field, value.string());
  bound.integer = choice - field.choices.begin();
  return {};
}

Result<void> bind_strings(const FieldInfo& field, Value value, Bound& bound) {
  bound.strings.clear();
  if (value.is(Type::kString)) {
    if (holds_nul(value.string())) return has_nul(field);
    bound.strings.push_back(value.string());
    return {};
  }
  if (!value.is(Type::kArray)) return wrong_type(field, "an array of strings", value);
  bound.strings.reserve(value.size());
  for (Value item = value.first(); item; item = value.after(item)) {
    if (!item.is(Type::kString))
      return fail(Code::kInvalidArgs,
                  "argument '{}' must be an array of strings; its item {} is {}", field.name,
                  bound.strings.size() + 1, describe(item.type()));
    if (holds_nul(item.string())) return has_nul(field);
    bound.strings.push_back(item.string());
  }
  return {};
}

Result<void> bind_value(const FieldInfo& field, Value value, Bound& bound) {
  switch (field.type) {
    case FieldType::kString:
      return bind_string(field, value, bound);
    case FieldType::kInteger:
      return bind_integer(field, value, bound);
    case FieldType::kBoolean:
      return bind_boolean(field, value, bound);
    case FieldType::kEnum:
      return bind_enum(field, value, bound);
    case FieldType::kStrings:
      return bind_strings(field, value, bound);
    case FieldType::kAny:
      bound.any = value;
      return {};
  }
  return {};
}

// The row that `name` belongs to; table.size() when none does.
std::size_t find_row(std::span<const FieldInfo> table, std::string_view name) {
  for (std::size_t row = 0; row < table.size(); ++row)
    if (table[row].name == name) return row;
  if (name.empty()) return table.size();  // an unused synonym is empty too
  for (std::size_t row = 0; row < table.size(); ++row)
    for (const std::string_view synonym : table[row].synonyms)
      if (synonym == name) return row;
  return table.size();
}

// The row that `member` is bound to: a list where one string is wanted is the argument of that name
// in the plural, where there is one.
std::size_t row_of(std::span<const FieldInfo> table, Value member) {
  const std::size_t row = find_row(table, member.key());
  if (!member.is(Type::kArray) || row == table.size() || table[row].type != FieldType::kString) {
    return row;
  }
  const std::string plural = std::string(table[row].name) + "s";
  const auto list = std::find_if(table.begin(), table.end(), [&](const FieldInfo& field) {
    return field.type == FieldType::kStrings && field.name == plural;
  });
  return list == table.end() ? row : static_cast<std::size_t>(list - table.begin());
}

[[gnu::cold]] Failure given_twice(std::span<const FieldInfo> table, std::size_t row, Value object) {
  std::string names;
  for (Value member = object.first(); member; member = object.after(member)) {
    if (row_of(table, member) != row) continue;
    if (!names.empty()) names.append(" and ");
    names.append("'").append(member.key()).append("'");
  }
  return fail(Code::kInvalidArgs, "argument '{}' is given more than once, as {}; give it once",
              table[row].name, names);
}

}  // namespace

Result<void> bind_fields(std::span<const FieldInfo> table, Value object, void* args) {
  std::uint64_t seen = 0;
  Bound bound;
  if (object && !object.is(Type::kNull)) {
    if (!object.is(Type::kObject))
      return fail(Code::kInvalidArgs, "the arguments must be an object, got {}",
                  describe(object.type()));
    for (Value member = object.first(); member; member = object.after(member)) {
      const std::size_t row = row_of(table, member);
      if (row == table.size()) {
        if (std::find(kCommonArguments.begin(), kCommonArguments.end(), member.key()) !=
            kCommonArguments.end())
          continue;
        return unknown_argument(table, member.key());
      }
      const FieldInfo& field = table[row];
      // Models write null for "not given".
      if (member.is(Type::kNull) && !field.required && field.type != FieldType::kAny) continue;
      const std::uint64_t bit = std::uint64_t{1} << row;
      if ((seen & bit) != 0) return given_twice(table, row, object);
      seen |= bit;
      TRY(bind_value(field, member, bound));
      field.store(args, bound);
    }
  }
  for (std::size_t row = 0; row < table.size(); ++row)
    if (table[row].required && (seen >> row & 1U) == 0) return missing(table[row]);
  return {};
}

}  // namespace quarry::json
