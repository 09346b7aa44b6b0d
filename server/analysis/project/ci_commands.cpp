#include "server/analysis/project/ci_commands.h"

#include <algorithm>

#include "server/analysis/manifest/text.h"

namespace quarry::analysis::project {
namespace {

using enum CommandRole;

struct CiCommand {
  std::string_view begin;
  CommandRole role;
  bool alone = false;  // only options and variables may follow
};
constexpr CiCommand kCiCommands[] = {
    {"cmake --build", kBuild},
    {"ctest", kTest},
    {"make check", kTest},
    {"make test", kTest},
    {"make all", kBuild},
    {"make build", kBuild},
    {"make", kBuild, true},
    {"ninja test", kTest},
    {"ninja", kBuild},
    {"meson test", kTest},
    {"meson compile", kBuild},
    {"bazel test", kTest},
    {"bazel build", kBuild},
    {"./gradlew test", kTest},
    {"./gradlew check", kTest},
    {"./gradlew build", kBuild},
    {"mvn test", kTest},
    {"mvn verify", kTest},
    {"mvn package", kBuild},
    {"pytest", kTest},
    {"python -m pytest", kTest},
    {"python -m unittest", kTest},
    {"python -m build", kBuild},
    {"tox", kTest},
    {"nox", kTest},
    {"cargo test", kTest},
    {"cargo build", kBuild},
    {"go test", kTest},
    {"go build", kBuild},
    {"dotnet test", kTest},
    {"dotnet build", kBuild},
    {"npm test", kTest},
    {"npm run test", kTest},
    {"npm run build", kBuild},
    {"yarn test", kTest},
    {"yarn build", kBuild},
    {"pnpm test", kTest},
    {"pnpm build", kBuild},
    {"bundle exec rspec", kTest},
    {"bundle exec rake test", kTest},
    {"bundle exec rake spec", kTest},
    {"bundle exec rake", kTest, true},
    {"rake test", kTest},
    {"vendor/bin/phpunit", kTest},
    {"composer test", kTest},
    {"mix test", kTest},
    {"swift test", kTest},
    {"swift build", kBuild},
    {"xcodebuild test", kTest},
    {"xcodebuild build", kBuild},
    {"stack test", kTest},
    {"stack build", kBuild},
    {"dune runtest", kTest},
    {"dune build", kBuild},
    {"prove", kTest},
    {"busted", kTest},
    {"./gradlew lint", kLint},
    {"./gradlew ktlintCheck", kLint},
    {"./gradlew spotlessCheck", kLint},
    {"mvn checkstyle:check", kLint},
    {"mvn spotless:check", kLint},
    {"make lint", kLint},
    {"make fmt-check", kLint},
    {"make format-check", kLint},
    {"ruff check", kLint},
    {"ruff", kLint},
    {"flake8", kLint},
    {"pylint", kLint},
    {"mypy", kLint},
    {"black --check", kLint},
    {"pre-commit run", kLint},
    {"cargo clippy", kLint},
    {"cargo fmt --check", kLint},
    {"cargo fmt --all --check", kLint},
    {"cargo fmt --all -- --check", kLint},
    {"cargo fmt -- --check", kLint},
    {"golangci-lint run", kLint},
    {"go vet", kLint},
    {"staticcheck", kLint},
    {"dotnet format", kLint},
    {"npm run lint", kLint},
    {"npx eslint", kLint},
    {"npx prettier --check", kLint},
    {"npx biome", kLint},
    {"yarn lint", kLint},
    {"pnpm lint", kLint},
    {"pnpm run lint", kLint},
    {"bun run lint", kLint},
    {"bundle exec rubocop", kLint},
    {"bundle exec standardrb", kLint},
    {"vendor/bin/phpcs", kLint},
    {"vendor/bin/phpstan", kLint},
    {"vendor/bin/pint --test", kLint},
    {"composer lint", kLint},
    {"mix format --check-formatted", kLint},
    {"mix credo", kLint},
    {"swiftlint", kLint},
    {"swift format lint", kLint},
    {"dart analyze", kLint},
    {"flutter analyze", kLint},
    {"hlint", kLint},
    {"ormolu --mode check", kLint},
    {"dune build @fmt", kLint},
    {"clang-format --dry-run", kLint},
    {"luacheck", kLint},
    {"shellcheck", kLint},
    {"perlcritic", kLint},
    {"ansible-lint", kLint},
    {"terraform fmt -check", kLint},
    {"tflint", kLint},
    {"helm lint", kLint},
    {"hadolint", kLint},
    {"bun test", kTest},
    {"bun run test", kTest},
    {"bun run build", kBuild},
    {"deno test", kTest},
    {"deno lint", kLint},
    {"pnpm run test", kTest},
    {"pnpm run build", kBuild},
    {"yarn run test", kTest},
    {"yarn run build", kBuild},
    {"uv run pytest", kTest},
    {"uv run ruff check", kLint},
    {"poetry run pytest", kTest},
    {"poetry build", kBuild},
    {"uv build", kBuild},
    {"hatch test", kTest},
    {"hatch build", kBuild},
    {"cargo nextest run", kTest},
    {"sbt test", kTest},
    {"sbt compile", kBuild},
    {"lein test", kTest},
    {"rebar3 eunit", kTest},
    {"rebar3 ct", kTest},
    {"rebar3 compile", kBuild},
    {"gleam test", kTest},
    {"cabal test", kTest},
    {"cabal build", kBuild},
    {"zig build test", kTest},
    {"zig build", kBuild},
    {"nimble test", kTest},
    {"crystal spec", kTest},
    {"flutter test", kTest},
    {"dart test", kTest},
    {"./configure", kBuild},
    {"./build.sh", kBuild},
    {"./runtest", kTest},
    {"./test.sh", kTest},
    {"./run_tests.sh", kTest},
};
constexpr std::size_t kMaxCiCommand = 160;

// Only says what the tool is.
bool asks_for_version(std::string_view line) {
  constexpr std::string_view kAsking[] = {"--version", "-version", "-V", "--help"};
  return std::ranges::any_of(manifest::words(line), [&](std::string_view word) {
    return std::ranges::find(kAsking, word) != std::end(kAsking);
  });
}

}  // namespace

std::optional<CommandRole> role_of_ci_line(std::string_view line) {
  const bool varies = line.find("${{") != std::string_view::npos || line.ends_with('\\');
  if (varies || line.size() > kMaxCiCommand || asks_for_version(line)) return std::nullopt;
  const auto* known = std::ranges::find_if(kCiCommands, [&](const CiCommand& one) {
    if (!line.starts_with(one.begin)) return false;
    const std::string_view rest = line.substr(one.begin.size());
    if (!rest.empty() && rest[0] != ' ') return false;
    return !one.alone || std::ranges::all_of(manifest::words(rest), [](std::string_view word) {
      return word[0] == '-' || word[0] == '$' || word.find('=') != std::string_view::npos;
    });
  });
  if (known == std::end(kCiCommands)) return std::nullopt;
  return known->role;
}

}  // namespace quarry::analysis::project
