// The main function of every test program: temporary files lie in a directory of the run's own, and
// what a test leaves there fails it.

#define CATCH_CONFIG_RUNNER
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace {

// The thread sanitizer's own file: a server that is killed while it starts leaves it.
bool is_sanitizers(const fs::path& file) {
  return file.filename().string().starts_with("tsan.rodata.");
}

}  // namespace

int main(int argc, char** argv) {
  std::string place = (fs::temp_directory_path() / "quarry-tests-XXXXXX").string();
  // Open to be passed through, for tests that go on as another user.
  if (mkdtemp(place.data()) == nullptr || chmod(place.c_str(), 0711) != 0 ||
      setenv("TMPDIR", place.c_str(), 1) != 0) {
    std::perror("no place for temporary files");
    return 1;
  }
  int failed = Catch::Session().run(argc, argv);
  for (const auto& left : fs::directory_iterator(place)) {
    if (is_sanitizers(left.path())) continue;
    std::fprintf(stderr, "left behind: %s\n", left.path().c_str());
    if (failed == 0) failed = 1;
  }
  std::error_code ignored;
  fs::remove_all(place, ignored);
  return failed;
}
