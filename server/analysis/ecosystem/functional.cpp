// Haskell (Cabal, Stack, hpack), OCaml (dune, opam), PureScript and Elm.
//
// Version of GHC: the bound on base; of OCaml: the bound on ocaml. Which GHC a resolver of
// stack.yaml has is not told. Manager: lock files, then cabal where a package or a project is
// written for it, then stack.

#include <algorithm>
#include <array>

#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

// "base >=4.7 && <5, text" of Cabal's fields.
void add_bounds(Facts& facts, std::string_view list, Use use, std::uint32_t line) {
  for (const std::string_view part : manifest::split(list, ',')) {
    const std::string_view text = manifest::trim(part);
    std::size_t end = 0;
    while (end < text.size() && (manifest::is_word(text[end]) || text[end] == '-')) ++end;
    const std::string_view name = text.substr(0, end);
    const std::string_view version = manifest::trim(text.substr(end));
    if (name == "base" && !version.empty()) {
      add_version(facts, "Haskell", "base " + std::string(version), line, 60);
    }
    add_dependency(facts, name, version, use, line);
  }
}

// (executable (name main)), (executables (names a b)): native programs that are always built.
void read_dune(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kLisp);
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    if (!tokens[i].is("(")) continue;
    if (!tokens[i + 1].is("executable") && !tokens[i + 1].is("executables")) continue;
    std::vector<const Token*> names;
    bool native = true;
    const std::size_t end = list_end(tokens, i);
    std::string_view field;
    std::size_t depth = 0;
    for (; i < end; ++i) {
      if (tokens[i].is("(") && ++depth == 2 && i + 1 < end) field = tokens[i + 1].text;
      if (tokens[i].is(")") && --depth == 0) break;
      if (depth != 2 || !tokens[i].is_word() || tokens[i - 1].is("(")) continue;
      if (field == "name" || field == "names") names.push_back(&tokens[i]);
      if (field == "modes") native = tokens[i].is("exe") || tokens[i].is("native");
      if (field == "enabled_if" || field == "optional") native = false;
    }
    for (const Token* one : names) {
      if (!native) break;
      add_entry(facts, std::string(one->text) + ".ml", std::string(kProgram).append(one->text),
                one->line);
    }
  }
}

// A program, its file in the first of its folders: "app, src".
void add_program(Facts& facts, std::string_view folders, std::string_view file,
                 std::string_view name, std::uint32_t line) {
  std::string path(manifest::trim(folders.substr(0, folders.find_first_of(", \t"))));
  if (path == "." || file.empty()) path.clear();
  if (!path.empty() && !path.ends_with('/')) path.push_back('/');
  add_entry(facts, path.append(file), "executable " + std::string(name), line);
}

// Fields by indentation: "build-depends: a, b" goes on in lines that are indented deeper.
void read_cabal(const Source& source, Facts& facts) {
  facts.managers.push_back({"cabal", "", 0, 89});
  std::string section;
  std::string target;   // of the section, as it is written
  std::string folders;  // of the section
  Entry program;        // of the section; its path is as it is written
  bool depends = false;
  bool places = false;
  std::size_t indent_of_field = 0;
  const auto finish_section = [&] {
    if (!program.path.empty()) {
      add_program(facts, folders, program.path, program.how, program.line);
    }
    program = {};
    folders.clear();
  };
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t number) {
    const std::string_view text = manifest::trim(line);
    if (text.empty() || text.starts_with("--")) return;
    const std::size_t indent = static_cast<std::size_t>(text.data() - line.data());
    const Use use =
        section.starts_with("test") || section.starts_with("bench") ? Use::kTest : Use::kRuntime;
    if (depends && indent > indent_of_field) {
      add_bounds(facts, text, use, number);
      return;
    }
    if (places && indent > indent_of_field) {
      if (folders.empty()) folders = manifest::trim(text.substr(text.front() == ',' ? 1 : 0));
      return;
    }
    depends = false;
    places = false;
    const std::size_t colon = text.find(':');
    const std::string key = manifest::lower(text.substr(0, std::min(colon, text.find(' '))));
    const std::string_view value =
        colon == std::string_view::npos ? "" : manifest::trim(text.substr(colon + 1));
    if (colon == std::string_view::npos) {
      if (indent > 0) return;
      finish_section();
      section = manifest::lower(text);
      target = manifest::trim(text.substr(std::min(text.find_first_of(" \t"), text.size())));
    } else if (key == "name" && indent == 0) {
      facts.name = value;
    } else if (key == "version" && indent == 0) {
      facts.version = value;
    } else if (key == "license" && indent == 0) {
      facts.licence = value;
      facts.licence_line = number;
    } else if (key == "main-is") {
      if (section.starts_with("executable") && !target.empty()) {
        program = {std::string(value), target, number};
      }
    } else if (key == "buildable" && manifest::lower(value) == "false") {
      program = {};
    } else if (key == "hs-source-dirs") {
      places = true;
      indent_of_field = indent;
      folders = value;
    } else if (key == "build-depends" || key == "build-tool-depends") {
      depends = true;
      indent_of_field = indent;
      add_bounds(facts, value, key == "build-depends" ? use : Use::kBuild, number);
    }
  });
  finish_section();
}

