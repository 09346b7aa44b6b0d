// glob, grep and list_directory on what a revision has, whatever lies on disk.

#include <memory>

#include <catch2/catch.hpp>

#include "server/pool/pool.h"
#include "server/revision/cache.h"
#include "server/sandbox/workspace.h"
#include "server/store/store.h"
#include "tests/git/git_fixture.h"
#include "tests/support/tool_call.h"

namespace quarry::tools {

extern const Tool glob;
extern const Tool grep;
extern const Tool list_directory;

namespace {

using Catch::Contains;

struct World : git::test::Fixture {
  using Fixture::Fixture;

  std::string operator()(const Tool& tool, std::string_view arguments) {
    return in(workspace.root(), client, tool, arguments);
  }
  std::string in(const std::string& root, git::GitClient& git, const Tool& tool,
                 std::string_view arguments) {
    auto files = sandbox::Workspace::open(root);
    REQUIRE(files);
    test::ToolAnswer answer = test::call_tool(tool, arguments,
                                              {.files = **files,
                                               .git = git,
                                               .store = *store,
                                               .pool = pool,
                                               .clock = &clock,
                                               .revisions = &cache,
                                               .max_tokens = 100'000,
                                               .deadline_ns = deadline_ns});
    kept = answer.output.keep;
    return answer.text();
  }

