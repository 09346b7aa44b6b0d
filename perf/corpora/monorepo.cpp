#include "perf/corpora/monorepo.h"

#include <array>
#include <fstream>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "perf/corpora/tree.h"

namespace quarry::perf {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 8> kEndings = {".ts", ".ts", ".tsx", ".js",
                                                      ".py", ".c",  ".css", ".ts"};

void put(const fs::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary)
      .write(text.data(), static_cast<std::streamsize>(text.size()));
}

std::string manifest(std::size_t package, std::size_t number) {
  return fmt::format(R"({{
  "name": "@measured/p{0}",
  "version": "1.{1}.0",
  "scripts": {{"build": "tsc -p .", "test": "vitest run"}},
  "dependencies": {{"express": "^4.18.{2}", "pg": "^8.{2}.0", "@measured/p{3}": "workspace:*"}},
  "devDependencies": {{"typescript": "^5.4.0", "vitest": "^1.{2}.0"}}
}}
)",
                     package, number, package % 10, package / 2);
}

}  // namespace

void make_monorepo(const fs::path& root, std::size_t files) {
  fs::create_directories(root);
  put(root / "package.json",
      R"({"name": "measured", "private": true, "workspaces": ["packages/*"]})");
  for (std::size_t made = 1; made < files;) {
    const std::size_t package = made / kPackageFiles;
    const fs::path folder = root / "packages" / fmt::format("p{}", package);
    fs::create_directories(folder);
    put(folder / "package.json", manifest(package, 0));
    ++made;
    for (std::size_t i = 1; i < kPackageFiles && made < files; ++i, ++made) {
      const bool text = i == 1;
      const std::string name =
          text ? "README.md" : fmt::format("part_{}{}", i, kEndings[i % kEndings.size()]);
      put(folder / name, make_text(1024, static_cast<unsigned>(made)));
    }
  }
}

void change_manifest(const fs::path& root, std::size_t number) {
  put(root / "packages" / "p0" / "package.json", manifest(0, number));
}

}  // namespace quarry::perf