void add_names(Facts& facts, const Value& list, Use use) {
  for (const Value& one : list.items) {
    add_bounds(facts,
               one.is_map()       ? one["name"].text
               : one.name.empty() ? one.text
                                  : one.name,
               use, one.line);
  }
}

void read_hpack(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_yaml(source.text), facts);
  // pnpm's package.yaml has a map of them.
  const Value& dependencies = root["dependencies"];
  const auto has = [&](std::string_view key) { return static_cast<bool>(root[key]); };
  facts.no_module =
      dependencies.is_map() &&
      std::ranges::none_of(
          std::to_array<std::string_view>({"library", "internal-libraries", "foreign-library",
                                           "executable", "executables", "tests", "benchmarks"}),
          has);
  if (facts.no_module) return;
  facts.name = root["name"].text;
  facts.version = root["version"].text;
  set_licence(facts, root["license"]);
  add_names(facts, dependencies, Use::kRuntime);
  add_names(facts, root["library"]["dependencies"], Use::kRuntime);
  for (const Value& one : root["executables"].items) {
    add_names(facts, one["dependencies"], Use::kRuntime);
    const Value& folders = one["source-dirs"];
    add_program(facts, folders.items.empty() ? folders.text : folders.items.front().text,
                one["main"].text, one.name, one.line);
  }
  for (const Value& one : root["tests"].items) add_names(facts, one["dependencies"], Use::kTest);
}

void read_stack(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_yaml(source.text), facts);
  const Value& resolver = root["resolver"] ? root["resolver"] : root["snapshot"];
  facts.managers.push_back({"stack", "", resolver.line, 90});
  for (const Value& one : root["packages"].items) add_member(facts, one.text, one.line);
}

void read_cabal_project(const Source& source, Facts& facts) {
  facts.managers.push_back({"cabal", "", 0, 88});
  const Value root = manifest::parse_ini(source.text).root;
  for (const Value& one : root.items) {
    if (one.name != "packages") continue;
    for (const std::string_view word : manifest::words(one.text)) {
      std::string_view folder = word.substr(0, word.rfind('/') + 1);
      if (!folder.empty() || word.find(".cabal") == std::string_view::npos) {
        add_member(facts, folder.empty() ? word : folder, one.line);
      }
    }
  }
}

// opam's "depends: [ "dune" {>= "3.0"} ]"
void read_opam(const Source& source, Facts& facts) {
  manifest::Syntax syntax = manifest::kPython;
  syntax.quotes = "\"";
  syntax.word_marks = "_-";
  const std::vector<Token> tokens = manifest::tokens(source.text, syntax);
  const std::string_view file = source.path.substr(source.path.rfind('/') + 1);
  if (file != "opam") facts.name = file.substr(0, file.rfind('.'));
  // Where a project keeps the files of its packages.
  facts.no_module =
      source.path.starts_with("opam/") || source.path.ends_with("/opam/" + std::string(file));
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    if (!tokens[i].is_word() || !tokens[i + 1].is(":")) continue;
    if (tokens[i].is("version") && tokens[i + 2].is_string()) facts.version = tokens[i + 2].text;
    if (tokens[i].is("license") && tokens[i + 2].is_string()) {
      facts.licence = tokens[i + 2].text;
      facts.licence_line = tokens[i].line;
    }
    if (!tokens[i].is("depends") || !tokens[i + 2].is("[")) continue;
    // Each list is walked once, and the next is looked for behind it.
    const std::size_t end = list_end(tokens, i);
    for (i += 3; i < end && !tokens[i].is("]"); ++i) {
      if (!tokens[i].is_string()) continue;
      std::string version;
      Use use = Use::kRuntime;
      const std::size_t name = i;
      if (i + 1 < end && tokens[i + 1].is("{")) {
        for (++i; i < end && !tokens[i].is("}"); ++i) {
          if (tokens[i].is("with-test")) use = Use::kTest;
          if (tokens[i].is("with-doc") || tokens[i].is("dev")) use = Use::kDev;
          if (tokens[i].is("build")) use = Use::kBuild;
          if (tokens[i].is(">") || tokens[i].is("<") || tokens[i].is("="))
            version += tokens[i].text;
          if (tokens[i].is_string()) version += " " + std::string(tokens[i].text) + " ";
        }
      }
      const std::string_view bound = manifest::trim(version);
      if (tokens[name].text == "ocaml") add_version(facts, "OCaml", bound, tokens[name].line, 51);
      add_dependency(facts, tokens[name].text, bound, use, tokens[name].line);
    }
  }
}

