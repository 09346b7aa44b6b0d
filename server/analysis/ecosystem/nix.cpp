// Nix: flakes, and default.nix and shell.nix without one.

#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

// inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-24.05";
void read_flake(const Source& source, Facts& facts) {
  manifest::Syntax syntax = manifest::kPython;
  syntax.word_marks = "_.-";
  const std::vector<Token> tokens = manifest::tokens(source.text, syntax);
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    if (!tokens[i].is_word() || !tokens[i].text.ends_with("url") || !tokens[i + 1].is("=") ||
        !tokens[i + 2].is_string()) {
      continue;
    }
    std::string_view name = tokens[i].text;
    if (name.starts_with("inputs.")) name.remove_prefix(7);
    if (name == "url" && i > 2) name = tokens[i - 3].text;
    if (name.ends_with(".url")) name.remove_suffix(4);
    add_dependency(facts, name, tokens[i + 2].text, Use::kBuild, tokens[i].line);
  }
  // What it gives: packages are built, checks are run.
  for (const auto& [output, script] :
       {std::pair("packages", "build"), {"defaultPackage", "build"}, {"checks", "test"}}) {
    for (const Token& one : tokens) {
      const bool names = one.is_word() && one.text.find(output) == 0;
      const auto& scripts = facts.scripts;
      if (!names || std::ranges::find(scripts, script, &Script::name) != scripts.end()) continue;
      facts.scripts.push_back({script, "", one.line});
    }
  }
}

// Whether nix-build and nix-shell can call what a file gives: no function, or one whose arguments
// all have defaults, as of `{ pkgs ? import <nixpkgs> {} }: ...`.
const Token* callable(const std::vector<Token>& tokens) {
  std::vector<const Token*> head;  // without the ends of lines
  for (std::size_t i = 0; i < std::min(tokens.size(), kMostListTokens); ++i) {
    if (tokens[i].kind != Token::Kind::kLineEnd) head.push_back(&tokens[i]);
  }
  if (head.size() < 2) return nullptr;
  if (head[0]->is_word() && head[1]->is(":")) return nullptr;
  const std::size_t open = head[0]->is_word() && head[1]->is("@") ? 2 : 0;
  if (open >= head.size() || !head[open]->is("{")) return head[0];
  std::size_t depth = 0;
  bool named = false;  // an argument without a default, so far
  bool bound = false;
  std::size_t at = open;
  for (; at < head.size(); ++at) {
    const Token& one = *head[at];
    if (one.is("{") || one.is("(") || one.is("[")) ++depth;
    if ((one.is("}") || one.is(")") || one.is("]")) && --depth == 0) break;
    if (depth != 1) continue;
    if (one.is("?")) named = false;
    if (one.is(",")) bound = bound || std::exchange(named, false);
    const bool begins = at > open && (at == open + 1 || head[at - 1]->is(","));
    if (begins && one.is_word() && !one.is("...")) named = true;
  }
  const bool function = at + 1 < head.size() && (head[at + 1]->is(":") || head[at + 1]->is("@"));
  return function && (bound || named) ? nullptr : head[0];
}

constexpr manifest::Syntax kNix = {"#", "/*", "*/", "\"", "_.-'"};

void read_default_nix(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, kNix);
  if (const Token* first = callable(tokens)) {
    facts.scripts.push_back({"nix-build", "", first->line});
  }
}

void read_shell_nix(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, kNix);
  if (const Token* first = callable(tokens)) {
    facts.scripts.push_back({"nix-shell", "", first->line});
  }
}

constexpr Reader kNixReaders[] = {
    {"flake.nix", "nix", "Nix", "Nix", Role::kModule, read_flake},
    {"default.nix", "nix", "Nix", "Nix", Role::kPart, read_default_nix},
    {"shell.nix", "nix", "Nix", "Nix", Role::kPart, read_shell_nix},
    {"flake.lock", "nix", "", "nix", Role::kLock},
};

}  // namespace

std::span<const Reader> nix_readers() {
  return kNixReaders;
}

}  // namespace quarry::analysis::ecosystem
