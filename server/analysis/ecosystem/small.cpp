// Ecosystems whose manifests take few lines to read: Zig, Nim, Crystal, Perl, R, Julia, Lua, D,
// Fortran (fpm), V.

#include "server/analysis/ecosystem/reading.h"
#include "server/base/newlines.h"

namespace quarry::analysis::ecosystem {
namespace {

// .{ .name = "x", .version = "1", .dependencies = .{ .zap = .{ .url = "..." } } }
void read_zon(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kCurly);
  bool dependencies = false;
  int depth = 0;
  int depth_of_dependencies = 0;
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    if (tokens[i].is("{")) ++depth;
    if (tokens[i].is("}")) dependencies = dependencies && --depth >= depth_of_dependencies;
    if (!tokens[i].is_word() || !tokens[i].text.starts_with('.') || !tokens[i + 1].is("="))
      continue;
    const std::string_view key = tokens[i].text.substr(1);
    if (depth == 1 && key == "name") {
      facts.name = tokens[i + 2].text;
      if (facts.name.starts_with('.')) facts.name.erase(0, 1);
    }
    if (depth == 1 && key == "version") facts.version = tokens[i + 2].text;
    if (key == "minimum_zig_version") {
      add_version(facts, "Zig", tokens[i + 2].text, tokens[i].line, 50);
    }
    if (key == "dependencies" && depth == 1) {
      dependencies = true;
      depth_of_dependencies = 2;
    } else if (dependencies && depth == 2) {
      add_dependency(facts, key, "", Use::kRuntime, tokens[i].line);
    }
  }
}

// b.step("run", "..."): the steps that it has.
void read_build_zig(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kCurly);
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    const bool step = tokens[i].is_word() && tokens[i].text.ends_with(".step");
    if (step && tokens[i + 1].is("(") && tokens[i + 2].is_string()) {
      facts.scripts.push_back({std::string(tokens[i + 2].text), "", tokens[i].line});
    }
  }
}

// requires "nim >= 2.0", "jester"; srcDir = "src"; bin = @["app"]
void read_nimble(const Source& source, Facts& facts) {
  const std::string_view file = source.path.substr(source.path.rfind('/') + 1);
  facts.name = file.substr(0, file.rfind('.'));
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kNim);
  std::string_view folder;               // srcDir = "src"
  std::size_t programs = tokens.size();  // bin = @["app"]
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const Token& at = tokens[i];
    if (i + 2 < tokens.size() && tokens[i + 1].is("=") && tokens[i + 2].is_string()) {
      if (at.is("version")) facts.version = tokens[i + 2].text;
      if (at.is("license")) {
        facts.licence = tokens[i + 2].text;
        facts.licence_line = at.line;
      }
    }
    if (at.is("task")) facts.scripts.push_back({std::string(tokens[i + 1].text), "", at.line});
    if (at.is("srcDir") && i + 2 < tokens.size()) folder = tokens[i + 2].text;
    if (at.is("bin") && tokens[i + 1].is("=")) programs = i + 2;
    if (!at.is("requires")) continue;
    for (std::size_t j = i + 1; j < list_end(tokens, i); ++j) {
      if (tokens[j].kind == Token::Kind::kLineEnd && !tokens[j - 1].is(",")) break;
      if (!tokens[j].is_string()) continue;
      const std::string_view text = tokens[j].text;
      const std::size_t end = std::min(text.find_first_of(" <>=#@"), text.size());
      const std::string_view bound = manifest::trim(text.substr(end));
      if (text.substr(0, end) == "nim") {
        add_version(facts, "Nim", bound, tokens[j].line, 50);
      } else {
        add_dependency(facts, text.substr(0, end), bound, Use::kRuntime, tokens[j].line);
      }
    }
  }
  for (; programs < tokens.size() && tokens[programs].kind != Token::Kind::kLineEnd; ++programs) {
    const Token& one = tokens[programs];
    if (!one.is_string()) continue;
    std::string path(folder);
    if (!path.empty()) path.push_back('/');
    add_entry(facts, path.append(one.text).append(".nim"), std::string(kProgram).append(one.text),
              one.line);
  }
}

