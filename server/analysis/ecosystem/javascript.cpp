// JavaScript and TypeScript: npm, pnpm, yarn, bun, Deno; workspaces of lerna, nx, turbo, rush,
// moon.
//
// Version of Node.js, the first that is told: .nvmrc, .node-version, mise and asdf files
// (settings), volta, engines, devEngines of package.json. Manager, the first that is told:
// packageManager of package.json, of its devEngines, then the lock files in the order of the rows,
// then engines; npm when nothing is.

#include <array>

#include "server/analysis/ecosystem/locks.h"
#include "server/analysis/ecosystem/nx.h"
#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

constexpr std::uint8_t kVolta = 40;
constexpr std::uint8_t kEngines = 50;
constexpr std::uint8_t kDevEngines = 51;

// A map alone, or each of a list.
std::vector<Value> each_of(const Value& value) {
  if (value["name"]) return {value};
  std::vector<Value> found;
  for (const Value& one : value.items) {
    if (one["name"]) found.push_back(one);
  }
  return found;
}

void read_manager(const Value& root, Facts& facts) {
  if (const Value& manager = root["packageManager"]) {
    const std::string_view text = manager.text;
    const std::size_t at = text.find('@');
    std::string_view version = at == std::string_view::npos ? "" : text.substr(at + 1);
    version = version.substr(0, version.find('+'));
    facts.managers.push_back(
        {std::string(text.substr(0, at)), std::string(version), manager.line, 0});
  }
  for (const Value& one : each_of(root["devEngines"]["packageManager"])) {
    facts.managers.push_back({one["name"].text, one["version"].text, one.line, 1});
  }
  // Where npm may be used too, nothing is told.
  const Value& npm = root["engines"]["npm"];
  const bool any = npm && !manifest::first_version(npm.text).empty();
  for (const std::string_view name : {"pnpm", "yarn", "bun"}) {
    const Value& engine = root["engines"][name];
    if (engine && !any) facts.managers.push_back({std::string(name), engine.text, engine.line, 90});
  }
}

// Of the conditions of an export what is run; declarations of types are not.
const Value& preferred_of(const Value& conditions) {
  for (const std::string_view name : {"import", "default", "node", "require"}) {
    if (const Value& one = conditions[name]) return one;
  }
  const auto runs = [](const Value& one) { return !one.name.starts_with("types"); };
  const auto first = std::ranges::find_if(conditions.items, runs);
  return first == conditions.items.end() ? conditions.items.front() : *first;
}

void read_entries(const Value& root, Facts& facts) {
  if (const Value& main = root["main"]) add_entry(facts, main.text, "main", main.line);
  const Value& bin = root["bin"];
  if (bin.is_string()) add_entry(facts, bin.text, "bin", bin.line);
  for (const Value& one : bin.items) add_entry(facts, one.text, "bin " + one.name, one.line);
  const Value& exports = root["exports"];
  if (exports.is_string()) add_entry(facts, exports.text, "exports", exports.line);
  if (const Value& dot = exports["."]) {
    const Value* at = &dot;
    while (at->is_map() && !at->items.empty()) {
      at = &preferred_of(*at);
    }
    if (at->is_string()) add_entry(facts, at->text, "exports", at->line);
  }
}

// Whether a word of a command is a program that runs the file that it is given.
bool runs_files(std::string_view word) {
  constexpr auto kRunners = std::to_array<std::string_view>(
      {"node", "nodemon", "tsx", "ts-node", "ts-node-dev", "ts-node-esm", "bun", "deno"});
  return std::ranges::find(kRunners, word.substr(word.rfind('/') + 1)) != kRunners.end();
}

bool takes_value(std::string_view option) {
  constexpr auto kOptions = std::to_array<std::string_view>(
      {"-r", "--require", "--import", "--loader", "--experimental-loader", "--preload", "--config",
       "-c", "--project", "-P", "--tsconfig", "--ignore", "-i", "-e", "--ext"});
  return std::ranges::find(kOptions, option) != kOptions.end();
}

