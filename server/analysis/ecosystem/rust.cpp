// Rust: Cargo packages and workspaces.
//
// Version, the first that is told: rust-toolchain.toml, rust-toolchain, asdf files, rust-version of
// the package, of the workspace. An edition is no version.

#include "server/analysis/ecosystem/locks.h"
#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

void add_crates(Facts& facts, const Value& table, Use use) {
  for (const Value& one : table.items) {
    const Value& version = one["version"];
    const Value& package = one["package"];
    std::string text = one.is_map() ? version.text : one.text;
    if (text.empty() && one["workspace"].is_true()) text = "workspace";
    const bool optional = use == Use::kRuntime && one["optional"].is_true();
    add_dependency(facts, package ? package.text : one.name, text, optional ? Use::kOptional : use,
                   one.line);
  }
}

void add_tables(Facts& facts, const Value& root) {
  add_crates(facts, root["dependencies"], Use::kRuntime);
  add_crates(facts, root["dev-dependencies"], Use::kDev);
  add_crates(facts, root["build-dependencies"], Use::kBuild);
}

// "version.workspace = true" is the workspace's.
Value own_or_shared(const Value& value) {
  Value own = value;
  if (value["workspace"].is_true()) own.text = kOfWorkspace;
  return own;
}

void share(Facts& facts, std::string_view name, const Value& value) {
  if (!value.text.empty()) {
    facts.shared.push_back({std::string(name), value.text, Use::kRuntime, value.line});
  }
}

// Without a path its file is the one of those that is there: where Cargo looks for it.
void add_bin(Facts& facts, const Value& bin) {
  const std::string& name = bin["name"].text;
  if (const Value& path = bin["path"]) {
    add_entry(facts, path.text, "bin " + name, bin.line);
    return;
  }
  const std::string how = "bin " + name;
  if (name == facts.name) add_entry(facts, "src/main.rs", how, bin.line);
  add_entry(facts, "src/bin/" + name + ".rs", how, bin.line);
  add_entry(facts, "src/bin/" + name + "/main.rs", how, bin.line);
}

void read_cargo(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_toml(source.text), facts);
  if (!root.is_map()) return;
  const Value& package = root["package"];
  const Value& workspace = root["workspace"];
  facts.no_module = !package;
  facts.name = package["name"].text;
  facts.version = own_or_shared(package["version"]).text;
  set_licence(facts, own_or_shared(package["license"]));
  share(facts, kSharedVersion, workspace["package"]["version"]);
  share(facts, kSharedLicence, workspace["package"]["license"]);
  add_tables(facts, root);
  for (const Value& target : root["target"].items) add_tables(facts, target);
  const Value& version = package["rust-version"];
  // "rust-version.workspace = true" is the workspace's; without it a package has none.
  const bool inherited = version.is_map() && version["workspace"].is_true();
  add_version(facts, "Rust", inherited ? kOfWorkspace : std::string_view(version.text),
              version.line, 50);
  const Value& shared_version = workspace["package"]["rust-version"];
  add_version(facts, std::string("Rust ").append(kOfWorkspace), shared_version.text,
              shared_version.line, 51);
  for (const Value& one : workspace["members"].items) add_member(facts, one.text, one.line);
  // With all that lies below.
  for (const Value& one : workspace["exclude"].items) {
    const std::string_view path = one.text;
    const std::size_t end = path.find_last_not_of('/') + 1;  // "fuzz/"
    add_member(facts, std::string("!").append(path.substr(0, end)).append("/**"), one.line);
  }
  for (const Value& one : workspace["dependencies"].items) {
    const Value& text = one["version"];
    facts.shared.push_back({one.name, text ? text.text : one.text, Use::kRuntime, one.line});
  }
  if (const Value& program = package["default-run"]) {
    facts.scripts.push_back({std::string(kDefaultRun), program.text, program.line});
  }
  for (const Value& bin : root["bin"].items) add_bin(facts, bin);
  const Value& lib = root["lib"]["path"];
  if (lib) add_entry(facts, lib.text, "lib", lib.line);
}

void read_toolchain(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_toml(source.text), facts);
  const Value& channel = root["toolchain"]["channel"];
  add_version(facts, "Rust", channel.text, channel.line, 10);
}

void read_plain_toolchain(const Source& source, Facts& facts) {
  if (source.text.find('[') != std::string_view::npos) return read_toolchain(source, facts);
  add_version(facts, "Rust", manifest::trim(source.text.substr(0, source.text.find('\n'))), 1, 11);
}

constexpr Reader kRustReaders[] = {
    {"Cargo.toml", "cargo", "Rust", "Cargo", Role::kModule, read_cargo},
    {"Cargo.lock", "cargo", "", "cargo", Role::kLock, read_package_tables},
    {"rust-toolchain.toml", "cargo", "", "", Role::kSettings, read_toolchain},
    {"rust-toolchain", "cargo", "", "", Role::kSettings, read_plain_toolchain},
};

}  // namespace

std::span<const Reader> rust_readers() {
  return kRustReaders;
}

}  // namespace quarry::analysis::ecosystem
