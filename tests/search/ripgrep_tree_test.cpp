// Some hundred patterns against ripgrep: the same number of matching lines in the same files, over
// a generated tree, or over the tree that QUARRY_SEARCH_TREE names (the Linux sources, say).
//
// What differs, each by a rule that this test knows:
//   binary      a NUL in the first 8 KiB here, anywhere in ripgrep: files with one are left out
//   encoding    text that is no UTF-8 is decoded here and bytes there: such files are left out
//   secrets     files whose names say that they hold secrets are not searched here
//   line ends   $ is before \r\n here: files with \r are left out for patterns with one

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "server/base/utf8.h"
#include "server/search/count_matches.h"
#include "server/search/file_filter.h"
#include "tests/search/searched_tree.h"

namespace quarry::search {
namespace {

using Lines = std::map<std::string, std::uint64_t>;  // by path

struct Search {
  std::string pattern;
  MatchOptions match;
  std::vector<std::string> options;  // of rg
};

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

std::map<std::string, std::string> generated() {
  std::mt19937 random(41);
  const char* const words[] = {"return",
                               "lock",
                               "unlock",
                               "init",
                               "struct",
                               "static",
                               "x",
                               "probe(",
                               "NULL;",
                               "device",
                               "int",
                               "_init",
                               "Lock_",
                               "=",
                               " = ",
                               "(",
                               ")",
                               ";",
                               " ",
                               " ",
                               "\t",
                               "foo",
                               "foobar",
                               "{",
                               "}",
                               "0x1F",
                               "1234",
                               "\"s\"",
                               "'c'",
                               "a.b",
                               "//",
                               "/* */",
                               "ABCD_",
                               "9999",
                               "-1",
                               "if ",
                               "else",
                               "http://a/b",
                               "x@y.z",
                               "#define ",
                               "uint32_t",
                               "the the",
                               "caf\xC3\xA9",
                               "\xCE\xA3\xCE\xBF\xCF\x82",
                               "\xE2\x84\xAA",
                               "\xC2\xA0",
                               "\xD9\xA3",
                               "Int",
                               "NULL",
                               "\xC3\xBC"
                               "ber"};
  const char* const extensions[] = {".c", ".h", ".py", ".md", ""};
  std::map<std::string, std::string> files;
  for (int i = 0; i < 200; ++i) {
    std::string path;
    for (std::size_t depth = random() % 3; depth > 0; --depth) {
      path += "d" + std::to_string(random() % 4) + "/";
    }
    path += "f" + std::to_string(i) + extensions[random() % std::size(extensions)];
    std::string& content = files[path];
    const bool letters = random() % 3 == 0;
    for (std::size_t lines = random() % 60; lines > 0; --lines) {
      for (std::size_t n = random() % 9; n > 0; --n) {
        content += words[random() % (letters ? std::size(words) : 42)];
        if (random() % 2 == 0) content += " ";
      }
      content += i % 20 == 0 ? "\r\n" : "\n";
    }
    if (i % 50 == 1) content += std::string("binary\0int", 10);
    if (i % 50 == 2) content += "caf\xE9 int\n";
    if (i % 7 == 0 && !content.empty()) content.pop_back();
  }
  files[".gitignore"] = "*.md\n/d0/d1/\n!f1*.md\n";
  files["d1/.gitignore"] = "*.py\n";
  return files;
}

// A tree and what is to be known of its files to compare searches.
class Compared {
 public:
  explicit Compared(const std::string& root) : root_(root), pool_({.workers = 1}), cancel_(clock_) {
    auto opened = sandbox::Workspace::open(root);
    REQUIRE(opened);
    workspace_ = std::move(*opened);
    auto walked = walk(*workspace_, {&start_, 1}, {}, pool_, Stop(cancel_, clock_));
    REQUIRE(walked);
    walk_ = std::move(*walked);
    corpus_.emplace(*workspace_, walk_, walk_.files());
    for (std::size_t i = 0; i < corpus_->size(); ++i) {
      std::string path;
      corpus_->append_path(path, i);
      std::ifstream in(root + "/" + path, std::ios::binary);
      std::ostringstream bytes;
      bytes << in.rdbuf();
      const std::string content = std::move(bytes).str();
      if (content.contains('\0') || !utf8::valid(content)) left_out_.insert(path);
      if (content.contains('\r')) returns_.insert(path);
    }
  }

