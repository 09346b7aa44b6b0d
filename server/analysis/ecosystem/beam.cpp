// Elixir (mix), Erlang (rebar3) and Gleam.

#include "server/analysis/ecosystem/locks.h"
#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

void read_mix(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kElixir);
  for (std::size_t i = 0; i + 3 < tokens.size(); ++i) {
    const Token& at = tokens[i];
    if (at.is("app:") && tokens[i + 1].text.starts_with(':') && facts.name.empty()) {
      facts.name = tokens[i + 1].text.substr(1);
    }
    if (at.is("version:") && tokens[i + 1].is_string()) facts.version = tokens[i + 1].text;
    if (at.is("elixir:") && tokens[i + 1].is_string()) {
      add_version(facts, "Elixir", tokens[i + 1].text, at.line, 50);
    }
    if (at.is("apps_path:") && tokens[i + 1].is_string()) {
      add_member(facts, std::string(tokens[i + 1].text) + "/*", at.line);
    }
    // {:name, "~> 1.0", only: [:dev, :test]}
    const Token& name = tokens[i + 1];
    if (!at.is("{") || !name.is_word() || !name.text.starts_with(':') || !tokens[i + 2].is(",")) {
      continue;
    }
    std::string_view version = tokens[i + 3].is_string() ? tokens[i + 3].text : "";
    const bool located =
        tokens[i + 3].is_word() && (tokens[i + 3].is("path:") || tokens[i + 3].is("github:") ||
                                    tokens[i + 3].is("git:") || tokens[i + 3].is("in_umbrella:"));
    if (version.empty() && !located) continue;
    if (!version.empty() && version.find_first_of("0123456789") == std::string_view::npos) continue;
    Use use = Use::kRuntime;
    for (std::size_t j = i + 3; j < list_end(tokens, i) && !tokens[j].is("}"); ++j) {
      if (!tokens[j].is("only:")) continue;
      bool dev = false;
      bool test = false;
      for (std::size_t k = j + 1; k < tokens.size() && k < j + 6 && !tokens[k].is("}"); ++k) {
        dev |= tokens[k].is(":dev");
        test |= tokens[k].is(":test");
      }
      use = dev ? Use::kDev : test ? Use::kTest : use;
    }
    add_dependency(facts, name.text.substr(1), version, use, name.line);
  }
}

// {deps, [{cowboy, "2.9.0"}, {jsx, {git, "...", {tag, "v1"}}}]}.
void read_rebar(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kErlang);
  for (std::size_t i = 0; i + 3 < tokens.size(); ++i) {
    if (tokens[i].is("minimum_otp_vsn") && tokens[i + 2].is_string()) {
      add_version(facts, "Erlang", tokens[i + 2].text, tokens[i].line, 50);
    }
    if (!tokens[i].is("{") || !tokens[i + 1].is("deps") || !tokens[i + 2].is(",")) continue;
    int depth = 0;
    for (std::size_t j = i + 3; j + 2 < list_end(tokens, i); ++j) {
      if (tokens[j].is("[") || tokens[j].is("{")) ++depth;
      if (tokens[j].is("]") || tokens[j].is("}")) --depth;
      if (depth == 0) break;
      const bool plain = depth == 1 && tokens[j].is_word();
      const bool pair = depth == 2 && tokens[j].is("{") && tokens[j + 1].is_word();
      if (plain) add_dependency(facts, tokens[j].text, "", Use::kRuntime, tokens[j].line);
      if (pair) {
        const bool versioned = j + 3 < tokens.size() && tokens[j + 3].is_string();
        add_dependency(facts, tokens[j + 1].text, versioned ? tokens[j + 3].text : "",
                       Use::kRuntime, tokens[j + 1].line);
      }
    }
  }
}

// {application, cowboy, [{description, "..."}, {vsn, "2.9.0"}, ...]}. A version that is computed is
// an atom or a tuple.
void read_application(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kErlang);
  for (std::size_t i = 0; i + 3 < tokens.size(); ++i) {
    if (!tokens[i].is("{") || !tokens[i + 2].is(",")) continue;
    const bool named = tokens[i + 1].is("application") && tokens[i + 3].is_word();
    if (named && facts.name.empty()) facts.name = tokens[i + 3].text;
    const bool version = tokens[i + 1].is("vsn") && tokens[i + 3].is_string();
    if (version && facts.version.empty()) facts.version = tokens[i + 3].text;
  }
}

void read_gleam(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_toml(source.text), facts);
  facts.name = root["name"].text;
  facts.version = root["version"].text;
  if (!root["licences"].items.empty()) set_licence(facts, root["licences"].items.front());
  const Value& gleam = root["gleam"];
  add_version(facts, "Gleam", gleam.text, gleam.line, 50);
  add_members(facts, root["dependencies"], Use::kRuntime);
  add_members(facts, root["dev-dependencies"], Use::kDev);
  add_members(facts, root["dev_dependencies"], Use::kDev);
}

constexpr Reader kBeamReaders[] = {
    {"mix.exs", "hex", "Elixir", "Mix", Role::kModule, read_mix},
    {"mix.lock", "hex", "", "mix", Role::kLock, read_mix_lock},
    {"rebar.config", "rebar", "Erlang", "Rebar3", Role::kModule, read_rebar},
    {"src/*.app.src", "rebar", "", "", Role::kPart, read_application},
    {"rebar.lock", "rebar", "", "rebar3", Role::kLock},
    {"erlang.mk", "erlang.mk", "Erlang", "erlang.mk", Role::kPart},
    {"gleam.toml", "gleam", "Gleam", "Gleam", Role::kModule, read_gleam},
    {"manifest.toml", "gleam", "", "gleam", Role::kLock},
};

}  // namespace

std::span<const Reader> beam_readers() {
  return kBeamReaders;
}

}  // namespace quarry::analysis::ecosystem
