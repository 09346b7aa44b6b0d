#include <sstream>

#include <catch2/catch.hpp>

#include "tests/git/git_fixture.h"

namespace quarry::git::test {
namespace {

std::string patches_of(const Result<Diff>& diff) {
  if (!diff) return "failed: " + diff.error().message;
  std::string text;
  for (const DiffFile& file : diff->files) text += file.patch;
  return text;
}

std::string numbers_of(const Result<Diff>& diff) {
  if (!diff) return "failed: " + diff.error().message;
  std::string text;
  for (const DiffFile& file : diff->files) {
    const FileStat& stat = file.stat;
    text += stat.binary ? "-\t-\t" : fmt::format("{}\t{}\t", stat.added, stat.removed);
    text += (stat.old_path.empty() ? "" : stat.old_path + " => ") + stat.path + "\n";
  }
  return text;
}

// How alike a renamed file is, is a heuristic, and libgit2's is its own.
std::string without_similarity(std::string text) {
  for (std::size_t at = 0; (at = text.find("similarity index ", at)) != std::string::npos;) {
    text.erase(at, text.find('\n', at) - at);
  }
  return text;
}

// Our patches and counts against `git diff` with the same words.
void check(Fixture& repo, const DiffOptions& options, std::vector<std::string> words) {
  const auto diff = repo.diff(options);
  words.insert(words.begin(), {"diff", "--submodule=short", "--ignore-submodules=dirty"});
  std::string shown;
  for (const std::string& word : words) shown += word + " ";
  INFO(shown);
  CHECK(without_similarity(patches_of(diff)) == without_similarity(repo.git(words)));
  if (options.context != 3) return;  // git takes -U for a wish to see patches
  words.insert(words.begin() + 1, "--numstat");
  words.insert(words.begin(), {"-c", "core.quotepath=off"});
  CHECK(numbers_of(diff) == repo.git(words));
}

std::string numbered(int first, int last) {
  std::string text;
  for (int i = first; i <= last; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

TEST_CASE("git diff writes git's patches for every kind of change") {
  Fixture repo;
  repo.init();
  repo.workspace.write("edited", numbered(1, 60));
  repo.workspace.write("moved", numbered(1, 20));
  repo.workspace.write("gone", "g\n");
  repo.workspace.write("mode", "m\n");
  repo.workspace.write("no newline", "a\nb");
  repo.workspace.write("dir/code.c", "int f(void)\n{\n  int a;\n\n\n\n\n\n  return 1;\n}\n");
  repo.commit("first");
  std::string text = numbered(1, 60);
  text.insert(0, "new top\n");
  text.replace(text.find("line 40"), 7, "LINE 40");
  repo.workspace.write("edited", text);
  repo.workspace.write("dir/code.c", "int f(void)\n{\n  int a;\n\n\n\n\n\n  return 2;\n}\n");
  repo.workspace.write("no newline", "a\nb\nc");
  repo.shell("rm gone && chmod +x mode && git mv moved moved2 && ln -s edited link");
  repo.workspace.write("moved2", numbered(1, 20) + "more\n");
  repo.workspace.write("empty", "");
  repo.workspace.write("t\303\244b", "x\n");
  check(repo, {}, {});
  DiffOptions options;
  options.staged = true;
  check(repo, options, {"--cached"});
  options.staged = false;
  options.from = "HEAD";
  check(repo, options, {"HEAD"});
  repo.git({"add", "-A"});
  options = {};
  options.staged = true;
  check(repo, options, {"--cached"});
  options.path = "dir";
  check(repo, options, {"--cached", "--", "dir"});
  options.path = "";
  options.context = 0;
  check(repo, options, {"--cached", "-U0"});
  repo.commit("second");
  options = {};
  options.from = "HEAD~1";
  options.to = "HEAD";
  options.context = 10;
  check(repo, options, {"-U10", "HEAD~1", "HEAD"});
  options.from = "HEAD~1..";
  options.to = "";
  options.context = 3;
  check(repo, options, {"HEAD~1..HEAD"});
}

TEST_CASE("git diff shows what became something else as one file, its deletion first") {
  Fixture repo;
  repo.init();
  repo.workspace.write("a", "first\n");
  repo.workspace.write("moved", numbered(1, 20));
  repo.workspace.write("z", "last\n");
  repo.shell("ln -s z m");
  repo.commit("first");
  repo.shell("rm a m z && ln -s moved a && echo file > m && ln -s nowhere z && git mv moved n");
  check(repo, {}, {});
  repo.shell("git add -A");
  check(repo, {.staged = true}, {"--cached", "-M"});
  repo.commit("second");
  check(repo, {.from = "HEAD~1", .to = "HEAD"}, {"-M", "HEAD~1", "HEAD"});
  check(repo, {.from = "HEAD", .to = "HEAD~1"}, {"-M", "HEAD", "HEAD~1"});
  const auto diff = repo.diff({.from = "HEAD~1", .to = "HEAD", .first_patch = 2});
  REQUIRE(diff);
  REQUIRE(diff->files.size() == 4);
  CHECK(diff->files[1].stat.code == 'T');
  CHECK(diff->files[1].patch.empty());
  CHECK(diff->files[3].patch.starts_with("diff --git a/z b/z\ndeleted file mode 100644"));
}

TEST_CASE("git diff tells binary files and leaves white space out when asked") {
  Fixture repo{{"w", "a b\nc\n"}, {"bin", "x"}};
  repo.workspace.write("w", "a   b\nc\n");
  repo.workspace.write("bin", std::string("\0\1", 2));
  const auto diff = repo.diff();
  REQUIRE(diff);
  REQUIRE(diff->files.size() == 2);
  CHECK(diff->files[0].stat.binary);
  CHECK(diff->files[0].patch.empty());
  CHECK(!diff->files[0].patch_omitted);
  CHECK(diff->from_label == "index");
  CHECK(diff->to_label == "working tree");
  DiffOptions options;
  options.ignore_whitespace = true;
  options.path = "w";
  CHECK(patches_of(repo.diff(options)) == repo.git({"diff", "-w", "w"}));
}

TEST_CASE("git diff of three dots starts where the branches parted") {
  Fixture repo{{"f", "1\n"}};
  repo.git({"checkout", "-q", "-b", "side"});
  repo.workspace.write("s", "s\n");
  repo.commit("side");
  repo.git({"checkout", "-q", "main"});
  repo.workspace.write("m", "m\n");
  repo.commit("main");
  DiffOptions options;
  options.from = "main...side";
  check(repo, options, {"main...side"});
  options.from = "main..side";
  check(repo, options, {"main..side"});
  options.to = "main";
  CHECK(repo.diff(options).error().code == Code::kInvalidArgs);
  options.from = "";
  CHECK(repo.diff(options).error().message.find("'from'") != std::string::npos);
  options.from = "--output=x";
  CHECK(repo.diff(options).error().code == Code::kInvalidArgs);
}

TEST_CASE("git diff of three dots finds the last common commit among equal dates") {
  Fixture repo{{"f", "1\n"}};
  repo.workspace.write("f", "2\n");
  repo.commit("second");
  const auto child = [&](const char* one, const char* two, const char* name) {
    return repo.git({"commit-tree", "-p", one, "-p", two, "-m", name, "HEAD^{tree}"}).substr(0, 40);
  };
  for (const auto& [one, two] : {std::pair("HEAD", "HEAD~1"), std::pair("HEAD~1", "HEAD")}) {
    DiffOptions options;
    options.from = child(one, two, "left") + "..." + child(one, two, "right");
    const auto diff = repo.diff(options);
    INFO(message_of(diff));
    REQUIRE(diff);
    CHECK(diff->files.empty());
    CHECK(repo.git({"rev-parse", "HEAD"}).starts_with(diff->from_label));
  }
}

TEST_CASE("git diff shows a submodule's commits and does not enter it") {
  Fixture repo{{"f", "1\n"}};
  repo.shell(
      "git clone -q . sub && git -c protocol.file.allow=always submodule --quiet add "
      "./sub sub 2>/dev/null && git commit -q -m sub");
  repo.shell(
      "cd sub && git -c user.name=x -c user.email=x commit -q --allow-empty -m next && "
      "cd .. && git add sub");
  DiffOptions options;
  options.staged = true;
  check(repo, options, {"--cached"});
  const auto status = repo.status();
  REQUIRE(status);
  REQUIRE(status->staged.size() == 1);
  CHECK(status->staged[0].path == "sub");
  const auto files = repo.tracked_files();
  REQUIRE(files);
  CHECK(files->back().mode == 0160000);
}

TEST_CASE("git diff keeps to its budget, file by file, and starts patches where told") {
  Fixture repo;
  repo.init();
  repo.commit("first");
  for (const char* name : {"a", "b", "c"}) repo.workspace.write(name, numbered(1, 100));
  repo.git({"add", "-A"});
  DiffOptions options;
  options.staged = true;
  options.max_patch_bytes = 1500;
  auto diff = repo.diff(options);
  REQUIRE(diff);
  REQUIRE(diff->files.size() == 3);
  CHECK(!diff->files[0].patch.empty());
  CHECK(!diff->files[0].patch_omitted);
  CHECK(diff->files[1].patch_omitted);
  CHECK(diff->files[1].patch.empty());
  CHECK(diff->files[1].stat.added == 100);
  options.first_patch = 2;
  diff = repo.diff(options);
  REQUIRE(diff);
  CHECK(diff->files[0].patch.empty());
  CHECK(!diff->files[0].patch_omitted);
  CHECK(!diff->files[2].patch.empty());
  options.patch = false;
  diff = repo.diff(options);
  REQUIRE(diff);
  CHECK(patches_of(diff).empty());
  CHECK(diff->files[2].stat.added == 100);
}

TEST_CASE("git status and diff take a file over the limit of an object for binary") {
  Fixture repo{{"f", "1\n"}};
  // Over the limit as they are kept too.
  const std::string make =
      "git config core.compression 0 && truncate -s 70000000 big && git add big && "
      "git commit -q -m big && "
      "git mv big moved && printf x >> moved && git add moved";
  repo.shell(make);
  const auto status = repo.status();
  INFO(message_of(status));
  REQUIRE(status);
  CHECK(status->staged_count == 2);
  DiffOptions options;
  options.staged = true;
  const auto diff = repo.diff(options);
  INFO(message_of(diff));
  REQUIRE(diff);
  REQUIRE(diff->files.size() == 2);
  CHECK((diff->files[0].stat.binary && diff->files[1].stat.binary));
  const CancelToken cancel = repo.token();
  const auto file = repo.client.file_at({"HEAD", "big"}, cancel);
  REQUIRE(!file);
  CHECK(file.error().code == Code::kTooLarge);
}

TEST_CASE("git facts count what git counts and hide credentials") {
  Fixture repo;
  repo.init();
  auto facts = repo.facts();
  REQUIRE(facts);
  CHECK(facts->unborn);
  CHECK(facts->branch == "main");
  repo.workspace.write("f", "1\n");
  repo.commit("subject line");
  for (const char* name : {"x", "y/z"}) repo.git({"branch", name});
  repo.git({"tag", "v1"});
  repo.workspace.write("f", "2\n");
  repo.git({"stash", "-q"});
  repo.git({"remote", "add", "a", "https://user:s3cret@example.org/r.git?token=s3cret"});
  repo.git({"remote", "add", "b", "git@example.org:r.git"});
  repo.git({"remote", "add", "c", "ssh://git@example.org/r.git"});
  repo.git({"remote", "add", "d", "ssh://git:s3cret@example.org/r@v.git"});
  repo.git({"remote", "add", "e", "https://s3cret@example.org/r.git"});
  facts = repo.facts();
  REQUIRE(facts);
  CHECK(facts->branches == 3);
  CHECK(facts->tags == 1);
  CHECK(facts->stashes == 1);
  CHECK(facts->worktrees == 0);
  CHECK(facts->last_commit_subject == "subject line");
  CHECK(facts->last_commit_time == 1704164645);
  CHECK(facts->head + "\n" == repo.git({"rev-parse", "HEAD"}));
  const std::vector<std::pair<std::string, std::string>> want = {
      {"a", "https://example.org/r.git"},
      {"b", "git@example.org:r.git"},
      {"c", "ssh://git@example.org/r.git"},
      {"d", "ssh://example.org/r@v.git"},
      {"e", "https://example.org/r.git"}};
  CHECK(facts->remotes == want);
}

TEST_CASE("git tracked files are the index with the sizes of the blobs") {
  Fixture repo{{"b", "12345"}, {"a/x", ""}, {"run", "#!\n"}};
  repo.shell("chmod +x run && ln -s b link && git add -A");
  // Changed in the index's own second: git stores 0 as the size then.
  repo.shell(
      "printf 123456 > b && git add b && printf 654321 > b && git update-index --refresh "
      ">/dev/null; git commit -q -m x -- run link");
  const auto files = repo.tracked_files();
  REQUIRE(files);
  std::string rows;
  for (const TrackedFile& file : *files) {
    rows += fmt::format("{:06o} {} 0\t{}\n", file.mode, file.blob, file.path);
    INFO(file.path);
    CHECK(fmt::format("{}\n", file.size) == repo.git({"cat-file", "-s", file.blob}));
  }
  CHECK(rows == repo.git({"ls-files", "-s"}));
}

TEST_CASE("git works on a bare repository as far as that goes") {
  Fixture repo{{"f", "1\n"}};
  repo.commit("second");
  Fixture bare;
  bare.shell("git clone -q --bare file://" + repo.workspace.root() + " .");
  CHECK(bare.facts()->bare);
  CHECK(bare.log()->commits.size() == 2);
  DiffOptions options;
  options.from = "HEAD~1";
  options.to = "HEAD";
  CHECK(bare.diff(options));
  options.to = "";
  CHECK(bare.diff(options).error().code == Code::kInvalidArgs);
  CHECK(message_of(bare.status()).find("bare") != std::string::npos);
}

}  // namespace
}  // namespace quarry::git::test
