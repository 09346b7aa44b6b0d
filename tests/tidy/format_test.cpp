// Every C++ file is as clang-format 14 leaves it (another version formats differently).

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/tidy/source_tree.h"

namespace quarry::tidy {
namespace {

TEST_CASE("every C++ file is formatted") {
  int code = 0;
  const std::string version = output_of("clang-format --version 2>/dev/null", code);
  if (code != 0 || version.find("version 14.") == std::string::npos) {
    WARN("skipped: clang-format 14 is not here (package clang-format)");
    return;
  }
  std::string files;
  for (const SourceFile& file : source_tree()) {
    if (file.is_cpp()) files += " '" + file.path + "'";
  }
  const std::string report =
      output_of("clang-format --dry-run -Werror" + files + " 2>&1 | grep error: | head -40", code);
  INFO("cmake --build --preset dev -t format puts it right");
  CHECK(report == "");
}

}  // namespace
}  // namespace quarry::tidy