// Whether what follows is no file but the program itself: node -e "require('./x')".
bool is_program_text(std::string_view option) {
  return option == "-e" || option == "--eval" || option == "-p" || option == "--print" ||
         option == "-pe";
}

bool is_script_file(std::string_view path) {
  for (const std::string_view end :
       {".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx"}) {
    if (path.ends_with(end)) return true;
  }
  return false;
}

// The file of "NODE_ENV=x node -r dotenv/config lib/boot.js", of "node bin/www" its name as it is;
// of several commands in a row the last one's, which is the one that goes on running.
std::string_view file_of_command(std::string_view command) {
  std::string_view runner;
  std::string_view file;
  std::string_view plain;  // an argument of Node.js without an extension
  bool skip = false;
  for (std::string_view word : manifest::words(command)) {
    while (!word.empty() && (word.front() == '"' || word.front() == '\'')) word.remove_prefix(1);
    while (!word.empty() && (word.back() == '"' || word.back() == '\'')) word.remove_suffix(1);
    const bool ends = word == "&&" || word == "||" || word == ";" || word == "|" || word == "&";
    if (std::exchange(skip, false)) continue;
    if (word == "cd") return {};  // its files lie elsewhere
    if (ends) {
      const bool found = !file.empty() || !plain.empty();
      if (found && word != "&&" && word != ";") break;
      runner = {};
    } else if (runs_files(word)) {
      if (runner.empty()) file = plain = {};
      runner = word;
    } else if (runner.empty()) {
      continue;
    } else if (file.empty() && plain.empty() && !runner.ends_with("nodemon") &&
               is_program_text(word)) {
      return {};
    } else if (word.starts_with('-')) {
      skip = takes_value(word);
    } else if (file.empty() && is_script_file(word)) {  // what follows are arguments of it
      file = word;
    } else if (file.empty() && plain.empty() && runner.ends_with("node")) {
      plain = word;
    }
  }
  return file.empty() ? plain : file;
}

// What the start script runs, else what the one for development does.
void add_started(Facts& facts) {
  for (const auto& [name, how] :
       {std::pair("start", kByStartScript), std::pair("dev", kByDevScript)}) {
    const auto script = std::ranges::find(facts.scripts, name, &Script::name);
    if (script == facts.scripts.end()) continue;
    const std::string_view file = file_of_command(script->command);
    if (file.empty()) continue;
    add_entry(facts, file, how, script->line);
    if (!is_script_file(file)) {
      add_entry(facts, std::string(file) + ".js", how, script->line);
    }
    return;
  }
}

// {"react": "npm:@preact/compat@17"} is @preact/compat of version 17.
void add_packages(Facts& facts, const Value& map, Use use) {
  constexpr std::string_view kAlias = "npm:";
  const std::size_t before = facts.dependencies.size();
  add_members(facts, map, use);
  for (std::size_t i = before; i < facts.dependencies.size(); ++i) {
    Dependency& one = facts.dependencies[i];
    if (!one.version.starts_with(kAlias)) continue;
    const std::string target = one.version.substr(kAlias.size());
    // Yarn writes a version of the package itself so: "npm:^4.18.0".
    const char first = target.empty() ? ' ' : target.front();
    if (first != '@' && (!manifest::is_word(first) || (first >= '0' && first <= '9'))) {
      one.version = target;
      continue;
    }
    const std::size_t at = target.find('@', 1);
    one.version = at == std::string::npos ? "" : target.substr(at + 1);
    one.name = target.substr(0, at);
  }
}

