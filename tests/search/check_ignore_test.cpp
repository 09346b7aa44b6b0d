// Thousands of generated rules, each judged for many paths by git and here.

#include <cstdlib>
#include <set>

#include "server/search/ignore_files.h"
#include "tests/search/rule_generator.h"
#include "tests/search/searched_tree.h"

namespace quarry::search {
namespace {

// QUARRY_LONG_TESTS=1 asks for the long run, a larger number for that many trees.
int trees() {
  const char* wanted = std::getenv("QUARRY_LONG_TESTS");
  const int number = wanted == nullptr ? 0 : std::atoi(wanted);
  if (number == 1) return 50'000;
  return number > 1 ? number : 1'500;
}

// Judges paths as a walk from the root would come to them.
class Judge {
 public:
  explicit Judge(const SearchedTree& tree) : tree_(tree) {}

  bool ignores(const std::string& path) {
    for (std::size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      const std::string directory = path.substr(0, slash);
      if (ignored(level_above(directory), directory, true)) return true;
    }
    return ignored(level_above(path), path, false);
  }

 private:
  // The level that holds for the entries of the directory that `path` lies in.
  const IgnoreLevel* level_above(const std::string& path) {
    const std::string parent = path.contains('/') ? path.substr(0, path.rfind('/')) : std::string();
    auto& level = levels_[parent];
    if (!level) {
      level =
          load_parents(*tree_.workspace, tree_.path(parent.empty() ? "x" : parent + "/x"), notes_);
    }
    return level.get();
  }

  const SearchedTree& tree_;
  std::map<std::string, std::shared_ptr<const IgnoreLevel>> levels_;
  std::vector<std::string> notes_;
};

void check_agreement(const std::string& config, unsigned seed) {
  SearchedTree tree;
  tree.files.run({"git", "init", "-q", "."});
  tree.files.write(".git/config", "[core]\n\trepositoryformatversion = 0\n" + config);
  tree.files.write("global_rules", "glob*l\n*.g\n/case7/[!a]*\n!abc\n");
  tree.files.write(".git/info/exclude", "x.o\n!case1/**/x.o\n/case2/**/ab\n*.c\n");
  RuleGenerator generate(seed);
  std::string asked;
  std::vector<std::string> paths;
  const int count = trees() / 3;
  for (int n = 0; n < count; ++n) {
    const std::string top = "case" + std::to_string(n);
    const std::string inner = top + "/" + generate.name();
    tree.files.write(top + "/.gitignore", generate.rules());
    tree.files.write(inner + "/.gitignore", generate.rules());
    for (int i = 0; i < 24; ++i) {
      std::string path = generate.below(3) == 0 ? top : inner;
      if (generate.below(3) == 0) path += "/" + generate.name();
      path += "/" + generate.name();
      if (path == inner) continue;  // a directory
      asked.append(path).push_back('\0');
      paths.push_back(std::move(path));
    }
  }
  tree.files.write("asked", asked);
  const std::string answered =
      tree.files.run({"sh", "-c", "git check-ignore --no-index -z --stdin <asked; test $? -le 1"});
  std::set<std::string> by_git;
  for (std::size_t at = 0; at < answered.size();) {
    const std::size_t end = answered.find('\0', at);
    by_git.insert(answered.substr(at, end - at));
    at = end + 1;
  }
  Judge judge(tree);
  std::size_t differences = 0;
  for (const std::string& path : paths) {
    const bool git = by_git.contains(path);
    if (judge.ignores(path) == git || ++differences > 5) continue;
    const std::string top = path.substr(0, path.find('/'));
    const std::string inner = path.substr(0, path.find('/', top.size() + 1));
    const auto rules = [&](const std::string& where) {
      return where + "/.gitignore:\n" + tree.files.read(where + "/.gitignore");
    };
    UNSCOPED_INFO(rules(top));
    if (path.find('/', top.size() + 1) != std::string::npos) {
      UNSCOPED_INFO(tree.files.run({"sh", "-c", "cat '" + inner + "/.gitignore' || true"}));
    }
    CHECK(path == std::string(git ? "ignored by git" : "not ignored by git"));
  }
  CHECK(differences == 0);
  CHECK(by_git.size() > static_cast<std::size_t>(count));
  CHECK(by_git.size() < paths.size());
}

TEST_CASE("ignore rules agree with git check-ignore on thousands of generated rules") {
  if (!program_exists("git")) return;
  check_agreement("", 11);
}

TEST_CASE("ignore rules agree with git check-ignore where case is folded") {
  if (!program_exists("git")) return;
  check_agreement("\tignoreCase = true\n", 12);
}

TEST_CASE("ignore rules agree with git check-ignore under core.excludesFile") {
  if (!program_exists("git")) return;
  check_agreement("\texcludesFile = global_rules\n", 13);
}

}  // namespace
}  // namespace quarry::search
