// The file types beside ripgrep's, type by type: every type of ripgrep's is known here, and every
// name that some type of ripgrep's takes is given to it. Differences are listed, each by its rule.

#include <set>
#include <sstream>

#include "server/search/file_filter.h"
#include "tests/search/searched_tree.h"

namespace quarry::search {
namespace {

using Names = std::set<std::string>;

// What a list of globs of ripgrep's stands for, with "x" for every star.
void append_samples(Names& samples, const std::string& glob) {
  const std::size_t open = glob.find_first_of("[{*?");
  if (open == std::string::npos) {
    if (!glob.empty()) samples.insert(glob);
    return;
  }
  const std::string head = glob.substr(0, open);
  if (glob[open] == '*' || glob[open] == '?') {
    return append_samples(samples, head + "x" + glob.substr(open + 1));
  }
  const std::size_t close = glob.find(glob[open] == '[' ? ']' : '}', open);
  REQUIRE(close != std::string::npos);
  const std::string inside = glob.substr(open + 1, close - open - 1);
  std::istringstream choices(inside);
  std::vector<std::string> all;
  if (glob[open] == '[') {
    for (const char c : inside) all.emplace_back(1, c);
  } else {
    for (std::string one; std::getline(choices, one, ',');) all.push_back(one);
  }
  for (const std::string& one : all) {
    append_samples(samples, head + one + glob.substr(close + 1));
  }
}

struct Type {
  std::string name;
  Names samples;
};

// "name: glob, glob" for each.
std::vector<Type> types_of_ripgrep(const SearchedTree& tree) {
  std::vector<Type> types;
  std::istringstream lines(tree.files.run({"rg", "--no-config", "--type-list"}));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(": ");
    REQUIRE(colon != std::string::npos);
    Type& type = types.emplace_back(Type{line.substr(0, colon), {}});
    std::string rest = line.substr(colon + 2);
    int braces = 0;
    for (char& c : rest) {
      braces += c == '{' ? 1 : c == '}' ? -1 : 0;
      if (c == ',' && braces == 0) c = '\n';
    }
    std::istringstream globs(rest);
    for (std::string glob; std::getline(globs, glob);) {
      append_samples(type.samples, glob.substr(glob.find_first_not_of(' ')));
    }
  }
  return types;
}

// The names that a filter by a type which does not exist lists.
std::vector<std::string> types_here() {
  const auto refused = FileFilter::make("", "no such type", sandbox::Path());
  REQUIRE_FALSE(refused);
  const std::string& message = refused.error().message;
  std::istringstream names(message.substr(message.find("one of: ") + 8));
  std::vector<std::string> types;
  for (std::string name; names >> name;) types.push_back(name);
  return types;
}

// Where a type takes other names here than in ripgrep 13, of those that some type of its takes.
const std::map<std::string, std::string>& differences() {
  static const std::map<std::string, std::string> kDifferences = {
      // The header of a *.cc is as much a header as that of a *.cpp, which it has.
      {"h", "also x.hh"},
      // The short name of a language is all of the language.
      {"hs", "also x.c2hs x.cpphs x.hsc"},
      {"ml", "also x.mli x.mll x.mly"},
  };
  return kDifferences;
}

// Types that ripgrep 13 has not: it got most of them later.
const Names& only_here() {
  static const Names kOnlyHere = {"ada",        "lilypond", "candid",        "carp",    "cuda",
                                  "devicetree", "fennel",   "dockercompose", "graphql", "hare",
                                  "hy",         "janet",    "motoko",        "pants",   "reasonml",
                                  "rescript",   "solidity", "svelte",        "texinfo", "vue"};
  return kOnlyHere;
}

TEST_CASE("file types take the names that ripgrep's take") {
  if (!program_exists("rg")) return;
  SearchedTree tree;
  const std::vector<Type> theirs = types_of_ripgrep(tree);
  Names samples;
  for (const Type& type : theirs) samples.insert(type.samples.begin(), type.samples.end());
  CHECK(samples.size() > 300);
  for (const std::string& name : samples) tree.files.write(name, "");
  for (const std::string& name : types_here()) {
    INFO(name);
    const bool known = std::ranges::find(theirs, name, &Type::name) != theirs.end();
    CHECK(known != only_here().contains(name));
  }
  std::size_t compared = 0;
  for (const Type& type : theirs) {
    const std::string& name = type.name;
    INFO(name);
    std::string more;
    std::string fewer;
    std::istringstream out(tree.files.run(
        {"rg", "--no-config", "--no-ignore", "--hidden", "--files", "-t", name, "."}));
    Names want;
    for (std::string line; std::getline(out, line);) want.insert(line.substr(2));
    const auto filter = FileFilter::make("", name, sandbox::Path());
    REQUIRE(filter);
    for (const std::string& sample : samples) {
      const bool ours = filter->takes(sample);
      if (ours == want.contains(sample)) continue;
      (ours ? more : fewer) += " " + sample;
    }
    std::string difference;
    if (!more.empty()) difference += "also" + more;
    if (!fewer.empty()) difference += (more.empty() ? "not" : "; not") + fewer;
    const auto listed = differences().find(name);
    CHECK(difference == (listed == differences().end() ? "" : listed->second));
    ++compared;
  }
  CHECK(compared > 160);
}

}  // namespace
}  // namespace quarry::search
