// Scala (sbt, Mill), Clojure (Leiningen, deps.edn) and Java by Ant.

#include "server/analysis/ecosystem/reading.h"
#include "server/analysis/ecosystem/sbt.h"

namespace quarry::analysis::ecosystem {
namespace {

void read_build_properties(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_ini(source.text), facts);
  const Value& version = root["sbt.version"];
  if (version) facts.managers.push_back({"sbt", version.text, version.line, 10});
}

// ivy"group::artifact:version"
void read_mill(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kCurly);
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if ((tokens[i].is("ivy") || tokens[i].is("mvn")) && tokens[i + 1].is_string()) {
      const std::string_view text = tokens[i + 1].text;
      const std::size_t last = text.rfind(':');
      std::string_view name = text.substr(0, last);
      while (name.ends_with(':')) name.remove_suffix(1);
      add_dependency(facts, name, last == std::string_view::npos ? "" : text.substr(last + 1),
                     Use::kRuntime, tokens[i].line);
    }
    if (tokens[i].is("scalaVersion")) {
      for (std::size_t j = i + 1; j < tokens.size() && j < i + 4; ++j) {
        if (tokens[j].is_string()) add_version(facts, "Scala", tokens[j].text, tokens[j].line, 50);
      }
    }
  }
}

// [group/artifact "version"] and what follows :dependencies; (defproject name "version" ...)
void read_leiningen(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kLisp);
  Use use = Use::kRuntime;
  Use inside = Use::kRuntime;  // what the dependencies of the profile are for
  std::size_t profiles_end = 0;
  bool other = false;  // a profile that replaces versions: it tells nothing of the module
  int profiles = 0;    // braces that are open since ":profiles"
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    const Token& at = tokens[i];
    if (at.is(":profiles")) {
      profiles = 0;
      std::size_t depth = 0;
      std::size_t end = i + 1;
      for (; end < list_end(tokens, i); ++end) {
        if (tokens[end].is("{")) ++depth;
        if (tokens[end].is("}") && --depth == 0) break;
      }
      profiles_end = end;
    }
    const bool profile = i < profiles_end;
    if (profile && at.is("{")) ++profiles;
    if (profile && at.is("}")) --profiles;
    if (profile && profiles == 1 && at.is_word() && at.text.starts_with(':')) {
      inside = at.is(":test") ? Use::kTest : Use::kDev;
      other = !at.is(":test") && !at.is(":dev") && !at.is(":provided") && !at.is(":repl");
    }
    if (!profile) {
      inside = Use::kRuntime;
      other = false;
    }
    if (at.is(":license")) {
      for (std::size_t j = i + 1; j < tokens.size() && j < i + 5; ++j) {
        if (!tokens[j].is(":name") || !tokens[j + 1].is_string()) continue;
        facts.licence = tokens[j + 1].text;
        facts.licence_line = tokens[j].line;
      }
    }
    if (at.is("defproject") && tokens[i + 1].is_word()) {
      facts.name = tokens[i + 1].text;
      if (tokens[i + 2].is_string()) facts.version = tokens[i + 2].text;
    }
    if (at.is(":plugins")) use = Use::kPlugin;
    if (at.is(":dependencies")) use = inside;
    if (at.is(":main")) {
      for (std::size_t j = i + 1; j < tokens.size() && j < i + 5; ++j) {
        if (!tokens[j].is_word() || tokens[j].text.starts_with(':')) continue;
        add_entry(facts, tokens[j].text, "main namespace", at.line);
        break;
      }
    }
    if (!at.is("[") || !tokens[i + 1].is_word() || !tokens[i + 2].is_string()) continue;
    const std::string_view name = tokens[i + 1].text;
    if (other) continue;
    if (name == "org.clojure/clojure") {
      add_version(facts, "Clojure", tokens[i + 2].text, at.line, 50);
    }
    add_dependency(facts, name, tokens[i + 2].text, use, tokens[i + 1].line);
  }
}

// {:deps {group/artifact {:mvn/version "1"}} :aliases {:dev {:extra-deps {...}}}}
void read_deps_edn(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kLisp);
  Use use = Use::kRuntime;
  for (std::size_t i = 0; i + 3 < tokens.size(); ++i) {
    const Token& at = tokens[i];
    if (at.is(":deps")) use = Use::kRuntime;
    if (at.is(":extra-deps") || at.is(":aliases")) use = Use::kDev;
    if (!at.is_word() || at.text.starts_with(':') || !tokens[i + 1].is("{")) continue;
    const Token& key = tokens[i + 2];
    const bool maven = key.is(":mvn/version");
    if (!maven && !key.text.starts_with(":git/") && !key.is(":local/root")) continue;
    if (at.text == "org.clojure/clojure" && maven) {
      add_version(facts, "Clojure", tokens[i + 3].text, at.line, 50);
    }
    add_dependency(facts, at.text, tokens[i + 3].text, use, at.line);
  }
}

void read_ant(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_xml(source.text), facts);
  facts.no_module = root.name != "project";
  facts.name = root["@name"].text;
  for (const Value& one : root.items) {
    if (one.name == "target") facts.scripts.push_back({one["@name"].text, "", one.line});
  }
}

void read_ivy(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_xml(source.text), facts);
  for (const Value& one : root["dependencies"].items) {
    if (one.name == "dependency") {
      add_dependency(facts, one["@org"].text + ":" + one["@name"].text, one["@rev"].text,
                     Use::kRuntime, one.line);
    }
  }
}

// Main-Class of a jar. A line that begins with a blank goes on with the value before it.
void read_jar_manifest(const Source& source, Facts& facts) {
  const Value root = manifest::parse_ini(source.text).root;
  const Value& main = root["Main-Class"];
  std::string name = main.text;
  std::erase_if(name, [](char c) { return c == '\n' || c == ' '; });
  add_entry(facts, name, kMainOfJar, main.line);
}

constexpr Reader kJvmReaders[] = {
    {"build.sbt", "sbt", "Scala", "sbt", Role::kModule, read_sbt},
    {"project/plugins.sbt", "sbt", "", "sbt", Role::kPart, read_sbt},
    {"project/build.properties", "sbt", "", "", Role::kPart, read_build_properties},
    {"build.sc", "mill", "Scala", "Mill", Role::kModule, read_mill},
    {"build.mill", "mill", "Scala", "Mill", Role::kModule, read_mill},
    {"project.clj", "leiningen", "Clojure", "Leiningen", Role::kModule, read_leiningen},
    {"deps.edn", "clojure", "Clojure", "Clojure CLI", Role::kModule, read_deps_edn},
    {"shadow-cljs.edn", "clojure", "ClojureScript", "shadow-cljs", Role::kPart},
    {"build.boot", "boot", "Clojure", "Boot", Role::kModule},
    {"build.xml", "ant", "Java", "Ant", Role::kModule, read_ant},
    {"ivy.xml", "ant", "", "Ivy", Role::kPart, read_ivy},
    {"META-INF/MANIFEST.MF", "jar", "", "", Role::kPart, read_jar_manifest},
};

}  // namespace

std::span<const Reader> jvm_readers() {
  return kJvmReaders;
}

}  // namespace quarry::analysis::ecosystem
