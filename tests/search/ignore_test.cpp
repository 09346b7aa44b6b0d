#include "server/search/ignore.h"

#include <set>

#include "tests/search/rule_generator.h"
#include "tests/search/searched_tree.h"

namespace quarry::search {
namespace {

using Verdict = IgnoreRules::Verdict;

TEST_CASE("ignore rules judge as git does") {
  struct Row {
    const char* name;
    std::string rules;
    const char* path;
    bool directory;
    Verdict want;
  };
  const Row rows[] = {
      {"name at any depth", "foo", "a/b/foo", false, Verdict::kIgnored},
      {"anchored by a leading slash", "/foo", "a/foo", false, Verdict::kNone},
      {"anchored by a leading slash, at the top", "/foo", "foo", false, Verdict::kIgnored},
      {"anchored by a slash within", "a/foo", "b/a/foo", false, Verdict::kNone},
      {"directory only, on a file", "foo/", "foo", false, Verdict::kNone},
      {"directory only, on a directory", "foo/", "a/foo", true, Verdict::kIgnored},
      {"last match wins", "*.log\n!keep.log", "keep.log", false, Verdict::kIncluded},
      {"last match wins, other order", "!keep.log\n*.log", "keep.log", false, Verdict::kIgnored},
      {"comment", "#foo", "#foo", false, Verdict::kNone},
      {"escaped comment", "\\#foo", "#foo", false, Verdict::kIgnored},
      {"escaped negation", "\\!foo", "!foo", false, Verdict::kIgnored},
      {"trailing spaces", "foo   ", "foo", false, Verdict::kIgnored},
      {"escaped trailing space", "foo\\ ", "foo ", false, Verdict::kIgnored},
      {"escaped trailing space, without it", "foo\\ ", "foo", false, Verdict::kNone},
      {"leading space counts", " foo", "foo", false, Verdict::kNone},
      {"CRLF", "foo\r\nbar\r\n", "foo", false, Verdict::kIgnored},
      {"byte order mark",
       "\xEF\xBB\xBF"
       "foo\n",
       "foo", false, Verdict::kIgnored},
      {"star stays in its component", "a/*", "a/b/c", false, Verdict::kNone},
      {"leading **", "**/foo/bar", "x/y/foo/bar", false, Verdict::kIgnored},
      {"trailing **", "foo/**", "foo/a/b", false, Verdict::kIgnored},
      {"trailing ** is not the directory itself", "foo/**", "foo", true, Verdict::kNone},
      {"** in the middle may be nothing", "a/**/b", "a/b", false, Verdict::kIgnored},
      {"braces are plain characters", "*.{c,h}", "a.c", false, Verdict::kNone},
      {"extension with two dots", "*.tar.gz", "a.tar.gz", false, Verdict::kIgnored},
      {"extension index keeps the order", "!*.o\n*.o\n!a.o", "a.o", false, Verdict::kIncluded},
      {"a lone slash matches nothing", "/", "a", true, Verdict::kNone},
      {"an empty negation matches nothing", "!", "a", false, Verdict::kNone},
      {"thirty stars", std::string(30, '*') + "b", "aaaaaaaaaaaaaaaaaaaaab", false,
       Verdict::kIgnored},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const auto rules = IgnoreRules::parse(row.rules);
    REQUIRE(rules);
    CHECK(rules->judge(row.path, row.directory) == row.want);
  }
}

TEST_CASE("of many patterns with wildcards the last match wins, whatever they begin and end with") {
  // Each ignores `<letter><n>x<letter>` with any middle; every third takes back what it names, and
  // those between are for directories only or anchored.
  std::string text;
  constexpr int kPatterns = 300;
  const auto letter = [](int n) { return static_cast<char>('a' + n % 26); };
  for (int n = 0; n < kPatterns; ++n) {
    const std::string core = letter(n) + std::to_string(10 + n / 26) + "?*" + letter(n * 7);
    text += (n % 3 == 0 ? "!" : n % 3 == 1 ? "/" : "") + core + (n % 5 == 4 ? "/\n" : "\n");
  }
  // Before and behind them, for everything that starts so.
  const IgnoreRules rules = *IgnoreRules::parse("[a-z]*\n" + text + "z25*\n");
  for (int n = 0; n < kPatterns; ++n) {
    const std::string name = letter(n) + std::to_string(10 + n / 26) + "xy" + letter(n * 7);
    for (const std::string& path : {name, "d/" + name}) {
      for (const bool directory : {false, true}) {
        INFO(path << (directory ? " directory" : " file"));
        const bool applies = (n % 5 != 4 || directory) && (n % 3 != 1 || path == name);
        const Verdict want = applies && n % 3 == 0 ? Verdict::kIncluded : Verdict::kIgnored;
        CHECK(rules.judge(path, directory) == want);
      }
    }
  }
  CHECK(rules.judge("z25", false) == Verdict::kIgnored);
  CHECK(rules.judge("-a", false) == Verdict::kNone);
}

TEST_CASE("ignore rules fold case when asked") {
  const auto rules = IgnoreRules::parse("Foo\n*.LOG\n/Sub/x?", true);
  REQUIRE(rules);
  CHECK(rules->judge("a/fOO", false) == Verdict::kIgnored);
  CHECK(rules->judge("a.log", false) == Verdict::kIgnored);
  CHECK(rules->judge("sub/XY", false) == Verdict::kIgnored);
}

TEST_CASE("ignore files over their limits are refused, at them read") {
  CHECK(IgnoreRules::parse(std::string(IgnoreRules::kMaxBytes, '\n')));
  CHECK_FALSE(IgnoreRules::parse(std::string(IgnoreRules::kMaxBytes + 1, '\n')));
  std::string many;
  for (std::size_t i = 0; i < IgnoreRules::kMaxPatterns; ++i)
    many += "a" + std::to_string(i) + "\n";
  const auto most = IgnoreRules::parse(many);
  REQUIRE(most);
  CHECK(most->judge("a9999", false) == Verdict::kIgnored);
  CHECK_FALSE(IgnoreRules::parse(many + "one more\n"));
}

// What git ls-files lists.
std::set<std::string> listed(const SearchedTree& tree, const std::vector<std::string>& options) {
  std::vector<std::string> argv = {"git", "-c", "core.quotePath=false", "ls-files", "-z"};
  argv.insert(argv.end(), options.begin(), options.end());
  const std::string output = tree.files.run(argv);
  std::set<std::string> paths;
  for (std::size_t at = 0; at < output.size();) {
    const std::size_t end = output.find('\0', at);
    paths.insert(output.substr(at, end - at));
    at = end + 1;
  }
  return paths;
}

TEST_CASE("a tracked file that a rule ignores is counted, and looked into when nothing is found") {
  if (!program_exists("git")) return;
  SearchedTree tree(std::map<std::string, std::string>{{".gitignore", "*.gen.c\n/out/\n"},
                                                       {"a.c", "int a;\n"},
                                                       {"b.gen.c", "int forced;\n"},
                                                       {"out/c.c", "int also_forced;\n"}});
  tree.files.run({"git", "init", "-q", "."});
  tree.files.run({"git", "add", "-f", "b.gen.c", "out/c.c"});
  CHECK_THAT(tree.grep("int"), Catch::Contains("1 match in 1 of 2 files") &&
                                   Catch::Contains("1 ignored file and 1 directory "
                                                   "(include_ignored=true searches them)"));
  for (const char* word : {"forced;", "also_forced"}) {
    CHECK_THAT(tree.grep(word), Catch::Contains("0 matches") &&
                                    Catch::Contains(" in ignored files (include_ignored=true)"));
  }
  CHECK_THAT(tree.find("**/*.c"), Catch::Contains("1 ignored file and 1 directory"));
}

TEST_CASE("ignore rules agree with git on generated trees") {
  if (!program_exists("git")) return;
  SearchedTree tree;
  tree.files.run({"git", "init", "-q", "."});
  RuleGenerator generate(7);
  std::size_t files = 0;
  for (int n = 0; n < 160; ++n) {
    const std::string top = "case" + std::to_string(n);
    std::set<std::string> directories = {top};
    for (int i = 0; i < 40; ++i) {
      std::string path = top;
      const std::size_t depth = generate.below(4);
      bool clash = false;
      for (std::size_t d = 0; d < depth; ++d) {
        path += "/d" + generate.name();
        if (d == 0 && generate.below(2) == 0) path = top + "/" + generate.name() + "/a";
        directories.insert(path);
      }
      path += "/f" + generate.name();
      clash = directories.contains(path);
      if (clash) continue;
      try {
        tree.files.write(path, "");
      } catch (const std::exception&) {
        continue;  // a file is where a directory would have to be
      }
      ++files;
    }
    // Names without the prefixes too, at the top.
    for (const char* name : {"a", "ab", "x.o", "b.c", "]", "a ", "-"}) {
      if (!directories.contains(top + "/" + name)) {
        try {
          tree.files.write(top + "/" + name, "");
        } catch (const std::exception&) {
        }
      }
    }
    tree.files.write(top + "/.gitignore", generate.rules());
    std::size_t nested = 0;
    for (const std::string& directory : directories) {
      if (++nested > 4) break;
      try {
        tree.files.write(directory + "/.gitignore", generate.rules());
      } catch (const std::exception&) {
      }
    }
  }
  tree.files.write(".git/info/exclude", "x.o\n!case1/**/x.o\n/case2/fab\n");
  // A part of them is tracked, what the rules ignore too.
  std::string added;
  std::size_t number = 0;
  for (const std::string& path : listed(tree, {"-o"})) {
    if (++number % 7 == 0) added.append(path).push_back('\0');
  }
  tree.files.write(".git/added", added);
  tree.files.run({"git", "add", "-f", "--pathspec-from-file=.git/added", "--pathspec-file-nul"});
  std::set<std::string> want = listed(tree, {"-c", "-o", "--exclude-standard"});
  // The rule that git does not have: what is tracked and ignored is ignored, and counted as that.
  const std::set<std::string> hidden = listed(tree, {"-c", "-i", "--exclude-standard"});
  CHECK(hidden.size() > 100);
  WalkOptions all;
  all.include_ignored = true;
  const auto with_ignored = tree.walked(all);
  const std::set<std::string> there(with_ignored.begin(), with_ignored.end());
  for (const std::string& path : hidden) {
    REQUIRE(want.erase(path) == 1);
    REQUIRE(there.contains(path));
  }
  std::set<std::string> got;
  for (std::string& path : tree.walked()) got.insert(std::move(path));
  CHECK(files > 3000);
  CHECK(want.size() > 1000);
  std::size_t shown = 0;
  for (const std::string& path : want) {
    if (!got.contains(path) && ++shown < 10) {
      FAIL_CHECK("git takes " << path << ", the walk does not; rules:\n"
                              << tree.files.read(path.substr(0, path.find('/')) + "/.gitignore"));
    }
  }
  for (const std::string& path : got) {
    if (!want.contains(path) && ++shown < 10) {
      FAIL_CHECK("git ignores " << path << ", the walk does not; rules:\n"
                                << tree.files.read(path.substr(0, path.find('/')) + "/.gitignore"));
    }
  }
  CHECK(got == want);
}

}  // namespace
}  // namespace quarry::search
