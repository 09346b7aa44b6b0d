#include "server/analysis/path_class.h"

#include <algorithm>
#include <array>

namespace quarry::analysis {
namespace {

struct DirectoryRule {
  std::string_view name;
  Share share;
  bool weak = false;
  bool top_only = false;  // means it only at the top of the tree
};

// Sorted by name.
constexpr auto kDirectories = std::to_array<DirectoryRule>({
    {".yarn", Share::kVendored},
    {"3rd_party", Share::kVendored},
    {"3rdparty", Share::kVendored},
    {"Carthage", Share::kVendored},
    {"Doc", Share::kDocumentation, false, true},
    {"Docs", Share::kDocumentation, false, true},
    {"Documentation", Share::kDocumentation},
    {"Examples", Share::kDocumentation, true, true},
    {"Godeps", Share::kVendored},
    {"Pods", Share::kVendored},
    {"ThirdParty", Share::kVendored},
    {"__generated__", Share::kGenerated},
    {"__pycache__", Share::kGenerated},
    {"__snapshots__", Share::kGenerated},
    {"_vendor", Share::kVendored},
    {"bower_components", Share::kVendored},
    {"demo", Share::kDocumentation, true, true},
    {"demos", Share::kDocumentation, true, true},
    {"dependencies", Share::kVendored, true, true},
    {"deps", Share::kVendored, true},
    {"dist", Share::kGenerated, true},
    {"doc", Share::kDocumentation, false, true},
    {"docs", Share::kDocumentation, false, true},
    {"documentation", Share::kDocumentation},
    {"example", Share::kDocumentation, true, true},
    {"examples", Share::kDocumentation, true, true},
    {"extern", Share::kVendored, true},
    {"external", Share::kVendored, true},
    {"externals", Share::kVendored, true},
    {"generated", Share::kGenerated, true},
    {"javadoc", Share::kDocumentation},
    {"jspm_packages", Share::kVendored},
    {"man", Share::kDocumentation, true, true},
    {"node_modules", Share::kVendored},
    {"paket-files", Share::kVendored},
    {"samples", Share::kDocumentation, true, true},
    {"site-packages", Share::kVendored},
    {"testdata", Share::kVendored, true},
    {"third-party", Share::kVendored},
    {"third_party", Share::kVendored},
    {"thirdparty", Share::kVendored},
    {"vendor", Share::kVendored},
    {"vendored", Share::kVendored},
    {"vendors", Share::kVendored},
    {"web_modules", Share::kVendored},
});
static_assert(std::ranges::is_sorted(kDirectories, {}, &DirectoryRule::name));

struct NameRule {
  std::string_view name;
  Share share = Share::kGenerated;
};

// Whole names. Sorted.
constexpr auto kNames = std::to_array<NameRule>({
    {".pnp.cjs", Share::kVendored},
    {".pnp.loader.mjs", Share::kVendored},
    {"Brewfile.lock.json"},
    {"Cargo.lock"},
    {"Gemfile.lock"},
    {"Gopkg.lock"},
    {"MODULE.bazel.lock"},
    {"Manifest.toml"},
    {"Package.resolved"},
    {"Pipfile.lock"},
    {"Podfile.lock"},
    {"aclocal.m4", Share::kVendored},
    {"bindata.go"},
    {"bun.lock"},
    {"cabal.project.freeze"},
    {"composer.lock"},
    {"conan.lock"},
    {"config.guess", Share::kVendored},
    {"config.sub", Share::kVendored},
    {"deno.lock"},
    {"depcomp", Share::kVendored},
    {"flake.lock"},
    {"glide.lock"},
    {"go.sum"},
    {"go.work.sum"},
    {"gradle.lockfile"},
    {"gradlew", Share::kVendored},
    {"gradlew.bat", Share::kVendored},
    {"install-sh", Share::kVendored},
    {"libtool.m4", Share::kVendored},
    {"ltmain.sh", Share::kVendored},
    {"ltoptions.m4", Share::kVendored},
    {"ltsugar.m4", Share::kVendored},
    {"ltversion.m4", Share::kVendored},
    {"lt~obsolete.m4", Share::kVendored},
    {"mix.lock"},
    {"mkinstalldirs", Share::kVendored},
    {"mvnw", Share::kVendored},
    {"mvnw.cmd", Share::kVendored},
    {"npm-shrinkwrap.json"},
    {"package-lock.json"},
    {"packages.lock.json"},
    {"paket.lock"},
    {"pdm.lock"},
    {"pixi.lock"},
    {"pnpm-lock.yaml"},
    {"poetry.lock"},
    {"project.pbxproj"},
    {"pubspec.lock"},
    {"rebar.lock"},
    {"shard.lock"},
    {"stack.yaml.lock"},
    {"uv.lock"},
    {"wire_gen.go"},
    {"yarn.lock"},
});
static_assert(std::ranges::is_sorted(kNames, {}, &NameRule::name));

// A name that ends so is generated; shown as "*" + suffix.
constexpr auto kSuffixes = std::to_array<std::string_view>({
    "*.min.js",      "*.min.css",      "*-min.js",      "*.min.mjs",     "*.js.map",
    "*.css.map",     "*.pb.go",        "*.pb.gw.go",    "*.pb.cc",       "*.pb.h",
    "*.pb.swift",    "*.pb.dart",      "*_pb2.py",      "*_pb2.pyi",     "*_pb2_grpc.py",
    "*_pb.js",       "*_pb.ts",        "*_pb.d.ts",     "*_pb.rb",       "*_grpc_web_pb.js",
    "*.g.dart",      "*.freezed.dart", "*.gr.dart",     "*.mocks.dart",  "*.designer.cs",
    "*.Designer.cs", "*.designer.vb",  "*.Designer.vb", "*.g.cs",        "*.g.i.cs",
    "*.gen.go",      "*.gen.ts",       "*.gen.rs",      "*.tsbuildinfo", "*.snap",
    "*_shipped",     "*.pbobjc.h",     "*.pbobjc.m",    "*.bundle.js",
});

// Stems of documentation, with a documentation extension or none.
constexpr auto kDocumentNames = std::to_array<std::string_view>(
    {"README",       "CHANGELOG",    "CHANGES",         "LICENSE",  "LICENCE",
     "LICENSES",     "COPYING",      "COPYRIGHT",       "NOTICE",   "AUTHORS",
     "CONTRIBUTING", "CONTRIBUTORS", "INSTALL",         "NEWS",     "HISTORY",
     "MAINTAINERS",  "CREDITS",      "CODE_OF_CONDUCT", "SECURITY", "BUGS",
     "THANKS",       "UNLICENSE",    "PATENTS",         "CITATION", "RELEASENOTES"});
constexpr auto kDocumentExtensions =
    std::to_array<std::string_view>({"", ".md", ".txt", ".rst", ".adoc", ".org", ".html", ".cff"});
constexpr auto kAlwaysDocuments = std::to_array<std::string_view>(
    {".md", ".markdown", ".mdx", ".rst", ".adoc", ".asciidoc", ".mkd"});

bool names_document(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  const std::string_view extension =
      dot == std::string_view::npos || dot == 0 ? std::string_view() : name.substr(dot);
  if (std::ranges::find(kAlwaysDocuments, extension) != kAlwaysDocuments.end()) return true;
  if (std::ranges::find(kDocumentExtensions, extension) == kDocumentExtensions.end()) return false;
  // "LICENSE-MIT" and "README.ja" are documents too; "readme" in any case.
  const std::string_view stem = name.substr(0, name.find_first_of(".-"));
  if (stem.size() == 6 && (stem == "readme" || stem == "Readme" || stem == "ReadMe")) return true;
  if (stem == "license" || stem == "License" || stem == "changelog" || stem == "Changelog") {
    return true;
  }
  return std::ranges::find(kDocumentNames, stem) != kDocumentNames.end();
}

}  // namespace

std::string_view name_of(Share share) {
  static constexpr std::array<std::string_view, 4> kShareNames = {"source", "vendored", "generated",
                                                                  "documentation"};
  return kShareNames[static_cast<std::size_t>(share)];
}

PathClass classify_directory(std::string_view directory) {
  PathClass found;
  std::string_view parent;
  for (std::size_t at = 0; at < directory.size();) {
    const std::size_t end = std::min(directory.find('/', at), directory.size());
    const std::string_view name = directory.substr(at, end - at);
    const std::string_view so_far = directory.substr(0, end);
    const auto rule = std::ranges::lower_bound(kDirectories, name, {}, &DirectoryRule::name);
    if (rule != kDirectories.end() && rule->name == name && (!rule->top_only || at == 0)) {
      if (!rule->weak) return {rule->share, false, so_far, true};
      if (found.share == Share::kSource) found = {rule->share, true, so_far, true};
    }
    const bool tests =
        parent == "test" || parent == "tests" || parent == "spec" || parent == "specs";
    if (tests && name == "fixtures" && found.share == Share::kSource) {
      found = {Share::kVendored, true, so_far, true};
    }
    parent = name;
    at = end + 1;
  }
  return found;
}

PathClass classify_name(std::string_view name) {
  const auto exact = std::ranges::lower_bound(kNames, name, {}, &NameRule::name);
  if (exact != kNames.end() && exact->name == name) return {exact->share, false, exact->name};
  for (const std::string_view pattern : kSuffixes) {
    const bool may = !name.empty() && name.back() == pattern.back();
    if (may && name.ends_with(pattern.substr(1))) return {Share::kGenerated, false, pattern};
  }
  if (name.starts_with("zz_generated")) return {Share::kGenerated, false, "zz_generated*"};
  if (name.find("_generated.") != std::string_view::npos) {
    return {Share::kGenerated, false, "*_generated.*"};
  }
  if (name.find(".generated.") != std::string_view::npos) {
    return {Share::kGenerated, false, "*.generated.*"};
  }
  // jQuery is copied into more repositories than any other file: jquery.js, jquery-3.7.1.js.
  if (name.starts_with("jquery") && name.ends_with(".js") &&
      name.find_first_not_of("0123456789.-", 6) == name.size() - 2) {
    return {Share::kVendored, false, "jquery*.js"};
  }
  if (names_document(name)) return {Share::kDocumentation, false, "documents by name"};
  return {};
}

std::span<const std::string_view> siblings_that_generate(std::string_view name) {
  static constexpr std::array<std::string_view, 2> kConfigure = {"configure.ac", "configure.in"};
  static constexpr std::array<std::string_view, 1> kMakefileIn = {"Makefile.am"};
  if (name == "configure") return kConfigure;
  if (name == "Makefile.in") return kMakefileIn;
  return {};
}

}  // namespace quarry::analysis
