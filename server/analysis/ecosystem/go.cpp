// Go: modules and workspaces.
//
// Version, the first that is told: .go-version and asdf files (settings), the toolchain line, the
// go line, the go line of go.work.

#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

// go.mod's own grammar: directives, or blocks of them in parentheses; comments by "//".
template <class Each>
void for_each_directive(std::string_view text, Each each) {
  std::string_view block;
  manifest::for_each_line(text, [&](std::string_view line, std::uint32_t number) {
    const std::size_t comment = line.find("//");
    const std::string_view note =
        comment == std::string_view::npos ? "" : manifest::trim(line.substr(comment + 2));
    std::string_view directive = manifest::trim(line.substr(0, comment));
    const bool opens = directive.ends_with('(');  // "require (", "require("
    if (opens) directive.remove_suffix(1);
    std::vector<std::string_view> words = manifest::words(directive);
    if (words.empty()) return;
    if (words[0] == ")") {
      block = {};
    } else if (opens) {
      block = words[0];
    } else if (!block.empty()) {
      each(block, words, note, number);
    } else {
      const std::string_view name = words[0];
      words.erase(words.begin());
      each(name, words, note, number);
    }
  });
}

std::string_view unquoted(std::string_view text) {
  if (text.size() > 1 && text.front() == '"' && text.back() == '"') {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

void read_go_mod(const Source& source, Facts& facts) {
  for_each_directive(source.text, [&](std::string_view name, const auto& words,
                                      std::string_view note, std::uint32_t line) {
    if (words.empty()) return;
    if (name == "module") facts.name = unquoted(words[0]);
    if (name == "go") add_version(facts, "Go", words[0], line, 51);
    if (name == "toolchain" && words[0].starts_with("go")) {
      add_version(facts, "Go", words[0].substr(2), line, 50);
    }
    if (name == "tool") add_dependency(facts, unquoted(words[0]), "", Use::kDev, line);
    if (name == "require" && words.size() > 1) {
      add_dependency(facts, unquoted(words[0]), words[1],
                     note.starts_with("indirect") ? Use::kIndirect : Use::kRuntime, line);
    }
  });
}

void read_go_work(const Source& source, Facts& facts) {
  for_each_directive(source.text, [&](std::string_view name, const auto& words, std::string_view,
                                      std::uint32_t line) {
    if (words.empty()) return;
    if (name == "use") add_member(facts, unquoted(words[0]), line);
    if (name == "go") add_version(facts, "Go", words[0], line, 55);
    if (name == "toolchain" && words[0].starts_with("go")) {
      add_version(facts, "Go", words[0].substr(2), line, 54);
    }
  });
}

// Gopkg.toml of dep.
void read_gopkg(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_toml(source.text), facts);
  for (const Value& one : root["constraint"].items) {
    const Value& version = one["version"] ? one["version"] : one["branch"];
    add_dependency(facts, one["name"].text, version.text, Use::kRuntime, one.line);
  }
}

constexpr Reader kGoReaders[] = {
    {"go.mod", "go", "Go", "Go modules", Role::kModule, read_go_mod},
    {"go.work", "go", "", "Go workspace", Role::kPart, read_go_work},
    {"Gopkg.toml", "go", "Go", "dep", Role::kModule, read_gopkg},
    {"go.sum", "go", "", "go", Role::kLock},
    {".goreleaser.yml", "go", "", "GoReleaser", Role::kPart},
    {".goreleaser.yaml", "go", "", "GoReleaser", Role::kPart},
};

}  // namespace

std::span<const Reader> go_readers() {
  return kGoReaders;
}

}  // namespace quarry::analysis::ecosystem
