// Each tool is four files of one name, and its schema is fit to be published.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/tidy/source_tree.h"

namespace quarry::tidy {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxDescription = 350;
constexpr std::size_t kMaxProperty = 350;
constexpr std::size_t kMaxList = 20 * 1024;
constexpr int kMaxDepth = 6;

struct Schema {
  std::string name;  // of the file
  Json json;
};

std::vector<Schema> schemas() {
  std::vector<Schema> found;
  for (const SourceFile& file : source_tree()) {
    if (!file.in("schemas/") || !file.path.ends_with(".json")) continue;
    const std::string name = file.path.substr(8, file.path.size() - 13);
    found.push_back({name, Json::parse(file.text, nullptr, false)});
  }
  return found;
}

bool is_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 40 || name[0] < 'a' || name[0] > 'z') return false;
  for (const char c : name) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return true;
}

// Keywords that mean the same in draft-07 and 2020-12, which different hosts use.
const std::set<std::string> kKeywords = {"type",
                                         "properties",
                                         "required",
                                         "additionalProperties",
                                         "items",
                                         "enum",
                                         "const",
                                         "minimum",
                                         "maximum",
                                         "minLength",
                                         "maxLength",
                                         "minItems",
                                         "maxItems",
                                         "default",
                                         "exclusiveMinimum",
                                         "exclusiveMaximum",
                                         "pattern",
                                         "title",
                                         "description",
                                         "uniqueItems"};

class SchemaJudge {
 public:
  SchemaJudge(std::string name, std::vector<std::string>& offences)
      : name_(std::move(name)), offences_(offences) {}

  void judge_tool(const Json& tool) {
    if (tool.is_discarded() || !tool.is_object()) return offend("is not a JSON object");
    if (tool.value("name", "") != name_) offend("its name is not the file's");
    if (!is_name(name_)) offend("the name is not [a-z][a-z0-9_]{2,39}");
    judge_description(tool);
    if (!tool.contains("inputSchema")) return offend("has no inputSchema");
    judge_input(tool["inputSchema"]);
    if (tool.contains("outputSchema")) {
      if (tool["outputSchema"].value("type", "") != "object") offend("outputSchema is no object");
      judge_schema(tool["outputSchema"], "outputSchema", 0, false);
    }
    judge_annotations(tool);
  }

 private:
  void offend(const std::string& what) {
    offences_.push_back("schemas/" + name_ + ".json: " + what);
  }

  void judge_description(const Json& tool) {
    const std::string text = tool.value("description", "");
    if (text.empty()) offend("has no description");
    if (text.size() > kMaxDescription) {
      offend("description of " + std::to_string(text.size()) + " bytes");
    }
    if (text.find('\n') != std::string::npos) offend("description of more than one paragraph");
  }

  void judge_input(const Json& input) {
    if (input.value("type", "") != "object") offend("inputSchema.type is not object");
    if (!input.contains("properties")) offend("inputSchema without properties");
    if (!input.contains("additionalProperties") || input["additionalProperties"] != false) {
      offend("inputSchema.additionalProperties is not false");
    }
    judge_schema(input, "inputSchema", 0, true);
  }

  void judge_schema(const Json& schema, const std::string& where, int depth, bool described) {
    if (!schema.is_object()) return;
    if (depth > kMaxDepth) return offend(where + ": nested too deep");
    for (const auto& [keyword, value] : schema.items()) {
      if (!kKeywords.contains(keyword)) offend(where + ": keyword '" + keyword + "'");
    }
    if (!schema.contains("type")) offend(where + ": without a type");
    if (schema.value("type", Json()) == "array" && !schema.contains("items")) {
      offend(where + ": an array without items");
    }
    const Json properties = schema.value("properties", Json::object());
    for (const Json& needed : schema.value("required", Json::array())) {
      if (!properties.contains(needed.get<std::string>())) {
        offend(where + ": requires '" + needed.get<std::string>() + "', which it does not have");
      }
    }
    for (const auto& [name, property] : properties.items()) {
      const std::string place = where + "." + name;
      const std::string text = property.value("description", "");
      if (described && text.empty()) offend(place + ": no description");
      if (text.size() > kMaxProperty) offend(place + ": description too long");
      judge_schema(property, place, depth + 1, described);
    }
    if (schema.contains("items")) judge_schema(schema["items"], where + "[]", depth + 1, described);
  }

