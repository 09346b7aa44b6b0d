// Runners of commands that belong to no language: make, just, Task.

#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

// "$(PROGRAM)", "$(OUT)/$(NAME)": no call of a function, and no file beside what a variable names.
bool is_variable(std::string_view name) {
  if (!name.starts_with("$(")) return false;
  while (name.starts_with("$(")) {
    const std::size_t end = name.find(')');
    if (end == std::string_view::npos) return false;
    if (!std::ranges::all_of(name.substr(2, end - 2), manifest::is_word)) return false;
    name.remove_prefix(end + 1);
    if (name.starts_with('/') || name.starts_with('.')) name.remove_prefix(1);
  }
  return name.empty();
}

// "target other: prerequisites" at the start of a line; variables, patterns and the special targets
// are none; what a variable names is told where make takes it by itself. A makefile's rules are
// found, not expanded.
void read_makefile(const Source& source, Facts& facts) {
  bool goes_on = false;
  bool defines = false;  // a variable of several lines
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t number) {
    const bool continued = goes_on;
    goes_on = line.ends_with('\\');
    if (continued || line.empty() || line[0] == '\t' || line[0] == ' ' || line[0] == '#') return;
    if (line.starts_with("define ")) defines = true;
    if (line.starts_with("endef")) defines = false;
    if (defines) return;
    const std::size_t colon = line.find(':');
    if (line.starts_with(".DEFAULT_GOAL")) {
      const std::size_t equals = std::min(line.find('='), line.size() - 1);
      facts.scripts.insert(
          facts.scripts.begin(),
          {".DEFAULT_GOAL", std::string(manifest::trim(line.substr(equals + 1))), number});
      return;
    }
    if (colon == std::string_view::npos || line.substr(colon).starts_with(":=") ||
        line.substr(colon).starts_with("::=")) {
      return;
    }
    const std::string_view names = line.substr(0, colon);
    if (facts.scripts.empty() && is_variable(manifest::trim(names))) {
      facts.scripts.push_back({".DEFAULT_GOAL", std::string(manifest::trim(names)), number});
    }
    if (names.find_first_of("=%$()") != std::string_view::npos) return;
    for (const std::string_view name : manifest::words(names)) {
      if (!name.starts_with('.')) facts.scripts.push_back({std::string(name), "", number});
    }
  });
}

// Whether a recipe's parameters leave it to be run by its name alone: each has a default or takes
// any number, as of "test *args", "build target='all'".
bool runs_alone(std::string_view parameters) {
  char quote = 0;
  bool begins = true;
  bool needed = false;
  for (const char c : parameters) {
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == ' ' || c == '\t') {
      if (needed) return false;
      begins = true;
    } else {
      if (begins) needed = c != '*';
      begins = false;
      if (c == '=') needed = false;
    }
  }
  return !needed;
}

// "recipe argument='x': dependency"
void read_justfile(const Source& source, Facts& facts) {
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t number) {
    if (line.empty() || line[0] == ' ' || line[0] == '\t' || line[0] == '#') return;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || line.substr(colon).starts_with(":=")) return;
    const std::size_t end = line.find_first_of(" :");
    std::string_view name = line.substr(0, end);
    if (name.starts_with('@')) name.remove_prefix(1);
    const bool attribute = name.starts_with('[');
    const bool hidden = name.empty() || name.starts_with('_') || attribute;
    if (!hidden && runs_alone(line.substr(end, colon - end))) {
      facts.scripts.push_back({std::string(name), "", number});
    }
  });
}

void read_taskfile(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_yaml(source.text), facts);
  for (const Value& one : root["tasks"].items) {
    if (!one["internal"].is_true()) facts.scripts.push_back({one.name, "", one.line});
  }
}

constexpr Reader kCommandsReaders[] = {
    {"Makefile", "make", "", "Make", Role::kPart, read_makefile},
    {"GNUmakefile", "make", "", "Make", Role::kPart, read_makefile},
    {"makefile", "make", "", "Make", Role::kPart, read_makefile},
    {"justfile", "just", "", "just", Role::kPart, read_justfile},
    {"Justfile", "just", "", "just", Role::kPart, read_justfile},
    {"Taskfile.yml", "task", "", "Task", Role::kPart, read_taskfile},
    {"Taskfile.yaml", "task", "", "Task", Role::kPart, read_taskfile},
};

}  // namespace

std::span<const Reader> command_readers() {
  return kCommandsReaders;
}

}  // namespace quarry::analysis::ecosystem