  std::unique_ptr<store::Store> store = store::Store::in_memory();
  revision::Cache cache;
  pool::Pool pool{{.workers = 2}};
  std::int64_t deadline_ns = CancelToken::kNever;
  bool kept = false;
};

std::initializer_list<std::pair<const char*, const char*>> content() {
  static const std::initializer_list<std::pair<const char*, const char*>> kContent = {
      {"a.c", "needle one\n"},   {"src/b.c", "straw\nneedle two\n"}, {"src/deep/c.h", "needle 3\n"},
      {".gitignore", "*.log\n"}, {".env", "needle secret\n"},        {"gone.txt", "needle gone\n"}};
  return kContent;
}

// One commit under the tag v1 and a working tree that is another.
void change_all(const World& world) {
  world.git({"tag", "v1"});
  world.git({"rm", "-q", "gone.txt"});
  world.workspace.write("a.c", "changed\n");
  world.workspace.write("new.c", "needle new\n");
  world.commit("second");
}

TEST_CASE("a range of commits is no revision to search") {
  World world(content());
  for (const char* ref : {"HEAD..HEAD", "HEAD...", "^HEAD"}) {
    INFO(ref);
    const std::string arguments = std::string(R"({"pattern":"needle","ref":")") + ref + "\"}";
    CHECK_THAT(world(grep, arguments), Contains("error: argument 'ref' is a range of commits"));
  }
}

TEST_CASE("glob with ref lists what the revision has, by path") {
  World world(content());
  change_all(world);
  CHECK_THAT(
      world(glob, R"({"pattern":"*","ref":"v1"})"),
      Contains(
          ".env\n.gitignore\na.c\ngone.txt\nsrc/b.c\nsrc/deep/c.h\n\n6 of 6 files match at v1 ("));
  CHECK_FALSE(world.kept);
  CHECK_THAT(world(glob, R"({"pattern":"*.h","path":"src","ref":"HEAD"})"),
             Contains("src/deep/c.h\n\n1 of 2 files match at HEAD ("));
  CHECK_THAT(world(glob, R"({"pattern":"*","ref":"HEAD"})"), !Contains("gone.txt"));
  // Again, from the list that is kept.
  CHECK_THAT(world(glob, R"({"pattern":"gone*","ref":"v1"})"), Contains("gone.txt\n"));
}

TEST_CASE("grep with ref searches what the revision has") {
  World world(content());
  change_all(world);
  const std::string all = world(grep, R"({"pattern":"needle \\w+","ref":"v1"})");
  CHECK_THAT(all, Contains("a.c\n1:needle one\n"));
  CHECK_THAT(all, Contains("gone.txt\n1:needle gone\n"));
  CHECK_THAT(all, Contains("src/b.c\n2:needle two\n"));
  CHECK_THAT(all, Contains("4 matches in 4 of 5 files at v1 ("));
  CHECK_THAT(all, Contains("1 file for secrets"));
  CHECK_THAT(all, !Contains("secret\n"));
  CHECK_FALSE(world.kept);
  CHECK_THAT(world(grep, R"({"pattern":"needle","ref":"v1","path":"src/b.c"})"),
             Contains("2:needle two\n") && Contains("1 match in 1 of 1 file at v1 ("));
  CHECK_THAT(world(grep, R"({"pattern":"needle","ref":"v1","glob":"*.h"})"),
             Contains("1 match in 1 of 1 file"));
  CHECK_THAT(world(grep, R"({"pattern":"NEEDLE","ref":"v1"})"), Contains("with the other case"));
}

TEST_CASE("grep with ref finds what grep finds in a checkout") {
  World world({{".gitignore", "x\n"}});
  for (int i = 0; i < 150; ++i) {
    world.workspace.write("d" + std::to_string(i % 7) + "/f" + std::to_string(i) + ".txt",
                          "line\nneedle " + std::to_string(i * i) + "\n");
  }
  world.commit("many");
  std::string here = world(grep, R"({"pattern":"needle \\d*4\\b"})");
  std::string there = world(grep, R"({"pattern":"needle \\d*4\\b","ref":"HEAD"})");
  const auto body = [](const std::string& text) { return text.substr(0, text.find("\n\n")); };
  CHECK(body(here) == body(there));
  CHECK_THAT(there, Contains("of 151 files at HEAD ("));
}

TEST_CASE("list_directory with ref shows a tree, sizes, links and submodules of the revision") {
  World world(content());
  world.shell("ln -s a.c link");
  world.git({"add", "-A"});
  world.git({"update-index", "--add", "--cacheinfo", "160000," + std::string(40, '1') + ",lib"});
  world.git({"commit", "-q", "-m", "more"});
  const std::string text = world(list_directory, R"({"ref":"HEAD","sizes":true})");
  CHECK_THAT(text, Contains("a.c (11 bytes)\n"));
  CHECK_THAT(text, Contains("lib (submodule)\nlink -> a.c\nsrc/ (2 entries)\n"));
  CHECK_THAT(text, Contains("7 entries in . at HEAD ("));
  CHECK_THAT(world(list_directory, R"({"ref":"HEAD","path":"src","depth":2})"),
             Contains("b.c\ndeep/\n  c.h\n\n3 entries in src to depth 2 at HEAD ("));
  CHECK_THAT(world(list_directory, R"({"ref":"HEAD","path":"src/b.c"})"),
             Contains("src/b.c\nfile, 17 bytes, at HEAD ("));
}

TEST_CASE("list_directory with ref describes a link and a submodule, and grep enters neither") {
  World world(content());
  world.shell("ln -s ../outside link; ln -s src dir");
  world.git({"add", "-A"});
  world.git({"update-index", "--add", "--cacheinfo", "160000," + std::string(40, '1') + ",lib"});
  world.git({"commit", "-q", "-m", "more"});
  CHECK_THAT(world(list_directory, R"({"ref":"HEAD","path":"link"})"),
             Catch::StartsWith("link -> (outside the root)\nsymbolic link, at HEAD ("));
  CHECK_THAT(world(list_directory, R"({"ref":"HEAD","path":"lib"})"),
             Catch::StartsWith("lib\nsubmodule, at HEAD ("));
  CHECK_THAT(world(grep, R"({"pattern":"src","ref":"HEAD"})"),
             Contains("0 matches in 0 of 5 files at HEAD (") &&
                 Contains("not searched: 1 file for secrets, 2 symlinks, 1 submodule\n"));
  CHECK_THAT(world(grep, R"({"pattern":"x","ref":"HEAD","path":"dir"})"),
             Contains("error: 'dir' is a symbolic link at HEAD ("));
  CHECK_THAT(world(grep, R"({"pattern":"x","ref":"HEAD","path":"lib"})"),
             Contains("error: 'lib' is a submodule at HEAD ("));
  CHECK_THAT(world(grep, R"({"pattern":"x","ref":"HEAD","path":"dir/b.c"})"),
             Contains("error: no 'dir/b.c' at HEAD ("));
  CHECK_THAT(world(glob, R"({"pattern":"*","ref":"HEAD"})"),
             Contains("dir\n") && Contains("not listed: 1 submodule\n"));
}

TEST_CASE("a revision's keys, binaries and encodings are those of a file") {
  World world({{"one", "1\n"}});
  world.workspace.write("notes.txt",
                        "-----BEGIN OPENSSH PRIVATE KEY-----\n"
                        "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABneedle\n"
                        "-----END OPENSSH PRIVATE KEY-----\n");
  world.workspace.write("image.bin", std::string("needle\0needle\n", 14));
  world.workspace.write("wide.txt", std::string("\xFF\xFEn\0e\0e\0d\0l\0e\0\n\0", 16));
  world.workspace.write("latin.txt",
                        "needle caf\xE9 \xE0 la cr\xE8me br\xFBl\xE9"
                        "e\n");
  world.workspace.write("large.txt", std::string(9 << 20, 'x') + "\nneedle\n");
  world.commit("all kinds");
  const std::string here = world(grep, R"({"pattern":"needle"})");
  const std::string there = world(grep, R"({"pattern":"needle","ref":"HEAD"})");
  CHECK_THAT(there, Contains("large.txt\n2:needle\n") && Contains("wide.txt\n1:needle\n") &&
                        Contains("latin.txt\n1:needle caf\u00E9") &&
                        Contains("not searched: 1 binary, 1 file for secrets\n"));
  CHECK(here.substr(0, here.find("\n\n3 ")) == there.substr(0, there.find("\n\n3 ")));
  CHECK_THAT(world(grep, R"({"pattern":"needle","ref":"HEAD","path":"notes.txt"})"),
             Contains("0 matches in 0 of 0 files at HEAD (") && Contains("1 file for secrets"));
  CHECK_THAT(world(grep, R"({"pattern":"needle","ref":"HEAD","path":"image.bin"})"),
             Contains("note: the file is binary"));
  CHECK_THAT(world(grep, R"({"pattern":"needle\\n","ref":"HEAD","multiline":true})"),
             Contains("1 over 8 MiB"));
}

TEST_CASE("the next search of a revision, or of one like it, reads no file twice") {
  World world(content());
  change_all(world);
  const std::string first = world(grep, R"({"pattern":"needle","ref":"v1"})");
  const std::uint64_t calls = world.client.stats().calls;
  CHECK(world(grep, R"({"pattern":"needle","ref":"v1"})") == first);
  CHECK(world.client.stats().calls == calls + 1);  // what the ref is now
  (void)world(grep, R"({"pattern":"needle","ref":"HEAD"})");
  // The ref, its files, and the contents of a.c and new.c in one.
  CHECK(world.client.stats().calls == calls + 4);
}

TEST_CASE("a ref that moves is followed at once") {
  World world(content());
  CHECK_THAT(world(grep, R"({"pattern":"needle one","ref":"main"})"), Contains("a.c\n"));
  change_all(world);
  CHECK_THAT(world(grep, R"({"pattern":"needle one","ref":"main"})"), Contains("0 matches"));
}

TEST_CASE("a ref or a path that is not there is named") {
  World world(content());
  CHECK_THAT(world(glob, R"({"pattern":"*","ref":"v9"})"),
             Contains("error: argument 'ref': no revision 'v9' here; use a branch"));
  CHECK_THAT(world(glob, R"({"pattern":"*","ref":"HEAD","path":"none"})"),
             Contains("error: no directory 'none' at HEAD ("));
  CHECK_THAT(world(list_directory, R"({"ref":"HEAD","path":"src/none"})"),
             Contains("error: no 'src/none' at HEAD ("));
  CHECK_THAT(world(grep, R"({"pattern":"x","ref":"HEAD","path":"none"})"),
             Contains("error: no 'none' at HEAD ("));
  CHECK_THAT(world(grep, R"({"pattern":"x","ref":"--all"})"), Contains("is not a revision"));
  for (const Tool* tool : {&glob, &grep}) {
    CHECK_THAT(world(*tool, R"({"pattern":"x","ref":""})"),
               Contains("error: argument 'ref' is empty; leave it out for the working tree"));
  }
}

TEST_CASE("a ref where there is no repository, or none with a commit, says so") {
  World world;
  CHECK_THAT(world(grep, R"({"pattern":"x","ref":"HEAD"})"),
             Contains("error: ") && Contains("git"));
  world.init();
  CHECK_THAT(world(list_directory, R"({"ref":"HEAD"})"), Contains("no commit yet"));
}

TEST_CASE("a search of a revision ends with its call's time") {
  World world(content());
  world.deadline_ns = world.clock.steady_ns() - 1;
  CHECK_THAT(world(grep, R"({"pattern":"x","ref":"HEAD"})"), Contains("error: "));
}

TEST_CASE("a bare repository is searched by ref") {
  World world(content());
  const test::TempWorkspace bare;
  world.git({"clone", "-q", "--bare", ".", bare.path("r")});
  git::GitClient client(bare.path("r"), git::test::helper_path(), world.clock);
  CHECK_THAT(world.in(bare.path("r"), client, glob, R"({"pattern":"*.c","ref":"HEAD"})"),
             Contains("a.c\nsrc/b.c\n"));
  CHECK_THAT(world.in(bare.path("r"), client, grep, R"({"pattern":"needle two","ref":"HEAD"})"),
             Contains("src/b.c\n2:needle two\n"));
}

}  // namespace
}  // namespace quarry::tools
