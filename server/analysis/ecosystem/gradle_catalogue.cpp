#include "server/analysis/ecosystem/gradle_catalogue.h"

#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

// What the scripts call an alias: "libs.a.b" of "a-b".
std::string accessor(std::string_view prefix, std::string_view alias) {
  std::string name = std::string(prefix).append(alias);
  for (char& c : name) {
    if (c == '-' || c == '_') c = '.';
  }
  return name;
}

}  // namespace

void read_gradle_catalogue(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_toml(source.text), facts);
  const auto version_of = [&](const Value& one) {
    const Value& version = one["version"];
    const Value& told = version["ref"] ? root["versions"][version["ref"].text] : version;
    if (!told.is_map()) return told.text;
    for (const std::string_view key : {"strictly", "require", "prefer"}) {
      if (told[key]) return told[key].text;
    }
    return std::string();
  };
  const auto add = [&](const Value& one, std::string_view prefix, const std::string& name,
                       std::string_view version) {
    facts.shared.push_back(
        {accessor(prefix, one.name), name + "@" + std::string(version), Use::kRuntime, one.line});
  };
  for (const Value& one : root["libraries"].items) {
    std::string name = one["module"].text;
    if (name.empty() && one["group"]) name = one["group"].text + ":" + one["name"].text;
    std::string version = version_of(one);
    if (one.is_string()) {
      const std::size_t last = one.text.rfind(':');
      name = one.text.substr(0, last);
      version = last == std::string::npos ? "" : one.text.substr(last + 1);
    }
    add(one, "libs.", name, version);
  }
  for (const Value& one : root["plugins"].items) {
    add(one, "libs.plugins.",
        one.is_map() ? one["id"].text : one.text.substr(0, one.text.find(':')), version_of(one));
  }
  for (const Value& one : root["bundles"].items) {
    std::string names;
    for (const Value& alias : one.items) names.append(accessor("libs.", alias.text)).append(" ");
    facts.shared.push_back(
        {accessor("libs.bundles.", one.name), std::move(names), Use::kRuntime, one.line});
  }
}

}  // namespace quarry::analysis::ecosystem