void read_shard(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_yaml(source.text), facts);
  facts.name = root["name"].text;
  facts.version = root["version"].text;
  set_licence(facts, root["license"]);
  const Value& crystal = root["crystal"];
  add_version(facts, "Crystal", crystal.text, crystal.line, 50);
  add_members(facts, root["dependencies"], Use::kRuntime);
  add_members(facts, root["development_dependencies"], Use::kDev);
  for (const Value& one : root["targets"].items) {
    add_entry(facts, one["main"].text, "target " + one.name, one.line);
  }
}

// requires 'Mojolicious', '>= 9.0'; on 'test' => sub { requires ... };
void read_cpanfile(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kPerl);
  Use block = Use::kRuntime;
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const Token& at = tokens[i];
    if (at.is("on")) {
      const std::string_view phase = tokens[i + 1].text;
      block = phase == "test"      ? Use::kTest
              : phase == "develop" ? Use::kDev
              : phase == "runtime" ? Use::kRuntime
                                   : Use::kBuild;
    }
    if (at.is("}")) block = Use::kRuntime;
    const bool test = at.is("test_requires");
    if (!at.is("requires") && !at.is("recommends") && !test) continue;
    const std::string_view name = tokens[i + 1].text;
    std::string_view version;
    for (std::size_t j = i + 2; j < tokens.size() && j < i + 5 && !tokens[j].is(";"); ++j) {
      if (tokens[j].is_string() || (tokens[j].is_word() && manifest::is_digit(tokens[j].text[0]))) {
        version = tokens[j].text;
      }
    }
    if (name == "perl") {
      add_version(facts, "Perl", version, at.line, 50);
    } else {
      add_dependency(facts, name, version == "0" ? "" : version,
                     test                  ? Use::kTest
                     : at.is("recommends") ? Use::kOptional
                                           : block,
                     at.line);
    }
  }
}

// WriteMakefile(NAME => 'X', PREREQ_PM => { 'A' => 0 })
void read_makefile_pl(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kPerl);
  for (std::size_t i = 0; i + 3 < tokens.size(); ++i) {
    // "use v5.16;", "use 5.016;"
    if (tokens[i].is("use") && tokens[i + 1].is_word()) {
      const std::string_view least =
          tokens[i + 1].text.substr(tokens[i + 1].text[0] == 'v' ? 1 : 0);
      if (!least.empty() && manifest::is_digit(least[0])) {
        add_version(facts, "Perl", least, tokens[i].line, 55);
      }
    }
    if (tokens[i].is("NAME") && tokens[i + 3].is_string()) facts.name = tokens[i + 3].text;
    if (tokens[i].is("LICENSE") && tokens[i + 3].is_string()) {
      facts.licence = tokens[i + 3].text;
      facts.licence_line = tokens[i].line;
    }
    if (tokens[i].is("MIN_PERL_VERSION")) {
      add_version(facts, "Perl", tokens[i + 3].text, tokens[i].line, 50);
    }
    const bool test = tokens[i].is("TEST_REQUIRES");
    if (!test && !tokens[i].is("PREREQ_PM")) continue;
    for (std::size_t j = i + 1; j + 3 < list_end(tokens, i) && !tokens[j].is("}"); ++j) {
      if (!tokens[j + 1].is("=") || !tokens[j + 2].is(">") || tokens[j].is("PREREQ_PM") || test) {
        if (!tokens[j + 1].is("=") || tokens[j].is("TEST_REQUIRES")) continue;
      }
      add_dependency(facts, tokens[j].text, tokens[j + 3].text == "0" ? "" : tokens[j + 3].text,
                     test ? Use::kTest : Use::kRuntime, tokens[j].line);
    }
  }
}

