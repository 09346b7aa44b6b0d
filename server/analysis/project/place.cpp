#include "server/analysis/project/place.h"

#include <algorithm>
#include <array>
#include <string>

#include "server/analysis/languages.h"
#include "server/analysis/manifest/text.h"
#include "server/analysis/project/aside.h"

namespace quarry::analysis::project {
namespace {

// Hidden folders that hold settings of the build.
constexpr auto kBuildFolders = std::to_array<std::string_view>(
    {".mvn", ".cargo", ".moon", ".config", ".docker", ".build", ".k8s"});
constexpr auto kTestFolders =
    std::to_array<std::string_view>({"test", "tests", "spec", "e2e", "testsuite", "bench",
                                     "benches", "benchmark", "benchmarks", "fuzz", "fixtures"});
constexpr auto kImageFolders =
    std::to_array<std::string_view>({"docker", "build", "deploy", "deployment", "container",
                                     "containers", ".docker", "dockerfiles", "images", "image"});
// Parts of names of images and sets of containers.
constexpr auto kTestNames = std::to_array<std::string_view>(
    {"test", "tests", "testing", "debug", "playwright", "ci", "e2e", "bench", "benchmark", "lint",
     "docs", "devcontainer", "example", "fuzz", "cypress", "integration"});
constexpr auto kDevelopmentNames = std::to_array<std::string_view>(
    {"dev", "develop", "development", "local", "override", "builder"});
// Folders beside the module's code where files of continuous integration lie too.
constexpr auto kCiFolders =
    std::to_array<std::string_view>({"ci", "build", "eng", "pipelines", "azure-pipelines"});

template <class List>
bool lists(const List& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

constexpr int kDevelopmentRank = 20;

std::string_view below(std::string_view directory, std::string_view top) {
  directory.remove_prefix(std::min(top.size(), directory.size()));
  if (directory.starts_with('/')) directory.remove_prefix(1);
  return directory;
}

// 0: the usual name, 1: a variant, 2: of the development, kNoImage: of tests.
int rank_of_name(std::string_view path) {
  std::string name = manifest::lower(base_name(path));
  std::ranges::replace_if(
      name, [](char c) { return c == '-' || c == '_'; }, '.');
  int rank = 0;
  for (const std::string_view part : manifest::split(name, '.')) {
    if (lists(kTestNames, part)) return kNoImage;
    if (lists(kDevelopmentNames, part)) rank = 2;
    const bool usual = part == "dockerfile" || part == "containerfile" || part == "docker" ||
                       part == "compose" || part == "yml" || part == "yaml";
    if (!usual && rank == 0) rank = 1;
  }
  return rank;
}

}  // namespace

Place place_of(const Manifest& manifest, const Draft& draft) {
  const std::string_view path = below(manifest.directory, draft.directory);
  if (path.empty()) return Place::kHere;
  Place place = Place::kBelow;
  bool first = true;
  for (const std::string_view part : manifest::split(path, '/')) {
    if (part.starts_with('.') && !lists(kBuildFolders, part)) return Place::kApart;
    if (first && draft.mobile && is_platform(part)) return Place::kApart;
    const std::string name = manifest::lower(part);
    if (lists(kTestFolders, name)) return Place::kTests;
    if (place == Place::kBelow && !aside_place(part).empty()) place = Place::kApart;
    if (place == Place::kBelow && is_secondary(part)) place = Place::kTools;
    first = false;
  }
  return place;
}

bool is_ci_of_root(const Manifest& manifest) {
  const std::string_view pattern = manifest.reader->pattern;
  const std::string_view path = manifest.facts.path;
  if (pattern.find('/') != std::string_view::npos) {
    return std::ranges::count(pattern, '/') == std::ranges::count(path, '/');
  }
  const std::string_view directory = manifest.directory;
  return directory.empty() || (directory.find('/') == std::string_view::npos &&
                               (directory.front() == '.' || lists(kCiFolders, directory)));
}

int image_rank(const Manifest& manifest, const Draft& draft) {
  const Place place = place_of(manifest, draft);
  if (place != Place::kHere && place != Place::kBelow) return kNoImage;
  const int name = rank_of_name(manifest.facts.path);
  if (name == kNoImage) return kNoImage;
  const std::string_view path = below(manifest.directory, draft.directory);
  const std::string_view folder = path.substr(0, path.find('/'));
  const int depth = path.empty() ? 0 : lists(kImageFolders, folder) ? 3 : 6;
  return (name == 2 ? kDevelopmentRank : name) + depth;
}

bool makes_image(const Manifest& manifest) {
  return manifest.reader->ecosystem == "docker" && manifest.reader->read != nullptr;
}

ContainerFiles::ContainerFiles(const Draft& draft) : draft_(draft) {
  for (const Manifest* one : draft.manifests) {
    if (makes_image(*one)) image_ = std::min(image_, image_rank(*one, draft));
    if (one->reader->ecosystem == "compose") set_ = std::min(set_, image_rank(*one, draft));
  }
}

bool ContainerFiles::count(const Manifest& manifest) const {
  if (manifest.reader->role != ecosystem::Role::kContainer) return false;
  const int rank = image_rank(manifest, draft_);
  if (rank >= kNoImage) return false;
  if (makes_image(manifest)) return rank == image_;
  if (manifest.reader->ecosystem == "compose") return rank < kDevelopmentRank || rank == set_;
  // Objects of a cluster lie in folders of their own; all else is of its directory.
  return manifest.reader->ecosystem == "kubernetes" || place_of(manifest, draft_) == Place::kHere;
}

}  // namespace quarry::analysis::project
