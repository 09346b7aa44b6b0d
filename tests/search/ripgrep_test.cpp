// The engine against ripgrep and git grep, on a generated tree.

#include <random>
#include <sstream>

#include "tests/search/searched_tree.h"

namespace quarry::search {
namespace {

std::map<std::string, std::string> generated() {
  std::mt19937 random(23);
  const char* const words[] = {
      "foo", "Foo",   "FOO",         "bar",         "foobar", "foo_bar",
      "x",   "42",    "0x2A",        "caf\xC3\xA9", "(",      ")",
      "=",   "==",    "\t",          "return",      "NULL;",  "a.b",
      "a+b", "\\",    "\"q\"",       "-x",          "[0]",    "\xCE\xB1\xCE\xB2",
      "end", "foo\r", "mi\xC5\xBFs", "\xE2\x84\xAA"};
  const char* const extensions[] = {".c", ".h", ".py", ".js", ".md", "", ".txt"};
  std::map<std::string, std::string> files;
  for (int i = 0; i < 150; ++i) {
    std::string path;
    for (std::size_t depth = random() % 4; depth > 0; --depth) {
      path += "d" + std::to_string(random() % 3) + "/";
    }
    path += "f" + std::to_string(i) + extensions[random() % std::size(extensions)];
    std::string& content = files[path];
    for (std::size_t lines = random() % 40; lines > 0; --lines) {
      for (std::size_t n = random() % 8; n > 0; --n) {
        content += words[random() % std::size(words)];
        if (random() % 3 != 0) content += " ";
      }
      content += "\n";
    }
    if (i % 5 == 0 && !content.empty()) content.pop_back();
  }
  files[".gitignore"] = "*.txt\n/d0/d1/\n!f1*.txt\n";
  files["d1/.gitignore"] = "*.py\n";
  return files;
}

// "path:line:text" for each matching line, in path order.
std::string flat(const std::string& answer) {
  std::string out;
  std::string path;
  std::istringstream in(answer);
  bool heading = true;
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) {
      heading = true;
    } else if (heading) {
      path = line;
      heading = false;
    } else {
      out += path + ":" + line + "\n";
    }
  }
  return out;
}

std::string sorted_paths(const std::string& text) {
  // rg --sort path orders by component; both sides are put into the order of bytes.
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(line);
  }
  std::ranges::sort(lines);
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

struct Row {
  const char* pattern;
  MatchOptions match = {};
  std::vector<std::string> options = {};  // of rg
};

const std::vector<Row>& rows() {
  static const std::vector<Row> kRows = {
      {"foo"},
      {"foo", {.ignore_case = true}, {"-i"}},
      {"foo", {.word = true}, {"-w"}},
      {"foo", {.ignore_case = true, .word = true}, {"-i", "-w"}},
      {"a.b"},
      {"a.b", {.fixed = true}, {"-F"}},
      {"a\\+b"},
      {"^foo"},
      {"^\\s*$"},
      {"foo|bar"},
      {"(foo|x) ?="},
      {"foo.*bar"},
      {"[A-Z]{3}"},
      {"[0-9]+x?"},
      {"\\breturn\\b"},
      {"foo_?bar"},
      {"caf\xC3\xA9"},
      {"caf."},
      {"[^ -~]"},
      {"\xCE\x91\xCE\x92", {.ignore_case = true}, {"-i"}},
      {"\\pL+\\(", {}, {}},
      {"-x"},
      {"-x", {.word = true}, {"-w"}},
      {"\\[0\\]"},
      {"\"q\""},
      {"\\\\"},
      {"\t"},
      {"x*"},
      {"foo\\s+foo"},
      {"end$"},
      {"foo bar|NULL;", {.fixed = true}, {"-F"}},
      {"(?i)RETURN"},
      {"[ \\W]bar", {.ignore_case = true}, {"-i"}},
      {"f\\Wo|mi\\W", {.ignore_case = true}, {"-i"}},
      {"\\W", {.ignore_case = true}, {"-i"}},
      {"mi[^\\W]s", {.ignore_case = true}, {"-i"}},
      {"foo[^\\W_]+", {.ignore_case = true}, {"-i"}},
      {"[^\\W_]{7}", {.ignore_case = true}, {"-i"}},
      {"\\D\\S\\W", {.ignore_case = true}, {"-i"}},
      {"mi\xC5\xBFs|MISS", {.ignore_case = true}, {"-i"}},
      {"(?-i:[^a-z])oo", {.ignore_case = true}, {"-i"}},
      {"\\b\\p{Lu}", {.ignore_case = true}, {"-i"}},
      {"\\b[\\p{Ll}_]+\\b \\b[[:alpha:]]{3}\\b", {.ignore_case = true}, {"-i"}},
      {"\\bk[[:upper:]]*\\b", {.ignore_case = true}, {"-i"}},
      {"\\Afoo"},
      {"end\\z"},
      {"(?-m)^x"},
      {"(?-m)bar$"},
      {"(?-m:^)foo|(?m:end$)"},
      {"(?i-m)^FOO"},
      {"\\A[x42() ]+\\z"},
  };
  return kRows;
}

