#include "server/analysis/project/default_commands.h"

#include <algorithm>

#include "server/analysis/project/application.h"
#include "server/analysis/project/dependency_names.h"

namespace quarry::analysis::project {
namespace {

constexpr auto kToInstall = CommandRole::kInstall;
constexpr auto kToBuild = CommandRole::kBuild;
constexpr auto kToTest = CommandRole::kTest;
constexpr auto kToLint = CommandRole::kLint;
constexpr auto kToStart = CommandRole::kStart;

bool depends(const Module& module, std::string_view wanted) {
  return std::ranges::any_of(module.dependencies, [&](const DependencyFact& one) {
    return table_name(one.ecosystem, one.name) == wanted;
  });
}
bool built_on(const Module& module, std::string_view name) {
  return std::ranges::find(module.frameworks, name, &FrameworkFact::name) !=
         module.frameworks.end();
}
// Whether a manifest of the module itself tells of a target.
bool has_script(const Module& module, const Draft& draft, std::string_view name) {
  return std::ranges::any_of(draft.manifests, [&](const Manifest* one) {
    if (one->directory != draft.directory || one->reader->ecosystem != module.ecosystem) {
      return false;
    }
    const auto& scripts = one->facts.scripts;
    return std::ranges::find(scripts, name, &ecosystem::Script::name) != scripts.end();
  });
}

bool has_lock(const Module& module, const Draft& /*draft*/) {
  return !module.lock.path.empty();
}
bool has_test_script(const Module& module, const Draft& draft) {
  return has_script(module, draft, "test");
}
bool has_build_script(const Module& module, const Draft& draft) {
  return has_script(module, draft, "build");
}
bool has_targets(const Module& module, const Draft& /*draft*/) {
  return std::ranges::any_of(module.entries,
                             [](const EntryFact& one) { return one.how.starts_with("target "); });
}
bool has_testthat(const Module& module, const Draft& /*draft*/) {
  return built_on(module, "testthat");
}
bool has_application_plugin(const Module& module, const Draft& /*draft*/) {
  return depends(module, "maven:application") || depends(module, "maven:io.ktor.plugin");
}
bool has_dependencies(const Module& module, const Draft& /*draft*/) {
  return !module.dependencies.empty();
}
bool is_flutter(const Module& module, const Draft& /*draft*/) {
  return built_on(module, "Flutter");
}
bool is_jekyll_site(const Module& module, const Draft& /*draft*/) {
  const auto jekyll = std::ranges::find(module.frameworks, "Jekyll", &FrameworkFact::name);
  return jekyll != module.frameworks.end() && jekyll->has_file;
}

struct Default {
  std::string_view ecosystem;
  std::string_view manager;  // "": any
  CommandRole role;
  std::string_view text;
  bool (*holds)(const Module& module, const Draft& draft) = nullptr;  // null: always
};
constexpr Default kDefaults[] = {
    {"npm", "npm", kToInstall, "npm ci", has_lock},
    {"npm", "", kToInstall, "{m} install"},
    {"deno", "", kToTest, "deno test"},
    {"deno", "", kToLint, "deno lint"},
    {"pypi", "poetry", kToInstall, "poetry install"},
    {"pypi", "uv", kToInstall, "uv sync"},
    {"pypi", "pdm", kToInstall, "pdm install"},
    {"pypi", "pipenv", kToInstall, "pipenv install"},
    {"go", "", kToBuild, "go build ./..."},
    {"go", "", kToTest, "go test ./..."},
    {"go", "", kToLint, "go vet ./..."},
    {"cargo", "", kToBuild, "cargo build --release"},
    {"cargo", "", kToTest, "cargo test"},
    {"cargo", "", kToLint, "cargo clippy"},
    {"maven", "", kToBuild, "{w} package"},
    {"maven", "", kToTest, "{w} test"},
    {"gradle", "", kToBuild, "{w} build"},
    {"gradle", "", kToTest, "{w} test"},
    {"gradle", "", kToStart, "{w} run", has_application_plugin},
    {"sbt", "", kToBuild, "sbt compile"},
    {"sbt", "", kToTest, "sbt test"},
    {"mill", "", kToBuild, "mill __.compile"},
    {"mill", "", kToTest, "mill __.test"},
    {"leiningen", "", kToBuild, "lein uberjar"},
    {"leiningen", "", kToTest, "lein test"},
    {"ant", "", kToBuild, "ant"},
    {"nuget", "", kToBuild, "dotnet build", names_sdk},
    {"nuget", "", kToTest, "dotnet test", names_sdk},
    {"nuget", "", kToBuild, "msbuild"},
    {"packagist", "", kToInstall, "composer install"},
    {"rubygems", "", kToInstall, "bundle install"},
    {"rubygems", "", kToBuild, "bundle exec jekyll build", is_jekyll_site},
    {"hex", "", kToInstall, "mix deps.get"},
    {"hex", "", kToBuild, "mix compile"},
    {"hex", "", kToTest, "mix test"},
    {"rebar", "", kToBuild, "rebar3 compile"},
    {"rebar", "", kToTest, "rebar3 eunit"},
    {"gleam", "", kToBuild, "gleam build"},
    {"gleam", "", kToTest, "gleam test"},
    {"swiftpm", "", kToBuild, "swift build"},
    {"pub", "", kToInstall, "flutter pub get", is_flutter},
    {"pub", "", kToInstall, "dart pub get"},
    {"swiftpm", "", kToTest, "swift test", has_test_script},
    {"nix", "", kToBuild, "nix build", has_build_script},
    {"nix", "", kToTest, "nix flake check", has_test_script},
    {"hackage", "stack", kToBuild, "stack build"},
    {"hackage", "stack", kToTest, "stack test"},
    {"hackage", "", kToBuild, "cabal build all"},
    {"hackage", "", kToTest, "cabal test all"},
    {"opam", "", kToBuild, "dune build"},
    {"opam", "", kToTest, "dune test"},
    {"zig", "", kToBuild, "zig build"},
    {"nimble", "", kToBuild, "nimble build"},
    {"nimble", "", kToTest, "nimble test"},
    {"shards", "", kToBuild, "shards build", has_targets},
    {"shards", "", kToTest, "crystal spec"},
    {"shards", "", kToInstall, "shards install"},
    {"cpan", "", kToTest, "prove -l"},
    {"cran", "", kToBuild, "R CMD build ."},
    {"cran", "", kToTest, "Rscript -e 'testthat::test_local()'", has_testthat},
    {"julia", "", kToTest, "julia --project -e 'using Pkg; Pkg.test()'"},
    {"julia", "", kToInstall, "julia --project -e 'using Pkg; Pkg.instantiate()'"},
    {"luarocks", "", kToBuild, "luarocks make"},
    {"dub", "", kToBuild, "dub build"},
    {"dub", "", kToTest, "dub test"},
    {"fpm", "", kToBuild, "fpm build"},
    {"fpm", "", kToTest, "fpm test"},
    {"cmake", "", kToBuild, "cmake -B build && cmake --build build"},
    {"cmake", "", kToTest, "ctest --test-dir build"},
    {"meson", "", kToBuild, "meson setup build && meson compile -C build"},
    {"meson", "", kToTest, "meson test -C build"},
    {"autotools", "", kToBuild, "{c} && make"},
    {"autotools", "", kToTest, "make check"},
    {"bazel", "", kToBuild, "bazel build :all"},
    {"bazel", "", kToTest, "bazel test :all"},
    {"scons", "", kToBuild, "scons"},
    {"terraform", "", kToInstall, "terraform init"},
    {"terraform", "", kToLint, "terraform validate"},
    {"helm", "", kToLint, "helm lint ."},
    {"helm", "", kToInstall, "helm dependency build", has_dependencies},
};

constexpr std::string_view kUpkeepTargets[] = {
    "ci",    "test",  "tests",   "check",   "help",    "usage",     "lint", "fmt", "format",
    "clean", "list",  "install", "setup",   "deps",    "docs",      "doc",  "run", "dev",
    "start", "serve", "deploy",  "release", "bench",   "tidy",      "vet",  "up",  "coverage",
    "init",  "venv",  "env",     "watch",   "version", "pre-commit"};

}  // namespace

std::vector<DefaultCommand> default_commands(const Module& module, const Draft& draft) {
  const std::string_view of = module.ecosystem == "nx" ? "npm" : std::string_view(module.ecosystem);
  std::vector<DefaultCommand> found;
  for (const Default& one : kDefaults) {
    if (one.ecosystem != of || (!one.manager.empty() && one.manager != module.manager.name)) {
      continue;
    }
    if (std::ranges::find(found, one.role, &DefaultCommand::role) != found.end()) continue;
    if (one.holds == nullptr || one.holds(module, draft)) found.push_back({one.role, one.text});
  }
  return found;
}

std::string configure_of(const Draft& draft,
                         const std::function<bool(const std::string&)>& exists) {
  if (exists(joined(draft.directory, "configure"))) return "./configure";
  for (const std::string_view script : {"autogen.sh", "bootstrap", "buildconf"}) {
    if (exists(joined(draft.directory, script))) {
      return std::string("./").append(script).append(" && ./configure");
    }
  }
  return "autoreconf -fi && ./configure";
}

bool make_builds(const Evidence& at, const Draft& draft) {
  if (directory_of(at.path) != draft.directory) return false;
  const auto found = std::ranges::find(draft.manifests, at.path, [](const Manifest* one) {
    return std::string_view(one->facts.path);
  });
  if (found == draft.manifests.end() || (*found)->facts.scripts.empty()) return true;
  const auto& scripts = (*found)->facts.scripts;
  const auto named = std::ranges::find(scripts, ".DEFAULT_GOAL", &ecosystem::Script::name);
  const std::string& goal = named != scripts.end() ? named->command : scripts.front().name;
  // "install-devel" is of upkeep as "install" is.
  const std::string_view word = std::string_view(goal).substr(0, goal.find_first_of("-_"));
  const auto is_upkeep = [&](std::string_view one) { return one == goal || one == word; };
  return std::ranges::none_of(kUpkeepTargets, is_upkeep);
}

}  // namespace quarry::analysis::project