  Lines ours(const Search& search) const {
    auto matcher = Matcher::compile(search.pattern, search.match);
    REQUIRE(matcher);
    CHECK((*matcher)->note().empty());
    const Engine engine{*workspace_, pool_, cancel_, clock_};
    const Counts counts = count_matches(engine, *corpus_, **matcher, {}, Stop(cancel_, clock_));
    CHECK(counts.lines_over_limit == 0);
    Lines lines;
    for (std::size_t i = 0; i < corpus_->size(); ++i) {
      std::string path;
      corpus_->append_path(path, i);
      if (counts.files[i].matches > 0 && comparable(search, path)) {
        lines[path] = counts.files[i].matches;
      }
    }
    return lines;
  }

  Lines theirs(const Search& search) const {
    std::string command = "cd '" + root_ +
                          "' && rg --no-config --hidden --no-require-git --no-ignore-parent "
                          "--no-messages --null -c -g '!.git' "
                          "--color never";
    for (const std::string& option : search.options) command += " " + option;
    command += " -e '";
    for (const char c : search.pattern)
      command += c == '\'' ? std::string("'\\''") : std::string(1, c);
    command += "' . 2>&1";
    FILE* const pipe = popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string output;
    char piece[65536];
    for (std::size_t got = 0; (got = fread(piece, 1, sizeof piece, pipe)) > 0;)
      output.append(piece, got);
    const int status = pclose(pipe);
    INFO(output.substr(0, 500));
    REQUIRE((status == 0 || status == 256));  // found, or not
    Lines lines;
    std::istringstream in(output);
    for (std::string line; std::getline(in, line);) {
      const std::size_t end = line.find('\0');
      REQUIRE(end != std::string::npos);
      const std::string path = line.substr(2, end - 2);
      if (comparable(search, path)) lines[path] = std::stoull(line.substr(end + 1));
    }
    return lines;
  }

 private:
  bool comparable(const Search& search, const std::string& path) const {
    if (left_out_.contains(path)) return false;
    if (workspace_->hides(path.substr(path.rfind('/') + 1))) return false;
    return !returns_.contains(path) || !search.pattern.contains('$');
  }

  std::string root_;
  SystemClock clock_;
  mutable pool::Pool pool_;
  CancelToken cancel_;
  sandbox::Path start_;
  std::unique_ptr<sandbox::Workspace> workspace_;
  Walk walk_;
  std::optional<Corpus> corpus_;
  std::set<std::string> left_out_;
  std::set<std::string> returns_;
};

std::string difference(const Lines& ours, const Lines& theirs) {
  std::string out;
  for (const auto& [path, count] : ours) {
    const auto other = theirs.find(path);
    const std::uint64_t want = other == theirs.end() ? 0 : other->second;
    if (count != want && out.size() < 400) {
      out += path + ": " + std::to_string(count) + ", ripgrep " + std::to_string(want) + "\n";
    }
  }
  for (const auto& [path, count] : theirs) {
    if (!ours.contains(path) && out.size() < 400) {
      out += path + ": 0, ripgrep " + std::to_string(count) + "\n";
    }
  }
  return out;
}

TEST_CASE("some hundred searches find the lines that ripgrep finds") {
  if (!program_exists("rg")) return;
  const char* const given = std::getenv("QUARRY_SEARCH_TREE");
  std::optional<SearchedTree> made;
  if (given == nullptr) made.emplace(generated());
  const Compared tree(given != nullptr ? given : made->files.root());
  std::size_t found = 0;
  std::size_t number = 0;
  for (const Search& search : searches()) {
    std::string options;
    for (const std::string& option : search.options) options += option + " ";
    INFO(options << search.pattern);
    const Lines ours = tree.ours(search);
    CHECK(difference(ours, tree.theirs(search)) == "");
    found += ours.size();
    if (++number % 50 == 0 && given != nullptr) std::fprintf(stderr, "%zu searches\n", number);
  }
  CHECK(number > 250);
  CHECK(found > 5000);
}

}  // namespace
}  // namespace quarry::search
