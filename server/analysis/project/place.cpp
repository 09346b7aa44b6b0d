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

bool is_image_folder(std::string_view path) {
  return lists(kImageFolders, path.substr(0, path.find('/')));
}

// Whether most of a module's files of code lie in a directory. REQUIRES: sources by path.
bool holds_code(const Draft& draft, const std::string& directory) {
  const auto first_from = [&](const std::string& path) {
    return std::ranges::lower_bound(draft.sources, std::string_view(path), {}, &File::path);
  };
  const auto inside = first_from(directory + '0') - first_from(directory + '/');
  return static_cast<std::size_t>(inside) * 2 > draft.sources.size();
}

// Whether a context has none of the module's code in it: its image is another program's.
bool is_apart(const std::string& context, const Draft& draft) {
  return context != draft.directory && !holds_code(draft, context);
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
  const int depth = path.empty() ? 0 : is_image_folder(path) ? 3 : 6;
  return (name == 2 ? kDevelopmentRank : name) + depth;
}

bool makes_image(const Manifest& manifest) {
  return manifest.reader->ecosystem == "docker" && manifest.reader->read != nullptr;
}

ContainerFiles::ContainerFiles(const Draft& draft) : draft_(draft) {
  for (const Manifest* one : draft.manifests) {
    if (one->reader->ecosystem != "compose") continue;
    set_ = std::min(set_, image_rank(*one, draft));
    for (const ecosystem::Built& built : one->facts.built) {
      std::string context = joined(one->directory, built.directory);
      const bool whole = built.image.empty() && built.file.empty();
      if (whole && is_apart(context, draft)) others_.insert(std::move(context));
    }
  }
  choose_image();
}

// Of the Dockerfiles that are as near: the one whose folder has the code. Folders for images may
// hold several of one program; of other folders that are several, each is another program.
void ContainerFiles::choose_image() {
  std::set<std::string_view> folders;
  for (const Manifest* one : draft_.manifests) {
    if (!makes_image(*one) || is_other(one->directory)) continue;
    const int rank = image_rank(*one, draft_);
    if (rank > image_ || rank >= kNoImage) continue;
    if (rank < image_) folders.clear();
    image_ = rank;
    folders.insert(one->directory);
  }
  if (folders.empty()) return;
  folder_ = *folders.begin();
  if (folders.size() == 1) return;
  const auto code = std::ranges::find_if(
      folders, [&](std::string_view folder) { return holds_code(draft_, std::string(folder)); });
  if (code != folders.end()) {
    folder_ = *code;
  } else if (!is_image_folder(below(folder_, draft_.directory))) {
    image_ = kNoImage;
  }
}

bool ContainerFiles::is_other(std::string_view directory) const {
  return others_.find(directory) != others_.end();
}

bool ContainerFiles::builds_other(const Manifest& set, const ecosystem::Built& built) const {
  if (!built.image.empty()) return true;
  const std::string directory = joined(set.directory, built.directory);
  if (built.file.empty()) return is_other(directory);
  const bool own = (image_ < kNoImage && directory == folder_) ||
                   is_image_folder(below(directory, draft_.directory));
  return !own;
}

bool ContainerFiles::count(const Manifest& manifest) const {
  if (manifest.reader->role != ecosystem::Role::kContainer) return false;
  const int rank = image_rank(manifest, draft_);
  if (rank >= kNoImage) return false;
  if (makes_image(manifest)) return rank == image_ && manifest.directory == folder_;
  if (manifest.reader->ecosystem == "compose") return rank < kDevelopmentRank || rank == set_;
  // Objects of a cluster lie in folders of their own; all else is of its directory.
  return manifest.reader->ecosystem == "kubernetes" || place_of(manifest, draft_) == Place::kHere;
}

}  // namespace quarry::analysis::project
