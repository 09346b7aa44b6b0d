// Files of continuous integration, and the commands that they run.

#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

// "run" of GitHub's steps, "script" of GitLab's and Travis' jobs, "command" of CircleCI's: wherever
// they stand. Each line is a command; "${{" and comments are left out.
void add_commands(Facts& facts, const Value& value) {
  for (const Value& one : value.items) {
    const bool runs = one.name == "run" || one.name == "script" || one.name == "command";
    if (runs && one.items.empty()) {
      manifest::for_each_line(one.text, [&](std::string_view line, std::uint32_t number) {
        const std::string_view text = manifest::trim(line);
        if (text.empty() || text.starts_with('#')) return;
        // A block's lines begin on the line after its key.
        const bool block = one.text.find('\n') != std::string::npos;
        facts.scripts.push_back(
            {"ci", std::string(text), one.line + (block ? number : number - 1)});
      });
    } else if (runs) {
      for (const Value& line : one.items) {
        if (line.items.empty()) facts.scripts.push_back({"ci", line.text, line.line});
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
