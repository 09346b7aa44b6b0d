// Holds each tool's struct to its published schema: the same names, types, choices, ranges and
// required-ness. Neither is generated from the other; this is what keeps them one.

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tools/all.h"

namespace quarry::tools {
namespace {

using nlohmann::json;

std::string_view schema_type(quarry::json::FieldType type) {
  switch (type) {
    case quarry::json::FieldType::kString:
    case quarry::json::FieldType::kEnum:
      return "string";
    case quarry::json::FieldType::kInteger:
      return "integer";
    case quarry::json::FieldType::kBoolean:
      return "boolean";
    case quarry::json::FieldType::kStrings:
      return "array";
    case quarry::json::FieldType::kAny:
      return "object";
  }
  return "";
}

bool is_common(std::string_view name) {
  const auto& common = quarry::json::kCommonArguments;
  return std::find(common.begin(), common.end(), name) != common.end();
}

const quarry::json::FieldInfo* find_field(const Tool& tool, std::string_view name) {
  for (const auto& field : tool.fields) {
    if (field.published && field.name == name) return &field;
  }
  return nullptr;
}

void check_property(const quarry::json::FieldInfo& field, const json& property, bool required) {
  INFO("property " << field.name);
  // Any JSON is bound: the tool judges it, and the schema says which.
  const std::string type = property.value("type", "");
  const bool any = field.type == quarry::json::FieldType::kAny;
  CHECK((type == schema_type(field.type) || (any && type == "array")));
  CHECK(required == field.required);
  if (field.type == quarry::json::FieldType::kEnum) {
    const std::vector<std::string> choices(field.choices.begin(), field.choices.end());
    CHECK(property.value("enum", std::vector<std::string>{}) == choices);
  }
  if (field.type == quarry::json::FieldType::kInteger) {
    // A bound that nobody runs into is left to the refusal, which names it.
    if (property.contains("minimum")) CHECK(property["minimum"] == field.least);
    if (property.contains("maximum")) CHECK(property["maximum"] == field.most);
  }
  if (field.type == quarry::json::FieldType::kStrings) {
    CHECK(property.contains("items"));
  }
}

TEST_CASE("contract: each tool's arguments are those of its schema") {
  REQUIRE_FALSE(all().empty());
  for (const Entry& entry : all()) {
    const json schema = json::parse(entry.schema);
    INFO("tool " << entry.tool->traits.name);
    CHECK(schema["name"] == std::string(entry.tool->traits.name));
    const json& input = schema["inputSchema"];
    const auto required = input.value("required", std::vector<std::string>{});
    for (const auto& [name, property] : input["properties"].items()) {
      const auto* field = find_field(*entry.tool, name);
      if (field == nullptr) {
        INFO("schema has '" << name << "', the struct has not");
        CHECK(is_common(name));
        continue;
      }
      check_property(*field, property,
                     std::find(required.begin(), required.end(), name) != required.end());
    }
    for (const auto& field : entry.tool->fields) {
      INFO("the struct has '" << field.name << "', the schema has not");
      CHECK((!field.published || input["properties"].contains(std::string(field.name))));
    }
    CHECK(input["properties"].contains("session"));
  }
}

TEST_CASE("contract: P43 readOnlyHint says what the tool's effect is") {
  for (const Entry& entry : all()) {
    const json annotations = json::parse(entry.schema)["annotations"];
    INFO("tool " << entry.tool->traits.name);
    CHECK(annotations.value("readOnlyHint", false) ==
          (entry.tool->traits.effect == Effect::kReads));
    if (entry.tool->traits.effect == Effect::kReads) {
      CHECK(annotations.value("destructiveHint", false) == false);
    }
  }
}

TEST_CASE("contract: the table is sorted by name, which is what find() relies on") {
  CHECK(std::is_sorted(all().begin(), all().end(), [](const Entry& a, const Entry& b) {
    return a.tool->traits.name < b.tool->traits.name;
  }));
}

}  // namespace
}  // namespace quarry::tools
