// Some hundred patterns against ripgrep: the same number of matching lines in the same files, and
// the same lines where a match may cross them, over a generated tree, or over the tree that
// QUARRY_SEARCH_TREE names (the Linux sources, say). Globs and types: the same files.

#include "tests/search/compared_tree.h"

namespace quarry::search {
namespace {

std::vector<Search> searches() {
  std::vector<Search> all;
  const auto add = [&](const std::string& pattern) { all.push_back({pattern, {}, {}}); };
  const std::vector<std::string> words = {"return", "lock", "init",   "struct", "static",     "x",
                                          "probe",  "NULL", "device", "int",    "caf\xC3\xA9"};
  for (const std::string& word : words) {
    add(word);
    all.push_back({word, {.ignore_case = true}, {"-i"}});
    all.push_back({word, {.word = true}, {"-w"}});
    all.push_back({word, {.ignore_case = true, .word = true}, {"-i", "-w"}});
    all.push_back({word + "(", {.fixed = true}, {"-F"}});
    add("\\b" + word + "\\b");
    add("\\B" + word);
    add("^" + word);
    add("^\\s*" + word);
    add(word + "$");
    add(word + "\\s*\\(");
    add("\\w+_" + word);
    add(word + "_\\w+\\s*=");
    add("(" + word + "|foo)_");
    add("[^\\W_]" + word);
    add("(?i)" + word + "\\d");
    add(word + ".*;");
    add(word + "\\S{2,5}\\s");
    add("[A-Z_]{3}.*" + word);
    add("\\W" + word + "\\W");
    add("(?:" + word + ")+\\)");
  }
  for (const char* pattern : {"[A-Z]{3,}_[0-9]{4,}",
                              "\\w+\\s+\\w+\\s*=\\s*NULL;",
                              "^$",
                              "^\\s*$",
                              "0x[0-9a-fA-F]+\\b",
                              "\\t",
                              "\\bif\\b.*\\belse\\b",
                              "^#\\s*define\\s+\\w+",
                              "\\s$",
                              "[[:upper:]]{8}",
                              "[[:digit:]]+[.]",
                              "\\pL\\d",
                              "\\p{Greek}",
                              "\\p{Lu}\\p{Ll}+\\b",
                              "[^\\x00-\\x7F]",
                              "\\d{4}-\\d{2}",
                              "\"[^\"]*\"",
                              "'.'",
                              "//.*\\w$",
                              "/\\*.*\\*/",
                              "(a|b|c|d){4}",
                              "e{2}",
                              "\\.",
                              "\\\\",
                              "\\(\\)",
                              "\\[\\d+\\]",
                              "a.c.e",
                              "\\x41\\x42",
                              "[\\w.]+@[\\w.]+",
                              "https?://\\S+",
                              "\\bu?int(8|16|32|64)_t\\b",
                              "-1",
                              "<=",
                              "&&",
                              "!\\w",
                              "^[^ \\t]",
                              "[a-z]+[A-Z]\\w*\\(",
                              "\\s\\s\\s\\s\\w",
                              "(?i:ERR)or",
                              "(?i)\xCE\xA3\xCE\xBF",
                              "\xE2\x84\xAA",
                              "\\w\xC3\xA9",
                              "\\S\xC2\xA0\\S",
                              "[\xC3\xA9-\xC3\xBC]",
                              "."}) {
    add(pattern);
  }
  for (const char* pattern : {"foo(?!bar)", "(?<=_)lock\\b", "(?<!\\w)int\\s(?=x)",
                              "\\b(\\w+) \\1\\b", "(['\"]).*\\1", "return (?!0|NULL)\\w+;"}) {
    all.push_back({pattern, {}, {"-P"}});
  }
  return all;
}

std::vector<Search> searches_across_lines() {
  std::vector<Search> all;
  const auto add = [&](const std::string& pattern, MatchOptions match = {},
                       std::vector<std::string> options = {}) {
    match.multiline = true;
    options.insert(options.end(), {"-U", "--multiline-dotall"});
    all.push_back({pattern, match, options});
  };
  for (const char* pattern : {"\\)\\s*\\n\\s*\\{",
                              "return\\s+NULL;\\n\\}",
                              "struct \\w+ \\{\\n\\s+int",
                              "#ifdef \\w+\\n#endif",
                              "^\\}\\n\\n\\n",
                              "if \\([^\\n]*\\)\\n\\s+return",
                              "/\\*[^*]*\\*/",
                              "\\{[^{}]{0,80}\\}",
                              "^\\n^\\n",
                              "\\n\\n\\n",
                              "else\\s+if",
                              "static\\s+int.{0,40}init",
                              "goto\\s+out;\\n\\}",
                              "x\\n",
                              "\\w+\\n\\w+",
                              "lock.{1,60}unlock",
                              "foo(?:bar)?\\s+x",
                              "\\s{3,}\\w",
                              "caf\xC3\xA9\\s",
                              "[\\p{Greek}\xC3\xA9]\\W+\\w",
                              "(?m)^$",
                              "^x? ?$",
                              "int$",
                              "^int",
                              "\\bint\\b\\s*\\n",
                              "(?-s)return.*\\n.*;",
                              "x*",
                              ""}) {
    add(pattern);
  }
  for (const char* pattern :
       {"return", "init", "x", "int\\s+x", "x*", "\\w*", "=?", "\\s*", "", "int\\n", "\\n",
        ";\\n\\}", "[a-z]+\\s[a-z]+", "lock|unlock", "caf\xC3\xA9", "-1", "\\(\\)?"}) {
    add(pattern, {.word = true}, {"-w"});
  }
  // Not -w \nint: of two in a row ripgrep 13 finds the second, too, beside a word character.
  add("RETURN\\s+null", {.ignore_case = true}, {"-i"});
  add("\xCE\xA3\xCE\x9F\\S\\s", {.ignore_case = true}, {"-i"});
  return all;
}

TEST_CASE("some dozen searches across lines find the lines that ripgrep finds") {
  if (!program_exists("rg")) return;
  const GivenTree given;
  std::size_t found = 0;
  for (const Search& search : searches_across_lines()) {
    std::string options;
    for (const std::string& option : search.options) options += option + " ";
    INFO(options << search.pattern);
    const Lines ours = given.tree->our_lines(search);
    CHECK(difference(ours, given.tree->their_lines(search)) == "");
    found += ours.size();
  }
  CHECK(found > 5000);
}

TEST_CASE("some dozen globs and types take the files that ripgrep's take") {
  if (!program_exists("rg")) return;
  const GivenTree given;
  std::size_t taken = 0;
  for (const char* glob : {"*.c",          "*.{c,h}",
                           "*.[ch]",       "f1*",
                           "**/f*",        "d1/**",
                           "d?/*.py",      "!*.c",
                           "!d1",          "!**/d2",
                           "!d*/d1",       "!d2/",
                           "d1/**/*.c",    "**/d2/*",
                           "[!f]*",        "*[0-9]",
                           "*.c*",         "{d0,d1}/**",
                           "{*.c,*.py}",   "drivers/net/**/*.h",
                           "**/Makefile",  "*_test.c",
                           "K*",           "arch/*/boot/**",
                           "*.{dts,dtsi}", "**/include/**/*.h",
                           "[A-M]*",       "*.S"}) {
    INFO(glob);
    const Lines ours = given.tree->our_files(glob, "");
    CHECK(difference(ours, given.tree->their_files(glob, "")) == "");
    taken += ours.size();
  }
  for (const char* type :
       {"c",      "cpp",  "py",  "md",  "make",    "asm", "sh",   "rust", "perl",
        "yaml",   "json", "rst", "txt", "awk",     "css", "html", "xml",  "license",
        "readme", "lock", "log", "man", "systemd", "tex", "svg",  "yacc", "diff"}) {
    INFO(type);
    const Lines ours = given.tree->our_files("", type);
    CHECK(difference(ours, given.tree->their_files("", type)) == "");
    taken += ours.size();
  }
  CHECK(taken > 1000);
}

TEST_CASE("some hundred searches find the lines that ripgrep finds") {
  if (!program_exists("rg")) return;
  const GivenTree given;
  const ComparedTree& tree = *given.tree;
  std::size_t found = 0;
  std::size_t number = 0;
  for (const Search& search : searches()) {
    std::string options;
    for (const std::string& option : search.options) options += option + " ";
    INFO(options << search.pattern);
    const Lines ours = tree.ours(search);
    CHECK(difference(ours, tree.theirs(search)) == "");
    found += ours.size();
    if (++number % 50 == 0 && !given.made) std::fprintf(stderr, "%zu searches\n", number);
  }
  CHECK(number > 250);
  CHECK(found > 5000);
}

}  // namespace
}  // namespace quarry::search
