#include "server/analysis/ecosystem/facts.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "server/analysis/ecosystem/locks.h"
#include "server/analysis/ecosystem/stored_facts.h"
#include "server/analysis/languages.h"
#include "server/analysis/manifest/text.h"
#include "server/analysis/project/variables.h"

namespace quarry::analysis::ecosystem {
namespace {

constexpr std::size_t kBinaryBytes = 8192;  // a NUL in them is no text

// A pattern, with the bytes that leave it out at once for nearly every path.
struct Candidate {
  explicit Candidate(const Reader& of)
      : reader(&of),
        first(of.pattern.find('/') == std::string_view::npos ? of.pattern.front() : '*') {}

  bool may_fit(std::string_view name) const { return first == '*' || first == name.front(); }

  const Reader* reader;
  char first;  // of the name; '*': any
};

// Exact names in a map; everything else in order, for each byte that a path may end with.
struct Index {
  std::unordered_map<std::string_view, const Reader*> by_name;
  std::array<std::vector<Candidate>, 256> by_last;

  void add(const Reader& reader) {
    if (reader.pattern.find_first_of("*/") == std::string_view::npos) {
      by_name.emplace(reader.pattern, &reader);
      return;
    }
    const char last = reader.pattern.back();
    for (std::size_t byte = 0; byte < by_last.size(); ++byte) {
      if (last == '*' || last == static_cast<char>(byte)) by_last[byte].emplace_back(reader);
    }
  }
};

Index make_index() {
  Index index;
  for (const auto readers : {javascript_readers(), python_readers(),   go_readers(),
                             rust_readers(),       maven_readers(),    gradle_readers(),
                             jvm_readers(),        dotnet_readers(),   php_readers(),
                             ruby_readers(),       native_readers(),   native_package_readers(),
                             beam_readers(),       swift_readers(),    dart_readers(),
                             functional_readers(), small_readers(),    infrastructure_readers(),
                             container_readers(),  settings_readers(), server_readers(),
                             ci_readers(),         command_readers(),  licence_readers(),
                             kubernetes_readers(), nix_readers(),      site_readers()}) {
    for (const Reader& reader : readers) index.add(reader);
  }
  return index;
}

// A pattern with a slash is of the path's end, without one of the name.
bool fits(std::string_view pattern, std::string_view path, std::string_view name) {
  if (pattern.find('/') == std::string_view::npos) return manifest::matches(pattern, name);
  std::size_t parts = static_cast<std::size_t>(std::count(pattern.begin(), pattern.end(), '/')) + 1;
  std::size_t begin = path.size();
  while (parts > 0 && begin != std::string_view::npos) {
    if (begin == 0) return parts == 1 && manifest::matches(pattern, path);
    begin = path.rfind('/', begin - 1);
    --parts;
  }
  const std::string_view end = begin == std::string_view::npos ? path : path.substr(begin + 1);
  return parts == 0 && manifest::matches(pattern, end);
}

}  // namespace

std::string_view name_of(Use use) {
  static constexpr std::array<std::string_view, 8> kNames = {
      "runtime", "optional", "peer", "build", "plugin", "test", "dev", "indirect"};
  return kNames[static_cast<std::size_t>(use)];
}

std::string_view name_of(PortSource source) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "EXPOSE", "compose", "server call", "config", "script", "environment", "framework default"};
  return kNames[static_cast<std::size_t>(source)];
}

const Reader* find_reader(std::string_view path) {
  static const Index kIndex = make_index();
  const std::string_view name = base_name(path);
  if (name.empty()) return nullptr;
  const auto found = kIndex.by_name.find(name);
  if (found != kIndex.by_name.end()) {
    // The same name in a certain folder is more telling: .config/mise/config.toml.
    for (const Candidate& one : kIndex.by_last[static_cast<unsigned char>(name.back())]) {
      const std::string_view pattern = one.reader->pattern;
      const bool folder = pattern.size() > name.size() && base_name(pattern) == name;
      if (folder && fits(pattern, path, name)) return one.reader;
    }
    return found->second;
  }
  for (const Candidate& one : kIndex.by_last[static_cast<unsigned char>(name.back())]) {
    if (one.may_fit(name) && fits(one.reader->pattern, path, name)) return one.reader;
  }
  return nullptr;
}

namespace {

void hide_values(std::vector<Variable>& variables) {
  std::erase_if(variables,
                [](const Variable& one) { return !project::is_variable_name(one.name); });
  for (Variable& one : variables) {
    if (!project::may_show(one.name, one.value)) one.value.clear();
  }
}

}  // namespace

bool is_lock(const Reader& reader) {
  // renv's file is also all that a project of R may have.
  return reader.role == Role::kLock ? reader.resolves : reader.tool == "renv";
}

Facts read(const Reader& reader, const Source& source) {
  Facts facts;
  facts.path = source.path;
  std::string_view text = source.text;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // the mark of UTF-8
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    facts.problems.push_back({0, "it is UTF-16; only UTF-8 is read"});
  } else if (text.substr(0, kBinaryBytes).find('\0') != std::string_view::npos) {
    facts.problems.push_back({0, "it is binary, whatever it is called"});
  } else if (reader.read != nullptr) {
    reader.read({source.path, text}, facts);
  }
  if (reader.ecosystem != kLicence) facts.licence = spdx_of(facts.licence);
  hide_values(facts.variables);
  for (Built& one : facts.built) hide_values(one.variables);
  redact(facts);
  order_locked(facts);
  return facts;
}

}  // namespace quarry::analysis::ecosystem
