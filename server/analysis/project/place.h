// Places: what a manifest below a module says of the module, by the folder that it lies in and by
// its name. A Dockerfile of the tests or of a development container is no image of the project, and
// what a mobile framework made for its platforms depends on nothing that the project depends on.
//
// Pure functions; safe from any thread.

#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "server/analysis/project/gather.h"

namespace quarry::analysis::project {

enum class Place : std::uint8_t {
  kHere,   // in the module's directory
  kBelow,  // in a folder of it
  kTests,  // in one of its tests: what it depends on is a test's
  kTools,  // of documentation and tools: the same of the development's
  kApart,  // hidden, an example, a platform's: says nothing
};
Place place_of(const Manifest& manifest, const Draft& draft);

// Whether a file of continuous integration stands where a machine looks for it.
bool is_ci_of_root(const Manifest& manifest);

// How well an image or a set of containers stands for the module: the lowest first; kNoImage when
// it is of tests, of the module's development alone, or not of this module at all.
inline constexpr int kNoImage = 100;
int image_rank(const Manifest& manifest, const Draft& draft);

// Which files of containers tell how a module runs: of the images those that stand for it best, of
// the sets of containers all but those of the development beside a better one.
class ContainerFiles {
 public:
  explicit ContainerFiles(const Draft& draft);
  bool count(const Manifest& manifest) const;
  // Whether what a set of containers builds is another program than the module.
  bool builds_other(const Manifest& set, const ecosystem::Built& built) const;

 private:
  void choose_image();
  bool is_other(std::string_view directory) const;

  const Draft& draft_;
  std::set<std::string, std::less<>> others_;  // contexts of other programs
  int image_ = kNoImage;
  std::string_view folder_;  // of the images that count
  int set_ = kNoImage;
};
// Whether a manifest makes an image: a Dockerfile, not a list of what it ignores.
bool makes_image(const Manifest& manifest);

}  // namespace quarry::analysis::project