TEST_CASE("grep finds the lines that ripgrep finds") {
  if (!program_exists("rg")) return;
  SearchedTree tree(generated());
  std::size_t found = 0;
  for (const Row& row : rows()) {
    INFO(row.pattern);
    GrepQuery query;
    query.pattern = row.pattern;
    query.match = row.match;
    query.head_limit = 0;
    query.max_bytes = 100'000'000;
    std::vector<std::string> argv = {"sh",
                                     "-c",
                                     "rg \"$@\" || [ $? = 1 ]",
                                     "rg",
                                     "--no-config",
                                     "--no-require-git",
                                     "--hidden",
                                     "--no-heading",
                                     "-n",
                                     "--color=never",
                                     "--sort=path"};
    argv.insert(argv.end(), row.options.begin(), row.options.end());
    argv.insert(argv.end(), {"-e", row.pattern, "--", "."});
    std::string theirs = tree.files.run(argv);
    std::string want;
    std::istringstream in(theirs);
    for (std::string line; std::getline(in, line);) want += line.substr(2) + "\n";  // "./"
    std::string got = flat(tree.grep(query));
    CHECK(sorted_paths(got) == sorted_paths(want));
    found += static_cast<std::size_t>(std::count(got.begin(), got.end(), '\n'));
  }
  CHECK(found > 1000);
}

TEST_CASE("grep takes the types and globs that ripgrep takes") {
  if (!program_exists("rg")) return;
  SearchedTree tree(generated());
  struct Filter {
    const char* glob;
    const char* type;
    std::vector<std::string> options;
  };
  const Filter filters[] = {
      {"", "c", {"-t", "c"}},
      {"", "py", {"-t", "py"}},
      {"", "js", {"-t", "js"}},
      {"", "md", {"-t", "md"}},
      {"*.c", "", {"-g", "*.c"}},
      {"*.{c,h}", "", {"-g", "*.{c,h}"}},
      {"f[1-3]*", "", {"-g", "f[1-3]*"}},
      {"!*.c", "", {"-g", "!*.c"}},
      {"!d1", "", {"-g", "!d1"}},
      {"!**/d2", "", {"-g", "!**/d2"}},
      {"!d*/d1", "", {"-g", "!d*/d1"}},
      {"!d2/", "", {"-g", "!d2/"}},
      {"d1/**/*.c", "", {"-g", "d1/**/*.c"}},
      {"**/d2/*", "", {"-g", "**/d2/*"}},
  };
  for (const Filter& filter : filters) {
    INFO(filter.glob << filter.type);
    GrepQuery query;
    query.pattern = "o";
    query.glob = filter.glob;
    query.type = filter.type;
    query.mode = OutputMode::kFiles;
    query.head_limit = 0;
    std::string got = tree.grep(query);
    got.resize(std::min(got.find("\n\n"), got.size()) + 1);
    std::vector<std::string> argv = {"sh",       "-c",          "rg \"$@\" || [ $? = 1 ]",
                                     "rg",       "--no-config", "--no-require-git",
                                     "--hidden", "-l",          "--sort=path"};
    argv.insert(argv.end(), filter.options.begin(), filter.options.end());
    argv.insert(argv.end(), {"-e", "o", "--", "."});
    // ripgrep's -g switches the ignore rules off for what it matches; ours does not.
    const std::vector<std::string> taken = tree.walked();
    std::string want;
    std::istringstream in(tree.files.run(argv));
    for (std::string line; std::getline(in, line);) {
      if (std::ranges::find(taken, line.substr(2)) != taken.end()) want += line.substr(2) + "\n";
    }
    CHECK(sorted_paths(got) == sorted_paths(want));
    CHECK(want.size() > 5);
  }
}

TEST_CASE("grep finds the lines that git grep finds") {
  if (!program_exists("git")) return;
  SearchedTree tree(generated());
  tree.files.run({"git", "init", "-q", "."});
  tree.files.run({"git", "add", "-A"});
  for (const char* pattern : {"foo", "a.b", "[A-Z]{3}", "^foo", "foo.*bar", "(foo|x) ?="}) {
    INFO(pattern);
    GrepQuery query;
    query.pattern = pattern;
    query.head_limit = 0;
    query.max_bytes = 100'000'000;
    const std::string want = tree.files.run({"git", "grep", "-n", "-E", "-I", pattern});
    CHECK(sorted_paths(flat(tree.grep(query))) == sorted_paths(want));
  }
}

TEST_CASE("grep across lines finds the lines that ripgrep finds") {
  if (!program_exists("rg")) return;
  SearchedTree tree(generated());
  for (const char* pattern :
       {"foo\\s+foo", "x\\n", "\\)\\s*\\n\\s*foo", "bar.{0,20}end", "^end$", "^x? ?$"}) {
    INFO(pattern);
    GrepQuery query;
    query.pattern = pattern;
    query.match.multiline = true;
    query.head_limit = 0;
    query.max_bytes = 100'000'000;
    std::string want;
    std::istringstream in(tree.files.run(
        {"sh", "-c", "rg \"$@\" || [ $? = 1 ]", "rg", "--no-config", "--no-require-git", "--hidden",
         "--no-heading", "-n", "--sort=path", "-U", "--multiline-dotall", "-e", pattern, "."}));
    for (std::string line; std::getline(in, line);) want += line.substr(2) + "\n";
    CHECK(sorted_paths(flat(tree.grep(query))) == sorted_paths(want));
  }
}

}  // namespace
}  // namespace quarry::search