// DESCRIPTION of an R package: "Imports: dplyr (>= 1.0), rlang" with continued lines.
void read_description(const Source& source, Facts& facts) {
  const Value root = manifest::parse_ini(source.text).root;
  facts.no_module = !root["Package"];
  facts.name = root["Package"].text;
  facts.version = root["Version"].text;
  set_licence(facts, root["License"]);
  constexpr std::pair<std::string_view, Use> kFields[] = {{"Depends", Use::kRuntime},
                                                          {"Imports", Use::kRuntime},
                                                          {"LinkingTo", Use::kBuild},
                                                          {"Suggests", Use::kDev}};
  for (const auto& [field, use] : kFields) {
    const Value& list = root[field];
    std::uint32_t line = list.line;
    for (const std::string_view part : manifest::split(list.text, ',')) {
      const std::string_view text = manifest::trim(part);
      // Each in the line in which it stands.
      const std::size_t begin = std::min(part.find_first_not_of(" \t\r\n"), part.size());
      const std::uint32_t at =
          line + static_cast<std::uint32_t>(count_newlines(part.substr(0, begin)));
      line += static_cast<std::uint32_t>(count_newlines(part));
      const std::size_t open = text.find('(');
      const std::string_view name = manifest::trim(text.substr(0, open));
      std::string_view bound;
      if (open != std::string_view::npos) bound = text.substr(open + 1, text.find(')') - open - 1);
      if (name == "R") {
        add_version(facts, "R", bound, list.line, 50);
      } else {
        add_dependency(facts, name, bound, use, at);
      }
    }
  }
}

void read_renv(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_json(source.text), facts);
  const Value& version = root["R"]["Version"];
  add_version(facts, "R", version.text, version.line, 40);
  for (const Value& one : root["Packages"].items) {
    add_dependency(facts, one.name, one["Version"].text, Use::kRuntime, one.line);
  }
}

void read_julia(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_toml(source.text), facts);
  facts.name = root["name"].text;
  facts.version = root["version"].text;
  const Value& compat = root["compat"];
  add_version(facts, "Julia", compat["julia"].text, compat["julia"].line, 50);
  for (const Value& one : root["deps"].items) {
    add_dependency(facts, one.name, compat[one.name].text, Use::kRuntime, one.line);
  }
  for (const Value& one : root["extras"].items) {
    add_dependency(facts, one.name, compat[one.name].text, Use::kTest, one.line);
  }
  facts.no_module = !root["deps"] && !root["uuid"];
}

// dependencies = { "lua >= 5.1", "luasocket" }
void read_rockspec(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kLua);
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    if (!tokens[i].is_word() || !tokens[i + 1].is("=")) continue;
    if (tokens[i].is("package") && tokens[i + 2].is_string()) facts.name = tokens[i + 2].text;
    if (tokens[i].is("version") && tokens[i + 2].is_string()) facts.version = tokens[i + 2].text;
    if (tokens[i].is("license") && tokens[i + 2].is_string()) {
      facts.licence = tokens[i + 2].text;
      facts.licence_line = tokens[i].line;
    }
    const bool test = tokens[i].is("test_dependencies");
    if ((!tokens[i].is("dependencies") && !test) || !tokens[i + 2].is("{")) continue;
    for (std::size_t j = i + 3; j < list_end(tokens, i) && !tokens[j].is("}"); ++j) {
      if (!tokens[j].is_string()) continue;
      const std::string_view text = tokens[j].text;
      const std::size_t end = std::min(text.find_first_of(" <>=~"), text.size());
      const std::string_view bound = manifest::trim(text.substr(end));
      if (text.substr(0, end) == "lua") {
        add_version(facts, "Lua", bound, tokens[j].line, 50);
      } else {
        add_dependency(facts, text.substr(0, end), bound, test ? Use::kTest : Use::kRuntime,
                       tokens[j].line);
      }
    }
  }
}

// A type of target that is no program is a script of that name.
void set_target_type(Facts& facts, std::string_view type, std::uint32_t line) {
  if (type.ends_with("ibrary") || type == "none") facts.scripts.push_back({"library", "", line});
}

