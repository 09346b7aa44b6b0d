#include "server/git/noise.h"

#include <algorithm>
#include <array>

#include "server/base/newlines.h"

namespace quarry::git {
namespace {

constexpr std::array<std::string_view, 22> kLockFiles = {"Cargo.lock",        "Gemfile.lock",
                                                         "Pipfile.lock",      "bun.lock",
                                                         "bun.lockb",         "composer.lock",
                                                         "conan.lock",        "deno.lock",
                                                         "flake.lock",        "go.sum",
                                                         "go.work.sum",       "gradle.lockfile",
                                                         "mix.lock",          "npm-shrinkwrap.json",
                                                         "package-lock.json", "packages.lock.json",
                                                         "pdm.lock",          "pnpm-lock.yaml",
                                                         "poetry.lock",       "pubspec.lock",
                                                         "uv.lock",           "yarn.lock"};

constexpr std::array<std::string_view, 14> kGeneratedEndings = {
    ".pb.go",        ".pb.cc",        ".pb.h",        "_pb2.py", "_pb2_grpc.py",
    ".g.dart",       ".freezed.dart", ".designer.cs", ".g.cs",   "_generated.go",
    ".generated.ts", ".generated.js", "_string.go",   ".snap"};

constexpr std::array<std::string_view, 5> kMinifiedEndings = {".min.js", ".min.css", ".js.map",
                                                              ".css.map", ".bundle.js"};

// Marks are looked for in this much of a patch, and only when it begins at the file's top.
constexpr std::size_t kTopBytes = 2048;
constexpr std::size_t kLongLine = 2000;  // bytes a line; nobody writes those by hand

template <std::size_t N>
bool ends_with_any(std::string_view text, const std::array<std::string_view, N>& endings) {
  return std::ranges::any_of(endings, [&](std::string_view end) { return text.ends_with(end); });
}

}  // namespace

std::string_view noise_of(std::string_view path, std::string_view patch) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (std::ranges::find(kLockFiles, name) != kLockFiles.end()) return "lock file";
  if (ends_with_any(name, kMinifiedEndings)) return "minified";
  if (ends_with_any(name, kGeneratedEndings)) return "generated";
  const std::size_t hunk = patch.find("\n@@ ");
  if (hunk == std::string_view::npos) return "";
  std::string_view top = patch.substr(hunk + 1);
  const std::string_view header = top.substr(0, top.find('\n'));
  if (header.find("+1,") != std::string_view::npos ||
      header.find("+1 ") != std::string_view::npos) {
    const std::string_view lines = top.substr(0, kTopBytes);
    if (lines.find("@generated") != std::string_view::npos ||
        (lines.find("Code generated ") != std::string_view::npos &&
         lines.find("DO NOT EDIT") != std::string_view::npos)) {
      return "generated";
    }
  }
  return patch.size() / (count_newlines(patch) + 1) > kLongLine ? "minified" : "";
}

}  // namespace quarry::git
