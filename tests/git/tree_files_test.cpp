#include <catch2/catch.hpp>

#include "tests/git/git_fixture.h"

namespace quarry::git::test {
namespace {

std::string shown(const Result<TreeFiles>& tree) {
  if (!tree) return "error: " + tree.error().message;
  std::string text;
  for (const TrackedFile& file : tree->files) {
    text += file.path + " " + std::to_string(file.size) + (file.mode == 0100755 ? " x\n" : "\n");
  }
  return text;
}

struct World : Fixture {
  using Fixture::Fixture;
  std::string list(const std::string& ref, const std::string& path = "") {
    const CancelToken cancel = token();
    return shown(client.tree_files({ref, path}, cancel));
  }
};

TEST_CASE("tree_files lists what each revision holds, sorted by path, with sizes and modes") {
  World world({{"a/b.c", "12"}, {"a-b", "1"}, {"a/x/y", "123"}, {"gone", ""}, {"run", "#!"}});
  world.shell("chmod +x run; git add run; git commit -qm run; git tag v1; git rm -q gone");
  world.workspace.write("a/b.c", "12345");
  world.commit("second");
  world.workspace.write("a/b.c", "not committed");
  CHECK(world.list("v1") == "a-b 1\na/b.c 2\na/x/y 3\ngone 0\nrun 2 x\n");
  CHECK(world.list("HEAD") == "a-b 1\na/b.c 5\na/x/y 3\nrun 2 x\n");
  CHECK(world.list("HEAD", "a") == "a/b.c 5\na/x/y 3\n");
  CHECK(world.list("HEAD", "a/x/") == "a/x/y 3\n");
  CHECK_THAT(world.list("HEAD", "none"),
             Catch::StartsWith("error: 'none' is no directory at HEAD"));
  CHECK_THAT(world.list("HEAD", "run"), Catch::StartsWith("error: 'run' is no directory at HEAD"));
  CHECK_THAT(world.list("v9"), Catch::Contains("v9"));
}

TEST_CASE("tree_files and blobs need no working tree") {
  const std::string big(5000, 'b');
  World world({{"src/a.c", "int a;\n"}, {"b", big.c_str()}});
  const std::string bare = world.workspace.path("bare");
  world.git({"clone", "-q", "--bare", world.workspace.root(), bare});
  GitClient client(bare, helper_path(), world.clock);
  const CancelToken cancel = world.token();
  const auto tree = client.tree_files({}, cancel);
  CHECK(shown(tree) == "b 5000\nsrc/a.c 7\n");
  REQUIRE(tree);
  const auto blobs = client.blobs(
      {{tree->files[1].blob, tree->files[0].blob, std::string(40, '1'), "x", tree->commit}, 100},
      cancel);
  REQUIRE(blobs);
  REQUIRE(blobs->size() == 5);
  CHECK((*blobs)[0].content == "int a;\n");
  CHECK((*blobs)[1].content == std::string(100, 'b'));
  CHECK((*blobs)[1].size == 5000);
  for (std::size_t i = 2; i < 5; ++i) CHECK(!(*blobs)[i].present);
}

TEST_CASE("blobs are each the one that was asked for, however many are read at once") {
  World world({{"first", "0\n"}});
  // Like each other, so that a pack holds them as deltas; half of them in it, half loose.
  world.shell(
      "for i in $(seq 200); do { seq 300; echo $i; } > $i; done; git add .; git commit -qm packed; "
      "git gc -q; for i in $(seq 201 400); do echo loose $i > $i; done; git add .; "
      "git commit -qm loose");
  GitClient client(world.workspace.root(), helper_path(), world.clock);
  const CancelToken cancel = world.token();
  const auto tree = client.tree_files({}, cancel);
  REQUIRE(tree);
  REQUIRE(tree->files.size() == 401);
  BlobsOptions wanted{{}, 1 << 20};
  for (const TrackedFile& file : tree->files) wanted.ids.push_back(file.blob);
  wanted.ids.push_back(std::string(40, '1'));
  for (int round = 0; round < 5; ++round) {
    const auto blobs = client.blobs(wanted, cancel);
    REQUIRE(blobs);
    REQUIRE(blobs->size() == 402);
    for (std::size_t i = 0; i < 401; ++i) {
      INFO(tree->files[i].path);
      CHECK((*blobs)[i].content == world.workspace.read(tree->files[i].path));
    }
    CHECK_FALSE(blobs->back().present);
    // What was read so far is not where it was any more.
    if (round == 1) world.shell("git gc -q");
    if (round == 3) world.shell("git repack -qadf");
  }
}

TEST_CASE("tree_files ends on trees that hold each other many times over") {
  World world({{"f", "1\n"}});
  world.shell(
      "t=$(git mktree </dev/null); for i in $(seq 40); do t=$(for n in a b c d; do printf "
      "'040000 tree %s\\t%s\\n' $t $n; done | git mktree); done; git update-ref refs/heads/bomb "
      "$(git commit-tree -m bomb $t)");
  CHECK_THAT(world.list("bomb"), Catch::StartsWith("error: "));
}

}  // namespace
}  // namespace quarry::git::test
