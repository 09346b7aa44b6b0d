// Nix: flakes, and default.nix and shell.nix without one.

#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

constexpr manifest::Syntax kNix = {"#", "/*", "*/", "\"", "_.-'"};

// The inputs of a flake, by the names of the attributes that each value stands under.
class Inputs {
 public:
  explicit Inputs(Facts& facts) : facts_(facts) {}

  // inputs.nixpkgs.url = "..."; inputs = { nixpkgs = { url = "..."; }; }
  void read(const std::vector<Token>& tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const Token& at = tokens[i];
      const bool assigned = i > 1 && tokens[i - 1].is("=") && tokens[i - 2].is_word();
      if (at.is("{") || at.is("[") || at.is("(")) {
        open_.emplace_back(assigned ? tokens[i - 2].text : std::string_view());
      } else if (at.is("}") || at.is("]") || at.is(")")) {
        if (!open_.empty()) open_.pop_back();
      } else if (at.is_string() && assigned) {
        add(tokens[i - 2], at);
      }
    }
  }

 private:
  void add(const Token& key, const Token& value) {
    if (open_.size() > 3) return;
    std::string path;  // of the attribute; the first brace is the flake's
    for (std::size_t i = 1; i < open_.size(); ++i) {
      if (open_[i].empty()) return;
      path.append(open_[i]).push_back('.');
    }
    path.append(key.text);
    const std::vector<std::string_view> parts = manifest::split(path, '.');
    if (parts.size() != 3 || parts[0] != "inputs" || parts[2] != "url") return;
    add_dependency(facts_, parts[1], value.text, Use::kBuild, key.line);
  }

  Facts& facts_;
  std::vector<std::string_view> open_;  // what each open bracket is the value of
};

void read_flake(const Source& source, Facts& facts) {
  std::vector<Token> tokens = manifest::tokens(source.text, kNix);
  std::erase_if(tokens, [](const Token& one) { return one.kind == Token::Kind::kLineEnd; });
  Inputs(facts).read(tokens);
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
