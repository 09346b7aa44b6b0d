// PHP: Composer.
//
// Version, the first that is told: .php-version and asdf files (settings), config.platform.php,
// require.php.

#include "server/analysis/ecosystem/locks.h"
#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

void add_composer_packages(Facts& facts, const Value& map, Use use) {
  for (const Value& one : map.items) {
    // "php", "ext-json" and the like are the platform's, not packages.
    const bool platform = one.name.find('/') == std::string::npos;
    if (one.name == "php" && use == Use::kRuntime)
      add_version(facts, "PHP", one.text, one.line, 51);
    if (!platform) add_dependency(facts, one.name, one.text, use, one.line);
  }
}

void read_composer(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_json(source.text), facts);
  if (!root.is_map()) return;
  facts.name = root["name"].text;
  facts.version = root["version"].text;
  const Value& licence = root["license"];
  set_licence(facts, licence.is_list() && !licence.items.empty() ? licence.items[0] : licence);
  const Value& platform = root.find({"config", "platform", "php"});
  add_version(facts, "PHP", platform.text, platform.line, 50);
  add_composer_packages(facts, root["require"], Use::kRuntime);
  add_composer_packages(facts, root["require-dev"], Use::kDev);
  for (const Value& script : root["scripts"].items) {
    const bool event = script.name.starts_with("post-") || script.name.starts_with("pre-");
    const Value& first = script.items.empty() ? script : script.items.front();
    if (!event) facts.scripts.push_back({script.name, first.text, script.line});
  }
  const Value& bin = root["bin"];
  if (bin.is_string()) add_entry(facts, bin.text, "bin", bin.line);
  for (const Value& one : bin.items) add_entry(facts, one.text, "bin", one.line);
  for (const Value& one : root["repositories"].items) {
    if (one["type"].text == "path") add_member(facts, one["url"].text, one.line);
  }
}

constexpr Reader kPhpReaders[] = {
    {"composer.json", "packagist", "PHP", "Composer", Role::kModule, read_composer},
    {"composer.lock", "packagist", "", "composer", Role::kLock, read_composer_lock},
    {"artisan", "packagist", "PHP", "Artisan", Role::kPart},
    {"symfony.lock", "packagist", "", "Symfony Flex", Role::kPart},
};

}  // namespace

std::span<const Reader> php_readers() {
  return kPhpReaders;
}

}  // namespace quarry::analysis::ecosystem