void read_package(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_json(source.text), facts);
  if (!root.is_map()) return;
  facts.name = root["name"].text;
  facts.version = root["version"].text;
  set_licence(facts, root["license"].is_map() ? root["license"]["type"] : root["license"]);
  add_packages(facts, root["dependencies"], Use::kRuntime);
  add_packages(facts, root["devDependencies"], Use::kDev);
  add_packages(facts, root["peerDependencies"], Use::kPeer);
  add_packages(facts, root["optionalDependencies"], Use::kOptional);
  for (const Value& script : root["scripts"].items) {
    facts.scripts.push_back({script.name, script.text, script.line});
  }
  const Value& workspaces = root["workspaces"];
  const Value& list = workspaces.is_map() ? workspaces["packages"] : workspaces;
  for (const Value& one : list.items) add_member(facts, one.text, one.line);
  for (const Value& one : workspaces["catalog"].items) {
    facts.shared.push_back({"catalog:" + one.name, one.text, Use::kRuntime, one.line});
  }
  const Value& volta = root["volta"]["node"];
  add_version(facts, "Node.js", volta.text, volta.line, kVolta);
  const Value& engine = root["engines"]["node"];
  add_version(facts, "Node.js", engine.text, engine.line, kEngines);
  for (const Value& one : each_of(root["devEngines"]["runtime"])) {
    if (one["name"].text == "node") {
      add_version(facts, "Node.js", one["version"].text, one["version"].line, kDevEngines);
    }
  }
  read_manager(root, facts);
  read_entries(root, facts);
  add_started(facts);
  const Value& port = root["config"]["port"];
  if (const std::uint32_t number = manifest::leading_port(port.text); number > 0) {
    facts.ports.push_back({number, PortSource::kConfig, true, "", port.line});
  }
}

void read_pnpm_workspace(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_yaml(source.text), facts);
  for (const Value& one : root["packages"].items) add_member(facts, one.text, one.line);
  for (const Value& one : root["catalog"].items) {
    facts.shared.push_back({"catalog:" + one.name, one.text, Use::kRuntime, one.line});
  }
  for (const Value& catalog : root["catalogs"].items) {
    for (const Value& one : catalog.items) {
      facts.shared.push_back(
          {"catalog:" + catalog.name + ":" + one.name, one.text, Use::kRuntime, one.line});
    }
  }
}

void read_lerna(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_json(source.text), facts);
  for (const Value& one : root["packages"].items) add_member(facts, one.text, one.line);
  if (const Value& client = root["npmClient"]) {
    facts.managers.push_back({client.text, "", client.line, 60});
  }
}

void read_rush(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_json(source.text), facts);
  for (const Value& one : root["projects"].items) {
    add_member(facts, one["projectFolder"].text, one.line);
  }
  for (const std::string_view name : {"pnpm", "npm", "yarn"}) {
    const Value& version = root[std::string(name) + "Version"];
    if (version) facts.managers.push_back({std::string(name), version.text, version.line, 1});
  }
  const Value& node = root["nodeSupportedVersionRange"];
  add_version(facts, "Node.js", node.text, node.line, kEngines);
}

void read_deno(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_json(source.text), facts);
  facts.name = root["name"].text;
  facts.version = root["version"].text;
  set_licence(facts, root["license"]);
  for (const Value& one : root["imports"].items) {
    std::string_view target = one.text;
    for (const std::string_view scheme : {"npm:", "jsr:"}) {
      if (!target.starts_with(scheme)) continue;
      target.remove_prefix(scheme.size());
      if (target.starts_with('/')) target.remove_prefix(1);
      const std::size_t at = target.find('@', 1);
      add_dependency(facts, target.substr(0, at),
                     at == std::string_view::npos ? "" : target.substr(at + 1), Use::kRuntime,
                     one.line);
    }
    const std::size_t host = target.find("deno.land/");
    if (target.starts_with("http") && host != std::string_view::npos) {
      target.remove_prefix(host + 10);
      if (target.starts_with("x/")) target.remove_prefix(2);
      const std::string_view path = target.substr(0, target.find('/'));
      const std::size_t at = path.find('@');
      add_dependency(facts, path.substr(0, at),
                     at == std::string_view::npos ? "" : path.substr(at + 1), Use::kRuntime,
                     one.line);
    }
  }
  for (const Value& task : root["tasks"].items) {
    facts.scripts.push_back(
        {task.name, task.is_map() ? task["command"].text : task.text, task.line});
  }
  const Value& workspace = root["workspace"];
  for (const Value& one : workspace.is_map() ? workspace["members"].items : workspace.items) {
    add_member(facts, one.text, one.line);
  }
  const Value& exports = root["exports"];
  if (exports.is_string()) add_entry(facts, exports.text, "exports", exports.line);
  add_started(facts);
}

