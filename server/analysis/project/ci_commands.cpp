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
    {"./configure", kBuild},
    {"./build.sh", kBuild},
    {"./runtest", kTest},
    {"./test.sh", kTest},
    {"./run_tests.sh", kTest},
};
constexpr std::size_t kMaxCiCommand = 160;

}  // namespace

std::optional<CommandRole> role_of_ci_line(std::string_view line) {
  const bool varies = line.find("${{") != std::string_view::npos || line.ends_with('\\');
  if (varies || line.size() > kMaxCiCommand) return std::nullopt;
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
