// Files of continuous integration, and the commands that they run.

#include <algorithm>
#include <utility>

#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

// Whether a shell is in another directory behind a line: "cd web", "mkdir build && cd build".
bool leaves(std::string_view line) {
  const std::vector<std::string_view> words = manifest::words(line);
  return std::ranges::any_of(words, [](std::string_view one) {
    return one == "cd" || one == "pushd" || one.ends_with(";cd") || one.ends_with("&cd") ||
           one == "(cd";
  });
}

bool is_elsewhere(const Value& directory) {
  std::string_view path = directory.text;
  if (path.starts_with("./")) path.remove_prefix(2);
  // The checkout by its variables.
  for (const std::string_view root :
       {"${{ github.workspace }}", "${{github.workspace}}", "$(Build.SourcesDirectory)",
        "$(System.DefaultWorkingDirectory)"}) {
    if (path == root) return false;
  }
  return !path.empty() && path != "." && !path.starts_with('~');
}

// Whether the step, or what all steps of the job begin with, names a directory below the root.
bool runs_elsewhere(const Value& value) {
  // A job of CircleCI has its checkout there.
  const bool below = !value["steps"] && is_elsewhere(value["working_directory"]);
  return below || is_elsewhere(value["working-directory"]) ||
         is_elsewhere(value["workingDirectory"]) ||
         is_elsewhere(value.find({"defaults", "run", "working-directory"}));
}

void add_command(Facts& facts, std::string_view text, std::uint32_t line) {
  facts.scripts.push_back({"ci", std::string(text), line});
}

// Each line of a block is a command, unless it goes on with the one before.
void add_block(Facts& facts, const Value& one) {
  // A block's lines begin on the line after its key.
  const bool block = one.text.find('\n') != std::string::npos;
  bool continued = false;
  bool left = false;
  manifest::for_each_line(one.text, [&](std::string_view line, std::uint32_t number) {
    const std::string_view text = manifest::trim(line);
    const bool goes_on = std::exchange(continued, text.ends_with('\\'));
    if (goes_on || left || text.empty() || text.starts_with('#')) return;
    left = leaves(text);
    if (!left) add_command(facts, text, one.line + (block ? number : number - 1));
  });
}

// "run" of GitHub's steps, "script" of GitLab's and Travis' jobs, "command" of CircleCI's: wherever
// they stand. What is run in another directory than the root is none of the root's.
void add_commands(Facts& facts, const Value& value) {
  if (runs_elsewhere(value)) return;
  for (const Value& one : value.items) {
    const bool runs = one.name == "run" || one.name == "script" || one.name == "command";
    if (runs && one.items.empty()) {
      add_block(facts, one);
    } else if (runs && one.is_list()) {
      for (const Value& line : one.items) {
        if (leaves(line.text)) break;
        if (line.items.empty()) add_command(facts, line.text, line.line);
      }
    }
    add_commands(facts, one);
  }
}

void read_yaml(const Source& source, Facts& facts) {
  add_commands(facts, taken(manifest::parse_yaml(source.text), facts));
}

constexpr auto kCi = Role::kCi;

constexpr Reader kCiReaders[] = {
    {".github/workflows/*.yml", "ci", "", "GitHub Actions", kCi, read_yaml},
    {".github/workflows/*.yaml", "ci", "", "GitHub Actions", kCi, read_yaml},
    {".gitlab-ci.yml", "ci", "", "GitLab CI", kCi, read_yaml},
    {".circleci/config.yml", "ci", "", "CircleCI", kCi, read_yaml},
    {".travis.yml", "ci", "", "Travis CI", kCi, read_yaml},
    {"Jenkinsfile", "ci", "", "Jenkins", kCi},
    {"azure-pipelines.yml", "ci", "", "Azure Pipelines", kCi, read_yaml},
    {"azure-pipelines.yaml", "ci", "", "Azure Pipelines", kCi, read_yaml},
    {"bitbucket-pipelines.yml", "ci", "", "Bitbucket Pipelines", kCi, read_yaml},
    {".drone.yml", "ci", "", "Drone", kCi, read_yaml},
    {".woodpecker.yml", "ci", "", "Woodpecker", kCi, read_yaml},
    {".cirrus.yml", "ci", "", "Cirrus CI", kCi, read_yaml},
    {".appveyor.yml", "ci", "", "AppVeyor", kCi},
    {"appveyor.yml", "ci", "", "AppVeyor", kCi},
    {".buildkite/pipeline.yml", "ci", "", "Buildkite", kCi, read_yaml},
    {".teamcity/settings.kts", "ci", "", "TeamCity", kCi},
    {"buildspec.yml", "ci", "", "AWS CodeBuild", kCi, read_yaml},
    {"cloudbuild.yaml", "ci", "", "Google Cloud Build", kCi},
    {".semaphore/semaphore.yml", "ci", "", "Semaphore", kCi, read_yaml},
};

}  // namespace

std::span<const Reader> ci_readers() {
  return kCiReaders;
}

}  // namespace quarry::analysis::ecosystem