// server: { port: 5222 } of Vite's settings, devServer of Nuxt's.
void read_server_settings(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kCurly);
  const bool nuxt = source.path.find("nuxt.config") != std::string_view::npos;
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    if (!tokens[i].is(nuxt ? "devServer" : "server") || !tokens[i + 1].is(":")) continue;
    if (!tokens[i + 2].is("{")) continue;
    const std::size_t end = list_end(tokens, i);
    std::size_t depth = 1;
    for (i += 3; i + 2 < end && depth > 0; ++i) {
      if (tokens[i].is("{")) ++depth;
      if (tokens[i].is("}")) --depth;
      if (depth != 1 || !tokens[i].is("port") || !tokens[i + 1].is(":")) continue;
      const std::uint32_t port = manifest::leading_port(tokens[i + 2].text);
      if (port > 0) facts.ports.push_back({port, PortSource::kConfig, true, "", tokens[i].line});
    }
  }
}

// Angular's workspace file: the projects' roots, and the ports of their servers.
void read_angular(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_json(source.text), facts);
  for (const Value& project : root["projects"].items) {
    const Value& port = project.find({"architect", "serve", "options", "port"});
    if (const std::uint32_t number = manifest::leading_port(port.text); number > 0) {
      facts.ports.push_back({number, PortSource::kConfig, true, "", port.line});
    }
  }
}

constexpr std::string_view kJs = "JavaScript";

constexpr Reader kJavascriptReaders[] = {
    {"package.json", "npm", kJs, "npm", Role::kModule, read_package},
    {"deno.json", "deno", "TypeScript", "Deno", Role::kModule, read_deno},
    {"deno.jsonc", "deno", "TypeScript", "Deno", Role::kModule, read_deno},
    {"pnpm-workspace.yaml", "npm", "", "pnpm", Role::kPart, read_pnpm_workspace},
    {"lerna.json", "npm", "", "Lerna", Role::kPart, read_lerna},
    {"nx.json", "npm", "", "Nx", Role::kPart},
    {"turbo.json", "npm", "", "Turborepo", Role::kPart},
    {"rush.json", "npm", "", "Rush", Role::kPart, read_rush},
    {"lage.config.js", "npm", "", "Lage", Role::kPart},
    {".moon/workspace.yml", "npm", "", "moon", Role::kPart},
    {"project.json", "nx", kJs, "Nx", Role::kModule, read_nx_project},
    {"angular.json", "npm", "", "Angular CLI", Role::kPart, read_angular},
    {"pnpm-lock.yaml", "npm", "", "pnpm", Role::kLock, read_pnpm_lock},
    {"bun.lock", "npm", "", "bun", Role::kLock, read_bun_lock},
    {"bun.lockb", "npm", "", "bun", Role::kLock},
    {".yarnrc.yml", "npm", "", "yarn", Role::kLock, nullptr, false},
    {"yarn.lock", "npm", "", "yarn", Role::kLock, read_yarn_lock},
    {"package-lock.json", "npm", "", "npm", Role::kLock, read_package_lock},
    {"npm-shrinkwrap.json", "npm", "", "npm", Role::kLock, read_package_lock},
    {"deno.lock", "deno", "", "Deno", Role::kLock},
    {"tsconfig.json", "npm", "", "TypeScript", Role::kPart},
    {"webpack.config.*", "npm", "", "webpack", Role::kPart},
    {"rollup.config.*", "npm", "", "Rollup", Role::kPart},
    {"vite.config.*", "npm", "", "Vite", Role::kPart, read_server_settings},
    {"nuxt.config.ts", "npm", "TypeScript", "", Role::kSettings, read_server_settings},
    {"nuxt.config.js", "npm", kJs, "", Role::kSettings, read_server_settings},
    {"Gruntfile.*", "npm", "", "Grunt", Role::kPart},
    {"gulpfile.*", "npm", "", "gulp", Role::kPart},
};

}  // namespace

std::span<const Reader> javascript_readers() {
  return kJavascriptReaders;
}

}  // namespace quarry::analysis::ecosystem