// "yojson (>= 2.0) :with-test)": where it closes.
std::size_t read_dune_dependency(const std::vector<Token>& tokens, std::size_t name,
                                 std::size_t end, Facts& facts) {
  std::string version;
  Use use = Use::kRuntime;
  std::size_t at = name + 1;
  for (std::size_t open = 1; at < end; ++at) {
    const Token& token = tokens[at];
    if (token.is("(")) ++open;
    if (token.is(")") && --open == 0) break;
    if (token.is(":with-test")) use = Use::kTest;
    if (token.is(":with-doc")) use = Use::kDev;
    const bool number = !token.text.empty() && manifest::is_digit(token.text[0]);
    if (number || token.text == ">=" || token.text == "<" || token.text == "=") {
      version.append(version.empty() ? 0 : 1, ' ').append(token.text);
    }
  }
  if (tokens[name].is("ocaml")) add_version(facts, "OCaml", version, tokens[name].line, 50);
  add_dependency(facts, tokens[name].text, version, use, tokens[name].line);
  return at;
}

// (package (name x) (depends (ocaml (>= 4.14)) dune yojson))
void read_dune_project(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kLisp);
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    if (!tokens[i].is("(")) continue;
    if (tokens[i + 1].is("name") && facts.name.empty()) facts.name = tokens[i + 2].text;
    if (tokens[i + 1].is("version")) facts.version = tokens[i + 2].text;
    if (tokens[i + 1].is("license")) {
      facts.licence = tokens[i + 2].text;
      facts.licence_line = tokens[i + 1].line;
    }
    if (!tokens[i + 1].is("depends")) continue;
    const std::size_t end = list_end(tokens, i);
    for (i += 2; i < end && !tokens[i].is(")"); ++i) {
      if (!tokens[i].is("(")) {
        if (tokens[i].is_word()) {
          add_dependency(facts, tokens[i].text, "", Use::kRuntime, tokens[i].line);
        }
        continue;
      }
      if (++i >= end) break;
      i = read_dune_dependency(tokens, i, end, facts);
    }
  }
}

void read_elm(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_json(source.text), facts);
  const Value& version = root["elm-version"];
  add_version(facts, "Elm", version.text, version.line, 50);
  const Value& dependencies = root["dependencies"];
  add_members(facts, dependencies["direct"] ? dependencies["direct"] : dependencies, Use::kRuntime);
  add_members(facts, dependencies["indirect"], Use::kIndirect);
}

constexpr Reader kFunctionalReaders[] = {
    {"*.cabal", "hackage", "Haskell", "Cabal", Role::kModule, read_cabal},
    {"package.yaml", "hackage", "Haskell", "hpack", Role::kModule, read_hpack},
    {"stack.yaml", "hackage", "", "Stack", Role::kPart, read_stack},
    {"cabal.project", "hackage", "", "Cabal", Role::kPart, read_cabal_project},
    {"stack.yaml.lock", "hackage", "", "stack", Role::kLock},
    {"cabal.project.freeze", "hackage", "", "cabal", Role::kLock},
    {"dune-project", "opam", "OCaml", "Dune", Role::kModule, read_dune_project},
    {"bin/dune", "opam", "", "", Role::kPart, read_dune},
    {"app/dune", "opam", "", "", Role::kPart, read_dune},
    {"exe/dune", "opam", "", "", Role::kPart, read_dune},
    {"*.opam", "opam", "OCaml", "opam", Role::kModule, read_opam},
    {"elm.json", "elm", "Elm", "Elm", Role::kModule, read_elm},
    {"spago.yaml", "purescript", "PureScript", "Spago", Role::kModule},
    {"spago.dhall", "purescript", "PureScript", "Spago", Role::kModule},
};

}  // namespace

std::span<const Reader> functional_readers() {
  return kFunctionalReaders;
}

}  // namespace quarry::analysis::ecosystem
