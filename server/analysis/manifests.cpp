#include "server/analysis/manifests.h"

#include <algorithm>
#include <array>

#include "server/analysis/languages.h"

namespace quarry::analysis {
namespace {

constexpr auto kCi = ManifestRole::kCi;
constexpr auto kContainer = ManifestRole::kContainer;

// Whole names. Order is the order of answers where depth does not decide.
constexpr auto kByName = std::to_array<ManifestKind>({
    {"package.json", "npm"},
    {"pnpm-workspace.yaml", "pnpm workspace"},
    {"lerna.json", "Lerna"},
    {"nx.json", "Nx"},
    {"turbo.json", "Turborepo"},
    {"deno.json", "Deno"},
    {"deno.jsonc", "Deno"},
    {"Cargo.toml", "Cargo"},
    {"go.work", "Go workspace"},
    {"go.mod", "Go modules"},
    {"pom.xml", "Maven"},
    {"settings.gradle", "Gradle"},
    {"settings.gradle.kts", "Gradle"},
    {"build.gradle", "Gradle"},
    {"build.gradle.kts", "Gradle"},
    {"build.xml", "Ant"},
    {"build.sbt", "sbt"},
    {"build.sc", "Mill"},
    {"project.clj", "Leiningen"},
    {"deps.edn", "Clojure CLI"},
    {"pyproject.toml", "Python (pyproject)"},
    {"setup.py", "setuptools"},
    {"setup.cfg", "setuptools"},
    {"requirements.txt", "pip"},
    {"Pipfile", "Pipenv"},
    {"environment.yml", "Conda"},
    {"tox.ini", "tox"},
    {"composer.json", "Composer"},
    {"Gemfile", "Bundler"},
    {"Rakefile", "Rake"},
    {"mix.exs", "Mix"},
    {"rebar.config", "Rebar3"},
    {"gleam.toml", "Gleam"},
    {"pubspec.yaml", "Dart pub"},
    {"Package.swift", "Swift Package Manager"},
    {"Podfile", "CocoaPods"},
    {"project.pbxproj", "Xcode"},
    {"cabal.project", "Cabal (Haskell)"},
    {"stack.yaml", "Stack"},
    {"dune-project", "Dune"},
    {"build.zig", "Zig"},
    {"shard.yml", "Shards"},
    {"Project.toml", "Julia Pkg"},
    {"DESCRIPTION", "R"},
    {"Makefile.PL", "MakeMaker"},
    {"cpanfile", "CPAN"},
    {"flake.nix", "Nix"},
    {"default.nix", "Nix"},
    {"MODULE.bazel", "Bazel"},
    {"WORKSPACE", "Bazel"},
    {"WORKSPACE.bazel", "Bazel"},
    {"BUILD.bazel", "Bazel"},
    {"BUCK", "Buck"},
    {"CMakeLists.txt", "CMake"},
    {"CMakePresets.json", "CMake"},
    {"meson.build", "Meson"},
    {"configure.ac", "Autoconf"},
    {"configure.in", "Autoconf"},
    {"Makefile.am", "Automake"},
    {"SConstruct", "SCons"},
    {"wscript", "Waf"},
    {"xmake.lua", "xmake"},
    {"premake5.lua", "Premake"},
    {"conanfile.txt", "Conan"},
    {"conanfile.py", "Conan"},
    {"vcpkg.json", "vcpkg"},
    {"Kbuild", "Kbuild"},
    {"Kconfig", "Kbuild"},
    {"Makefile", "make"},
    {"GNUmakefile", "make"},
    {"makefile", "make"},
    {"justfile", "just"},
    {"Justfile", "just"},
    {"Taskfile.yml", "Task"},
    {"Taskfile.yaml", "Task"},
    {"platformio.ini", "PlatformIO"},
    {"Vagrantfile", "Vagrant", kContainer},
    {"Dockerfile", "container image", kContainer},
    {"Containerfile", "container image", kContainer},
    {"compose.yaml", "Compose", kContainer},
    {"compose.yml", "Compose", kContainer},
    {"docker-compose.yml", "Compose", kContainer},
    {"docker-compose.yaml", "Compose", kContainer},
    {"devcontainer.json", "dev container", kContainer},
    {"skaffold.yaml", "Skaffold", kContainer},
    {"kustomization.yaml", "Kustomize", kContainer},
    {"Chart.yaml", "Helm", kContainer},
    {"Procfile", "Procfile", kContainer},
    {".gitlab-ci.yml", "GitLab CI", kCi},
    {"Jenkinsfile", "Jenkins", kCi},
    {".travis.yml", "Travis CI", kCi},
    {".cirrus.yml", "Cirrus CI", kCi},
    {".drone.yml", "Drone", kCi},
    {".woodpecker.yml", "Woodpecker", kCi},
    {"azure-pipelines.yml", "Azure Pipelines", kCi},
    {"appveyor.yml", "AppVeyor", kCi},
    {".appveyor.yml", "AppVeyor", kCi},
    {"bitbucket-pipelines.yml", "Bitbucket Pipelines", kCi},
});

constexpr auto kByPattern = std::to_array<ManifestKind>({
    {".github/workflows/*.yml", "GitHub Actions", kCi, "GitHub Actions workflow"},
    {".github/workflows/*.yaml", "GitHub Actions", kCi, "GitHub Actions workflow"},
    {".circleci/*.yml", "CircleCI", kCi, "CircleCI configuration"},
    {".buildkite/*.yml", "Buildkite", kCi, "Buildkite pipeline"},
    {"*.sln", "MSBuild"},
    {"*.slnx", "MSBuild"},
    {"*.csproj", "MSBuild"},
    {"*.fsproj", "MSBuild"},
    {"*.vbproj", "MSBuild"},
    {"*.vcxproj", "MSBuild"},
    {"*.gemspec", "RubyGems"},
    {"*.cabal", "Cabal (Haskell)"},
    {"*.opam", "opam"},
    {"*.nimble", "Nimble"},
    {"*.rockspec", "LuaRocks"},
    {"*.podspec", "CocoaPods"},
    {"*.tf", "Terraform"},
    {"Dockerfile.*", "container image", kContainer},
    {"*.Dockerfile", "container image", kContainer},
    {"*.dockerfile", "container image", kContainer},
});

// kByName's indexes, sorted by name.
constexpr auto kSorted = [] {
  std::array<std::uint16_t, kByName.size()> order;
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint16_t>(i);
  std::ranges::sort(order, {}, [](std::uint16_t i) { return kByName[i].pattern; });
  return order;
}();

bool matches(std::string_view pattern, std::string_view path, std::string_view name) {
  if (const std::size_t slash = pattern.rfind('/'); slash != std::string_view::npos) {
    const std::string_view directory = pattern.substr(0, slash + 1);
    return path.size() == directory.size() + name.size() && path.starts_with(directory) &&
           name.ends_with(pattern.substr(slash + 2));
  }
  if (pattern.front() == '*') {
    return name.size() >= pattern.size() && name.ends_with(pattern.substr(1));
  }
  return name.size() >= pattern.size() && name.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace

std::string_view name_of(ManifestRole role) {
  static constexpr std::array<std::string_view, 3> kNames = {"build", "container", "ci"};
  return kNames[static_cast<std::size_t>(role)];
}

std::size_t manifest_kind_count() {
  return kByName.size() + kByPattern.size();
}

const ManifestKind& manifest_kind(std::size_t index) {
  return index < kByName.size() ? kByName[index] : kByPattern[index - kByName.size()];
}

std::optional<std::size_t> find_manifest_kind(std::string_view path) {
  const std::string_view name = base_name(path);
  const auto at = std::ranges::lower_bound(kSorted, name, {},
                                           [](std::uint16_t i) { return kByName[i].pattern; });
  if (at != kSorted.end() && kByName[*at].pattern == name) return *at;
  for (std::size_t i = 0; i < kByPattern.size(); ++i) {
    const char last = kByPattern[i].pattern.back();
    if (last != '*' && !path.ends_with(last)) continue;
    if (matches(kByPattern[i].pattern, path, name)) return kByName.size() + i;
  }
  return std::nullopt;
}

}  // namespace quarry::analysis
