// ComparedTree: what ripgrep finds in a tree and what is found here, for the tests that compare
// them.
//
// What differs, each by a rule that this knows:
//   binary      a NUL in the first 8 KiB here, anywhere in ripgrep: files with one are left out
//   encoding    text that is no UTF-8 is decoded here and bytes there: such files are left out
//   secrets     files whose names say that they hold secrets are not searched here
//   line ends   $ is before \r\n here, and \n may be one: files with \r are left out for patterns
//               with either
//   whole       across lines files are searched up to 8 MiB here

#pragma once

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "server/base/utf8.h"
#include "server/search/count_matches.h"
#include "server/search/file_filter.h"
#include "server/search/line_scanner.h"
#include "tests/search/searched_tree.h"

namespace quarry::search {

using Lines = std::map<std::string, std::uint64_t>;  // by path

struct Search {
  std::string pattern;
  MatchOptions match;
  std::vector<std::string> options;  // of rg
};

inline std::map<std::string, std::string> generated_tree() {
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
class ComparedTree {
 public:
  explicit ComparedTree(const std::string& root)
      : root_(root), pool_({.workers = 1}), cancel_(clock_) {
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
      const std::string content = read(path);
      if (content.contains('\0') || !utf8::valid(content)) left_out_.insert(path);
      if (content.contains('\r')) returns_.insert(path);
      if (content.size() > TextReader::kWholeBytes) large_.insert(path);
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
    std::string words = " -c";
    for (const std::string& option : search.options) words += " " + option;
    Lines lines;
    std::istringstream in(ripgrep(words + " -e " + quoted(search.pattern)));
    for (std::string line; std::getline(in, line);) {
      const std::size_t end = line.find('\0');
      REQUIRE(end != std::string::npos);
      const std::string path = line.substr(2, end - 2);
      if (comparable(search, path)) lines[path] = std::stoull(line.substr(end + 1));
    }
    return lines;
  }

  // Which lines: 1 for "path:number".
  Lines our_lines(const Search& search) const {
    auto matcher = Matcher::compile(search.pattern, search.match);
    REQUIRE(matcher);
    CHECK((*matcher)->note().empty());
    Lines lines;
    for (const auto& one : ours(search)) {
      const std::string& path = one.first;
      const std::string content = read(path);
      const Stop stop(cancel_, clock_);
      LineScanner scanner(**matcher, stop, true);
      scanner.start();
      TextReader::Window window{};
      window.text = content;
      scanner.scan(window, [&](const LineMatch& found) {
        const std::string_view text = std::string_view(content).substr(found.begin);
        const auto breaks = std::ranges::count(text.substr(0, found.end - found.begin), '\n');
        for (std::int64_t i = 0; i <= breaks; ++i) {
          lines[path + ":" + std::to_string(found.line + static_cast<std::uint64_t>(i))] = 1;
        }
        return true;
      });
    }
    return lines;
  }

  Lines their_lines(const Search& search) const {
    std::string words = " -n --no-heading";
    for (const std::string& option : search.options) words += " " + option;
    Lines lines;
    std::istringstream in(ripgrep(words + " -e " + quoted(search.pattern)));
    for (std::string line; std::getline(in, line);) {
      const std::size_t end = line.find('\0');
      if (end == std::string::npos) continue;  // "binary file matches"
      const std::string path = line.substr(2, end - 2);
      if (!comparable(search, path)) continue;
      lines[path + ":" + std::to_string(std::stoull(line.substr(end + 1)))] = 1;
    }
    return lines;
  }

  // The files that a glob and a type take: 1 for each.
  Lines our_files(const std::string& glob, const std::string& type) const {
    const auto filter = FileFilter::make(glob, type, start_);
    REQUIRE(filter);
    Lines lines;
    for (std::size_t i = 0; i < corpus_->size(); ++i) {
      std::string path;
      corpus_->append_path(path, i);
      if (filter->takes(path)) lines[path] = 1;
    }
    return lines;
  }

  // Of those that are searched here: -g takes what is ignored, too.
  Lines their_files(const std::string& glob, const std::string& type) const {
    const Lines all = our_files("", "");
    std::string words = " --files";
    if (!glob.empty()) words += " -g " + quoted(glob);
    if (!type.empty()) words += " -t " + quoted(type);
    Lines lines;
    std::istringstream in(ripgrep(words));
    for (std::string path; std::getline(in, path, '\0');) {
      if (all.contains(path.substr(2))) lines[path.substr(2)] = 1;
    }
    return lines;
  }

 private:
  static std::string quoted(const std::string& word) {
    std::string out = "'";
    for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
  }

  std::string ripgrep(const std::string& words) const {
    const std::string command = "cd " + quoted(root_) +
                                " && rg --no-config --hidden --no-require-git --no-ignore-parent "
                                "--no-messages --null --color never -g '!.git'" +
                                words + " . 2>&1";
    FILE* const pipe = popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string output;
    char piece[65536];
    for (std::size_t got = 0; (got = fread(piece, 1, sizeof piece, pipe)) > 0;) {
      output.append(piece, got);
    }
    const int status = pclose(pipe);
    INFO(output.substr(0, 500));
    REQUIRE((status == 0 || status == 256));  // found, or not
    return output;
  }

  std::string read(const std::string& path) const {
    std::ifstream in(root_ + "/" + path, std::ios::binary);
    std::ostringstream bytes;
    bytes << in.rdbuf();
    return std::move(bytes).str();
  }

  bool comparable(const Search& search, const std::string& path) const {
    if (left_out_.contains(path)) return false;
    if (workspace_->hides(path.substr(path.rfind('/') + 1))) return false;
    if (search.match.multiline && large_.contains(path)) return false;
    return !returns_.contains(path) ||
           !(search.pattern.contains('$') || search.pattern.contains("\\n"));
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
  std::set<std::string> large_;
};

inline std::string difference(const Lines& ours, const Lines& theirs) {
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

// QUARRY_SEARCH_TREE, or one that is made.
struct GivenTree {
  GivenTree() {
    const char* const given = std::getenv("QUARRY_SEARCH_TREE");
    if (given == nullptr) made.emplace(generated_tree());
    tree.emplace(given != nullptr ? given : made->files.root());
  }
  std::optional<SearchedTree> made;
  std::optional<ComparedTree> tree;
};

}  // namespace quarry::search
