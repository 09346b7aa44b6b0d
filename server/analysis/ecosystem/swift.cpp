// Swift and Objective-C: Swift packages, CocoaPods, Carthage, Xcode projects.
//
// Version, the first that is told: .swift-version, swift-tools-version of Package.swift.

#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

// The name of a repository: "https://github.com/vapor/vapor.git" is vapor/vapor.
std::string_view repository_of(std::string_view url) {
  if (url.ends_with(".git")) url.remove_suffix(4);
  const std::size_t last = url.rfind('/');
  if (last == std::string_view::npos || last == 0) return url;
  const std::size_t before = url.find_last_of("/:", last - 1);
  return before == std::string_view::npos ? url : url.substr(before + 1);
}

// .executableTarget(name: "App", dependencies: [...], path: "App")
void add_target(const std::vector<Token>& tokens, std::size_t at, Facts& facts) {
  std::string path;
  std::size_t depth = 0;
  for (std::size_t i = at + 1; i + 2 < list_end(tokens, at); ++i) {
    if (tokens[i].is("(") || tokens[i].is("[")) ++depth;
    if ((tokens[i].is(")") || tokens[i].is("]")) && --depth == 0) break;
    if (depth != 1 || !tokens[i + 1].is(":") || !tokens[i + 2].is_string()) continue;
    if (tokens[i].is("name")) path = "Sources/" + std::string(tokens[i + 2].text);
    if (tokens[i].is("path")) path = tokens[i + 2].text;
  }
  while (path.ends_with('/')) path.pop_back();
  add_entry(facts, path, kExecutableTarget, tokens[at].line);
}

void read_swift_package(const Source& source, Facts& facts) {
  const std::string_view first = source.text.substr(0, source.text.find('\n'));
  if (const std::size_t at = first.find("swift-tools-version"); at != std::string_view::npos) {
    add_version(facts, "Swift", manifest::first_version(first.substr(at)), 1, 50);
  }
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kCurly);
  for (std::size_t i = 0; i + 3 < tokens.size(); ++i) {
    const Token& at = tokens[i];
    if (at.is("Package") && tokens[i + 1].is("(") && tokens[i + 2].is("name") &&
        i + 4 < tokens.size()) {
      facts.name = tokens[i + 4].text;
    }
    if (at.is(".executableTarget")) add_target(tokens, i, facts);
    if (at.is(".testTarget") && facts.scripts.empty()) {
      facts.scripts.push_back({"test", "", at.line});
    }
    if (!at.is(".package") || !tokens[i + 1].is("(")) continue;
    std::string_view name;
    std::string_view version;
    for (std::size_t j = i + 2; j < list_end(tokens, i) && !tokens[j].is(")"); ++j) {
      if (!tokens[j].is_string()) continue;
      if (tokens[j].text.find('/') != std::string_view::npos)
        name = repository_of(tokens[j].text);
      else if (!manifest::first_version(tokens[j].text).empty())
        version = tokens[j].text;
    }
    add_dependency(facts, name, version, Use::kRuntime, at.line);
  }
}

void read_podfile(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kRuby);
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!tokens[i].is("pod") || !tokens[i + 1].is_string()) continue;
    const bool versioned =
        i + 3 < tokens.size() && tokens[i + 2].is(",") && tokens[i + 3].is_string();
    add_dependency(facts, tokens[i + 1].text, versioned ? tokens[i + 3].text : "", Use::kRuntime,
                   tokens[i].line);
  }
}

// "s.name = 'A'", "s.license = { :type => 'MIT' }", "ss.dependency 'B', '~> 1.0'"
void read_podspec(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kRuby);
  const auto string_after = [&](std::size_t at) -> const Token* {
    const std::size_t end = std::min(tokens.size(), at + 8);
    for (; at < end && tokens[at].kind != Token::Kind::kLineEnd; ++at) {
      if (tokens[at].is_string()) return &tokens[at];
    }
    return nullptr;
  };
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const std::size_t dot = tokens[i].text.find('.');
    if (!tokens[i].is_word() || dot == std::string_view::npos) continue;
    const std::string_view what = tokens[i].text.substr(dot + 1);
    const Token* const value = string_after(i + 1);
    if (value == nullptr) continue;
    const bool of_spec =
        tokens[i].text.substr(0, dot) == "s" || tokens[i].text.substr(0, dot) == "spec";
    if (what == "dependency") {
      // A part of its own.
      if (value->text.starts_with(facts.name + "/")) continue;
      const Token* const range = value[1].is(",") ? string_after(i + 3) : nullptr;
      add_dependency(facts, value->text, range == nullptr ? "" : range->text, Use::kRuntime,
                     value->line);
    } else if (of_spec && what == "name") {
      facts.name = value->text;
    } else if (of_spec && what == "version") {
      facts.version = value->text;
    } else if (of_spec && what == "license" && value->text.size() <= 60) {
      facts.licence = value->text;
      facts.licence_line = value->line;
    } else if (of_spec && (what == "swift_version" || what == "swift_versions")) {
      add_version(facts, "Swift", manifest::first_version(value->text), value->line, 52);
    }
  }
}

void read_cartfile(const Source& source, Facts& facts) {
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t number) {
    const std::vector<std::string_view> parts = manifest::split(line, '"');
    if (parts.size() < 3 || line.starts_with('#')) return;
    add_dependency(facts, parts[1], manifest::first_version(parts[2]), Use::kRuntime, number);
  });
}

constexpr Reader kSwiftReaders[] = {
    {"Package.swift", "swiftpm", "Swift", "Swift Package Manager", Role::kModule,
     read_swift_package},
    {"Package.resolved", "swiftpm", "", "swiftpm", Role::kLock},
    {"Podfile", "cocoapods", "Swift", "CocoaPods", Role::kModule, read_podfile},
    {"*.podspec", "cocoapods", "Swift", "CocoaPods", Role::kModule, read_podspec},
    {"Podfile.lock", "cocoapods", "", "cocoapods", Role::kLock},
    {"Cartfile", "carthage", "Swift", "Carthage", Role::kModule, read_cartfile},
    {"project.pbxproj", "xcode", "", "Xcode", Role::kPart},
};

}  // namespace

std::span<const Reader> swift_readers() {
  return kSwiftReaders;
}

}  // namespace quarry::analysis::ecosystem