void read_dub(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_json(source.text), facts);
  facts.name = root["name"].text;
  set_target_type(facts, root["targetType"].text, root["targetType"].line);
  set_licence(facts, root["license"]);
  add_members(facts, root["dependencies"], Use::kRuntime);
}

// name "a", dependency "vibe-d" version="~>0.9"; what stands in braces is of other packages and of
// configurations.
void read_dub_sdl(const Source& source, Facts& facts) {
  constexpr manifest::Syntax kSdl = {"// # --", "/*", "*/", "\"`", "_-.:"};
  const std::vector<Token> tokens = manifest::tokens(source.text, kSdl);
  std::size_t depth = 0;
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const Token& at = tokens[i];
    if (at.is("{")) ++depth;
    if (at.is("}") && depth > 0) --depth;
    const bool first = i == 0 || tokens[i - 1].kind == Token::Kind::kLineEnd;
    const Token& value = tokens[i + 1];
    if (depth > 0 || !first || !at.is_word() || !value.is_string()) continue;
    if (at.is("name")) facts.name = value.text;
    if (at.is("targetType")) set_target_type(facts, value.text, at.line);
    if (at.is("license")) {
      facts.licence = value.text;
      facts.licence_line = at.line;
    }
    if (!at.is("dependency")) continue;
    std::string_view version;
    for (std::size_t j = i + 2; j + 2 < list_end(tokens, i); ++j) {
      if (tokens[j].kind == Token::Kind::kLineEnd) break;
      if (tokens[j].is("version") && tokens[j + 1].is("=")) version = tokens[j + 2].text;
    }
    add_dependency(facts, value.text, version, Use::kRuntime, at.line);
  }
}

void read_fpm(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_toml(source.text), facts);
  facts.name = root["name"].text;
  facts.version = root["version"].text;
  set_licence(facts, root["license"]);
  add_members(facts, root["dependencies"], Use::kRuntime);
}

constexpr Reader kSmallReaders[] = {
    {"build.zig", "zig", "Zig", "Zig", Role::kModule, read_build_zig},
    {"build.zig.zon", "zig", "Zig", "Zig", Role::kModule, read_zon},
    {"*.nimble", "nimble", "Nim", "Nimble", Role::kModule, read_nimble},
    {"shard.yml", "shards", "Crystal", "Shards", Role::kModule, read_shard},
    {"shard.lock", "shards", "", "shards", Role::kLock},
    {"cpanfile", "cpan", "Perl", "CPAN", Role::kModule, read_cpanfile},
    {"Makefile.PL", "cpan", "Perl", "MakeMaker", Role::kModule, read_makefile_pl},
    {"dist.ini", "cpan", "Perl", "Dist::Zilla", Role::kPart},
    {"DESCRIPTION", "cran", "R", "R", Role::kModule, read_description},
    {"renv.lock", "cran", "R", "renv", Role::kModule, read_renv},
    {"cpanfile.snapshot", "cpan", "", "carton", Role::kLock},
    {"Project.toml", "julia", "Julia", "Pkg", Role::kModule, read_julia},
    {"Manifest.toml", "julia", "", "Pkg", Role::kLock},
    {"*.rockspec", "luarocks", "Lua", "LuaRocks", Role::kModule, read_rockspec},
    {"luarocks.lock", "luarocks", "", "luarocks", Role::kLock},
    {"nimble.lock", "nimble", "", "nimble", Role::kLock},
    {"dub.selections.json", "dub", "", "dub", Role::kLock},
    {"dub.json", "dub", "D", "Dub", Role::kModule, read_dub},
    {"dub.sdl", "dub", "D", "Dub", Role::kModule, read_dub_sdl},
    {"fpm.toml", "fpm", "Fortran", "fpm", Role::kModule, read_fpm},
    {"v.mod", "vpm", "V", "V", Role::kModule},
    {"foundry.toml", "foundry", "Solidity", "Foundry", Role::kModule},
};

}  // namespace

std::span<const Reader> small_readers() {
  return kSmallReaders;
}

}  // namespace quarry::analysis::ecosystem