  void judge_annotations(const Json& tool) {
    const Json annotations = tool.value("annotations", Json::object());
    for (const auto& [hint, value] : annotations.items()) {
      if (!value.is_boolean()) return offend("annotations." + hint + " is neither true nor false");
    }
    const bool reads_only = annotations.value("readOnlyHint", false);
    // Whether it destroys is asked of what writes; what is said must not rest on a default.
    if (!reads_only && !annotations.contains("destructiveHint")) {
      offend("writes, and annotations.destructiveHint is not written out");
    }
    if (reads_only && annotations.value("destructiveHint", false)) {
      offend("reads only, and yet is destructive");
    }
  }

  std::string name_;
  std::vector<std::string>& offences_;
};

TEST_CASE("P34 P35 P36 P44 P45 every schema is fit to be published") {
  std::vector<std::string> offences;
  for (const Schema& schema : schemas()) SchemaJudge(schema.name, offences).judge_tool(schema.json);
  CHECK(listed(offences) == "");
}

TEST_CASE("the whole list of tools fits its budget") {
  std::size_t bytes = 0;
  for (const Schema& schema : schemas()) bytes += schema.json.dump().size() + 1;
  CHECK(bytes <= kMaxList);
}

TEST_CASE("each tool has its schema, source, test and transcript") {
  std::vector<std::string> offences;
  std::set<std::string> with_schema;
  for (const Schema& schema : schemas()) {
    with_schema.insert(schema.name);
    std::string room;
    for (const SourceFile& file : source_tree()) {
      if (file.in("tools/") && file.path.ends_with("/" + schema.name + ".cpp")) {
        if (!room.empty()) offences.push_back(file.path + ": a second source of one name");
        room = file.path.substr(6, file.path.rfind('/') - 6);
      }
    }
    if (room.empty()) {
      offences.push_back(schema.name + ": no source in tools/");
      continue;
    }
    for (const std::string& path : {"tests/tools/" + room + "/" + schema.name + "_test.cpp",
                                    "tests/transcripts/" + schema.name + ".rpc"}) {
      if (find_file(path) == nullptr) offences.push_back(schema.name + ": no " + path);
    }
  }
  for (const SourceFile& file : source_tree()) {
    if (!file.in("tools/") || !file.path.ends_with(".cpp")) continue;
    if (file.code.find("make_tool<") == std::string::npos) continue;
    const std::size_t slash = file.path.rfind('/') + 1;
    const std::string name = file.path.substr(slash, file.path.size() - slash - 4);
    if (!with_schema.contains(name))
      offences.push_back(file.path + ": no schemas/" + name + ".json");
  }
  CHECK(listed(offences) == "");
}

TEST_CASE("a bad schema is found out") {
  struct Row {
    const char* name;
    const char* change;  // merged into a good one
  };
  const Json good = Json::parse(R"({"name":"good_tool","description":"Does it.",
      "inputSchema":{"type":"object","additionalProperties":false,
        "properties":{"path":{"type":"string","description":"Where."}},"required":["path"]},
      "annotations":{"readOnlyHint":true,"destructiveHint":false}})");
  std::vector<std::string> offences;
  SchemaJudge("good_tool", offences).judge_tool(good);
  REQUIRE(listed(offences) == "");
  const Row rows[] = {
      {"another name", R"({"name":"other"})"},
      {"no description", R"({"description":null})"},
      {"open to anything", R"({"inputSchema":{"additionalProperties":true}})"},
      {"a combinator", R"({"inputSchema":{"anyOf":[]}})"},
      {"a reference", R"({"inputSchema":{"properties":{"path":{"$ref":"#"}}}})"},
      {"a bare property", R"({"inputSchema":{"properties":{"path":{"description":null}}}})"},
      {"an open array", R"({"inputSchema":{"properties":{"path":{"type":"array"}}}})"},
      {"a required ghost", R"({"inputSchema":{"required":["ghost"]}})"},
      {"no hint", R"({"annotations":{"readOnlyHint":null,"destructiveHint":null}})"},
      {"a hint that is no answer", R"({"annotations":{"readOnlyHint":"no"}})"},
      {"hints that disagree", R"({"annotations":{"destructiveHint":true}})"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    Json changed = good;
    changed.merge_patch(Json::parse(row.change));
    offences.clear();
    SchemaJudge("good_tool", offences).judge_tool(changed);
    CHECK_FALSE(offences.empty());
  }
}

}  // namespace
}  // namespace quarry::tidy
