#include <algorithm>

#include "server/analysis/ecosystem/locks.h"
#include "server/analysis/manifest/json_strings.h"
#include "server/analysis/manifest/text.h"

namespace quarry::analysis::ecosystem {
namespace {

using Keys = std::span<const std::string_view>;

// What was read of a list's element so far: "packages": [{"name": ..., "version": ...}].
struct Element {
  std::string name;
  std::string version;
};

}  // namespace

// "packages": {"node_modules/express": {...}, "packages/a/node_modules/b": {...}} since version 2;
// "dependencies": {"express": {...}} of version 1.
void read_package_lock(const Source& source, Facts& facts) {
  constexpr std::string_view kFolder = "node_modules/";
  manifest::for_each_json_string(source.text, [&](Keys keys, std::string_view value) {
    if (keys.size() != 3 || keys[2] != "version") return;
    if (keys[0] == "dependencies") return add_locked(facts, std::string(keys[1]), value);
    if (keys[0] != "packages") return;
    const std::size_t at = keys[1].find(kFolder);
    if (at == std::string_view::npos) return;
    const std::string_view name = keys[1].substr(at + kFolder.size());
    if (name.find(kFolder) != std::string_view::npos) return;  // another package's own
    std::string_view owner = keys[1].substr(0, at);
    if (owner.ends_with('/')) owner.remove_suffix(1);
    add_locked(facts,
               owner.empty() ? std::string(name) : std::string(owner).append(":").append(name),
               value);
  });
}

// "packages": {"express": ["express@4.18.2", ...]}, of what others need "others/express".
void read_bun_lock(const Source& source, Facts& facts) {
  manifest::for_each_json_string(source.text, [&](Keys keys, std::string_view value) {
    if (keys.size() != 3 || keys[0] != "packages" || keys[2] != "0") return;
    const std::size_t at = value.rfind('@');
    if (at == 0 || at == std::string_view::npos) return;
    const std::string_view version = value.substr(at + 1);
    if (version.find(':') == std::string_view::npos && value.substr(0, at) == keys[1]) {
      add_locked(facts, std::string(keys[1]), version);
    }
  });
}

void read_pipfile_lock(const Source& source, Facts& facts) {
  manifest::for_each_json_string(source.text, [&](Keys keys, std::string_view value) {
    if (keys.size() != 3 || keys[2] != "version") return;
    if (keys[0] != "default" && keys[0] != "develop") return;
    std::string name = manifest::lower(keys[1]);
    std::ranges::replace(name, '_', '-');
    std::ranges::replace(name, '.', '-');
    add_locked(facts, std::move(name),
               value.substr(std::min(value.find_first_not_of('='), value.size())));
  });
}

void read_composer_lock(const Source& source, Facts& facts) {
  Element element;
  std::string last;  // which element
  manifest::for_each_json_string(source.text, [&](Keys keys, std::string_view value) {
    if (keys.size() != 3 || (keys[0] != "packages" && keys[0] != "packages-dev")) return;
    const std::string now = std::string(keys[0]).append("/").append(keys[1]);
    if (now != last) element = {};
    last = now;
    if (keys[2] == "name") element.name = value;
    if (keys[2] == "version") element.version = value.starts_with('v') ? value.substr(1) : value;
    if (element.name.empty() || element.version.empty()) return;
    add_locked(facts, std::move(element.name), element.version);
    element = {};
  });
}

// "dependencies": {"net8.0": {"Serilog": {"type": "Direct", "resolved": "3.1.1"}}}
void read_nuget_lock(const Source& source, Facts& facts) {
  manifest::for_each_json_string(source.text, [&](Keys keys, std::string_view value) {
    if (keys.size() != 4 || keys[0] != "dependencies" || keys[3] != "resolved") return;
    add_locked(facts, std::string(keys[2]), value);
  });
}

}  // namespace quarry::analysis::ecosystem
