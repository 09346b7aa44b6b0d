// Package managers of C and C++: Conan and vcpkg.

#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

// "zlib/1.2.13@user/channel"
void add_reference(Facts& facts, std::string_view text, Use use, std::uint32_t line) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return;
  const std::string_view version = text.substr(slash + 1);
  add_dependency(facts, text.substr(0, slash), version.substr(0, version.find('@')), use, line);
}

void read_conanfile_txt(const Source& source, Facts& facts) {
  Use use = Use::kRuntime;
  bool inside = false;
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t number) {
    const std::string_view text = manifest::trim(line);
    if (text.starts_with('[')) {
      inside = text == "[requires]" || text == "[build_requires]" || text == "[tool_requires]";
      use = text == "[requires]" ? Use::kRuntime : Use::kBuild;
    } else if (inside && !text.starts_with('#')) {
      add_reference(facts, text, use, number);
    }
  });
}

void read_conanfile_py(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kPython);
  bool build = false;
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    const Token& at = tokens[i];
    if (at.is_word()) {
      if (at.text.ends_with("requires"))
        build = at.text.find("tool") != std::string_view::npos ||
                at.text.find("build") != std::string_view::npos;
      if (at.text == "name" && tokens[i + 1].is("=")) facts.name = tokens[i + 2].text;
      if (at.text == "version" && tokens[i + 1].is("=")) facts.version = tokens[i + 2].text;
    }
    const bool called = i > 1 &&
                        (tokens[i - 1].is("(") || tokens[i - 1].is("=") || tokens[i - 1].is(",")) &&
                        at.is_string();
    if (!called) continue;
    for (std::size_t j = i; j > 0 && j + 12 > i; --j) {
      if (tokens[j - 1].is_word() && tokens[j - 1].text.ends_with("requires")) {
        add_reference(facts, at.text, build ? Use::kBuild : Use::kRuntime, at.line);
        break;
      }
    }
  }
}

void read_vcpkg(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_json(source.text), facts);
  facts.name = root["name"].text;
  facts.version = root["version"] ? root["version"].text : root["version-string"].text;
  set_licence(facts, root["license"]);
  for (const Value& one : root["dependencies"].items) {
    add_dependency(facts, one.is_map() ? one["name"].text : one.text, one["version>="].text,
                   one["host"].is_true() ? Use::kBuild : Use::kRuntime, one.line);
  }
}

constexpr Reader kNativePackagesReaders[] = {
    {"conanfile.txt", "conan", "", "Conan", Role::kPart, read_conanfile_txt},
    {"conanfile.py", "conan", "", "Conan", Role::kPart, read_conanfile_py},
    {"conan.lock", "conan", "", "conan", Role::kLock},
    {"vcpkg.json", "vcpkg", "", "vcpkg", Role::kPart, read_vcpkg},
};

}  // namespace

std::span<const Reader> native_package_readers() {
  return kNativePackagesReaders;
}

}  // namespace quarry::analysis::ecosystem
