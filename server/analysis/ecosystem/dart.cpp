// Dart and Flutter: pub, its workspaces and melos.
//
// Version, the first that is told: .fvmrc, environment.flutter, environment.sdk.

#include "server/analysis/ecosystem/locks.h"
#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

void add_packages(Facts& facts, const Value& map, Use use) {
  for (const Value& one : map.items) {
    const Value& version = one["version"];
    const Value& sdk = one["sdk"];
    add_dependency(facts, one.name, version ? version.text : sdk ? "sdk" : one.text, use, one.line);
  }
}

void read_pubspec(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_yaml(source.text), facts);
  facts.name = root["name"].text;
  facts.version = root["version"].text;
  const Value& sdk = root["environment"]["sdk"];
  add_version(facts, "Dart", sdk.text, sdk.line, 51);
  add_packages(facts, root["dependencies"], Use::kRuntime);
  add_packages(facts, root["dev_dependencies"], Use::kDev);
  for (const Value& one : root["workspace"].items) add_member(facts, one.text, one.line);
  for (const Value& one : root["executables"].items) {
    add_entry(facts, "bin/" + (one.text.empty() ? one.name : one.text) + ".dart", "executable",
              one.line);
  }
}

void read_melos(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_yaml(source.text), facts);
  for (const Value& one : root["packages"].items) add_member(facts, one.text, one.line);
  for (const Value& one : root["scripts"].items) {
    facts.scripts.push_back({one.name, one["run"] ? one["run"].text : one.text, one.line});
  }
}

constexpr Reader kDartReaders[] = {
    {"pubspec.yaml", "pub", "Dart", "pub", Role::kModule, read_pubspec},
    {"pubspec.lock", "pub", "", "pub", Role::kLock, read_pubspec_lock},
    {"melos.yaml", "pub", "", "Melos", Role::kPart, read_melos},
};

}  // namespace

std::span<const Reader> dart_readers() {
  return kDartReaders;
}

}  // namespace quarry::analysis::ecosystem
