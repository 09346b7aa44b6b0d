// grep, glob and list_directory with ref against git itself, on a repository with merges, renames
// and names that are no UTF-8.

#include <algorithm>
#include <map>
#include <memory>

#include <catch2/catch.hpp>

#include "server/base/utf8.h"
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

// Several hundred files, changed on two branches that are merged.
class History : public git::test::Fixture {
 public:
  History() {
    init();
    for (int i = 0; i < 420; ++i) write(i, 0);
    workspace.write("odd/caf\xE9 \xFF.txt", "needle in latin\n");
    workspace.write("odd/new\nline.txt", "needle\nneedle\n");
    workspace.write("odd/tab\there.txt", "needle\n");
    workspace.write("odd/\"quote\\.txt", "needle\n");
    workspace.write("odd.txt", "needle: between odd/ and odd0\n");
    workspace.write("odd-er/x", "straw\n");
    workspace.write("binary.dat", std::string("needle\0\n", 8));
    workspace.write(".gitignore", "*.tmp\n");
    workspace.write("forced.tmp", "needle that is tracked\n");
    git({"add", "-A"});
    git({"add", "-f", "forced.tmp"});
    git({"commit", "-q", "-m", "first"});
    git({"tag", "-a", "-m", "a tag", "v1"});
    git({"checkout", "-q", "-b", "side"});
    git({"mv", "d1", "renamed"});
    for (int i = 0; i < 420; i += 7) write(i, 1);
    git({"rm", "-q", "-r", "-f", "d3"});
    commit("renames");
    git({"checkout", "-q", "main"});
    for (int i = 1; i < 420; i += 7) {
      if (i % 6 != 3) write(i, 2);  // what the side removed would be a conflict
    }
    shell("ln -s d0 link; chmod +x odd.txt");
    commit("meanwhile");
    git({"merge", "-q", "-m", "both", "side"});
    git({"update-index", "--add", "--cacheinfo", "160000," + std::string(40, '1') + ",sub"});
    git({"commit", "-q", "-m", "a submodule"});
    shell("rm -rf d0 odd; echo needle > untracked");
    auto opened = sandbox::Workspace::open(workspace.root());
    REQUIRE(opened);
    files_ = std::move(*opened);
  }

  std::string call(const Tool& tool, const std::string& arguments) {
    const test::ToolAnswer answer = test::call_tool(tool, arguments,
                                                    {.files = *files_,
                                                     .git = client,
                                                     .store = *store_,
                                                     .pool = pool_,
                                                     .clock = &clock,
                                                     .revisions = &cache_,
                                                     .max_tokens = 500'000});
    INFO(answer.text());
    REQUIRE(answer.error.empty());
    return answer.text().substr(0, answer.text().find("\n\n") + 1);
  }

 private:
  void write(int i, int version) const {
    std::string text = "line\n";
    for (int n = 0; n < (i + version) % 4; ++n) text += "a needle " + std::to_string(n) + "\n";
    if (i % 5 == 0) text += "Needle 'straw'\r\n";
    workspace.write("d" + std::to_string(i % 6) + "/e" + std::to_string(i % 3) + "/f" +
                        std::to_string(i) + (i % 2 == 0 ? ".c" : ".txt"),
                    text + std::to_string(version));
  }

  std::unique_ptr<sandbox::Workspace> files_;
  std::unique_ptr<store::Store> store_ = store::Store::in_memory();
  revision::Cache cache_{1 << 20};
  pool::Pool pool_{{.workers = 2}};
};

std::vector<std::string> split(const std::string& text, char end) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t found = std::min(text.find(end, at), text.size());
    parts.push_back(text.substr(at, found - at));
    at = found + 1;
  }
  return parts;
}

std::string shown(const std::string& path) {
  std::string text;
  utf8::append_escaped_name(text, path);
  return text;
}

const char* const kRefs[] = {"HEAD", "HEAD~1", "HEAD~3", "v1", "side", "HEAD^^2", "main@{1}"};

// What `git grep -c -z` says: "ref:path", NUL, the count, a line break, for each file.
std::string counts_of(const std::string& said, std::size_t ref_bytes) {
  std::map<std::string, std::string> counts;
  const std::vector<std::string> parts = split(said, '\0');
  std::string path = parts.front();
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::size_t end = parts[i].find('\n');
    counts[path.substr(ref_bytes + 1)] = parts[i].substr(0, end);
    path = parts[i].substr(end + 1);
  }
  std::string text;
  for (const auto& [name, count] : counts) text += shown(name) + ":" + count + "\n";
  return text;
}

TEST_CASE("grep with ref counts what git grep counts") {
  History history;
  const auto check = [&](const std::string& ref, const std::string& pattern) {
    const std::string said = history.git({"grep", "-I", "-c", "-z", "-E", "-e", pattern, ref});
    INFO(ref << " " << pattern);
    CHECK(history.call(grep, R"({"output_mode":"count","head_limit":0,"pattern":")" + pattern +
                                 R"(","ref":")" + ref + R"("})") == counts_of(said, ref.size()));
  };
  for (const std::string ref : kRefs) {
    for (const std::string pattern : {"needle", "[Nn]eedle [1']", "^line$"}) check(ref, pattern);
  }
  check(history.git({"rev-parse", "HEAD~2"}).substr(0, 40), "needle");
  check(history.git({"rev-parse", "HEAD~2"}).substr(0, 9), "needle");
}

TEST_CASE("glob with ref lists what git ls-tree lists, but for submodules") {
  History history;
  for (const std::string ref : kRefs) {
    std::string want;
    for (const std::string& line : split(history.git({"ls-tree", "-r", "-z", ref}), '\0')) {
      if (!line.starts_with("160000")) want += shown(line.substr(line.find('\t') + 1)) + "\n";
    }
    INFO(ref);
    CHECK(history.call(glob, R"({"pattern":"**","limit":0,"ref":")" + ref + R"("})") == want);
  }
}

TEST_CASE("list_directory with ref lists the entries that git ls-tree lists") {
  History history;
  for (const std::string ref : kRefs) {
    std::string want;
    for (const std::string& line : split(history.git({"ls-tree", "-z", "--long", ref}), '\0')) {
      const std::string name = shown(line.substr(line.find('\t') + 1));
      if (line.starts_with("040000")) {
        const std::string in = history.git({"ls-tree", ref + ":" + name});
        const auto entries = std::ranges::count(in, '\n');
        want += name + "/ (" + std::to_string(entries) + (entries == 1 ? " entry)" : " entries)");
      } else if (line.starts_with("160000")) {
        want += name + " (submodule)";
      } else if (line.starts_with("120000")) {
        want += name + " -> d0";
      } else {
        const std::string size = line.substr(line.rfind(' ', line.find('\t')) + 1);
        const std::string bytes = size.substr(0, size.find('\t'));
        want += name + " (" + bytes + (bytes == "1" ? " byte)" : " bytes)");
      }
      want += "\n";
    }
    INFO(ref);
    CHECK(history.call(list_directory, R"({"sizes":true,"limit":20000,"ref":")" + ref + R"("})") ==
          want);
  }
}

}  // namespace
}  // namespace quarry::tools
