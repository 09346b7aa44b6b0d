#include <catch2/catch.hpp>

#include "tests/git/git_fixture.h"

namespace quarry::git::test {
namespace {

struct FileFixture : Fixture {
  using Fixture::Fixture;
  std::string content(const std::string& ref, const std::string& path) {
    const CancelToken cancel = token();
    const auto file = client.file_at({ref, path}, cancel);
    return file ? file->content : "error: " + file.error().message;
  }
};

TEST_CASE("file_at gives a file's bytes as each revision has them") {
  FileFixture world({{"src/a.c", "one\n"}, {"gone.txt", "here\n"}});
  world.git({"tag", "v1"});
  world.workspace.write("src/a.c", std::string("two\0\xFF\r\n", 8));
  world.git({"rm", "-q", "gone.txt"});
  world.commit("second");
  world.workspace.write("src/a.c", "not committed\n");
  CHECK(world.content("v1", "src/a.c") == "one\n");
  CHECK(world.content("HEAD~1", "src/a.c") == "one\n");
  CHECK(world.content("HEAD", "src/a.c") == std::string("two\0\xFF\r\n", 8));
  CHECK(world.content("v1", "gone.txt") == "here\n");
  CHECK_THAT(world.content("HEAD", "gone.txt"),
             Catch::StartsWith("error: no file 'gone.txt' at HEAD ("));
  CHECK_THAT(world.content("v9", "src/a.c"), Catch::StartsWith("error: ") && Catch::Contains("v9"));
  CHECK_THAT(world.content("HEAD", "../x"), Catch::StartsWith("error: "));
}

TEST_CASE("file_at says of what is no file what it is") {
  FileFixture world({{"src/a.c", "one\n"}});
  world.shell("ln -s src/a.c link");
  const std::string id(40, '1');
  world.git({"add", "-A"});
  world.git({"update-index", "--add", "--cacheinfo", "160000," + id + ",vendor/lib"});
  world.git({"commit", "-q", "-m", "more"});
  CHECK_THAT(world.content("HEAD", "src"), Catch::Contains("is a directory"));
  CHECK_THAT(world.content("HEAD", "link"), Catch::Contains("symbolic link to 'src/a.c'"));
  CHECK_THAT(world.content("HEAD", "vendor/lib"),
             Catch::Contains("submodule, at its commit " + id));
  CHECK_THAT(world.content("HEAD", "src/a.c/x"), Catch::Contains("no file"));
  CHECK_THAT(world.content("HEAD", "vendor/lib/deep/x.c"),
             Catch::Contains("'vendor/lib' at HEAD") && Catch::Contains("is a submodule"));
  CHECK_THAT(world.content("HEAD", "."), Catch::StartsWith("error: '.' at HEAD ("));
}

TEST_CASE("file_at says which path a symbolic link leads to, on the way too") {
  FileFixture world({{"src/a.c", "one\n"}});
  world.shell(
      "mkdir -p d/e; ln -s ../../src/./a.c d/e/file; ln -s ../src d/dir; "
      "ln -s ../../src d/far; ln -s /etc d/abs");
  world.commit("links");
  const auto says = [&](const char* path, const std::string& what) {
    CHECK_THAT(world.content("HEAD", path), Catch::Contains(what));
  };
  says("d/e/file", "'../../src/./a.c'; read 'src/a.c' with the same ref");
  says("d/dir/a.c", "'d/dir' at HEAD");
  says("d/dir/a.c", "'../src'; read 'src/a.c' with the same ref");
  says("d/far/a.c", "'../../src', which is not in the repository");
  says("d/abs/passwd", "'/etc', which is not in the repository");
}

}  // namespace
}  // namespace quarry::git::test
