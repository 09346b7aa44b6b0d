// Who may include whom, and which room knows which foreign header: the tables are the law.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/tidy/source_tree.h"

namespace quarry::tidy {
namespace {

struct Layer {
  std::string_view folder;
  std::string_view may_include;  // folders, apart by blanks; a folder's own files always
};

// The longest folder that a file lies in decides. "*": anything of ours.
constexpr Layer kLayers[] = {
    {"server/main.cpp", "*"},
    {"server/cli", "*"},
    {"server/base", ""},
    {"server/json", "server/base"},
    {"server/rpc", "server/base server/json"},
    {"server/pool", "server/base"},
    {"server/store", "server/base"},
    {"server/metrics", "server/base"},
    {"server/sandbox", "server/base"},
    {"server/process", "server/base"},
    {"server/watch", "server/base server/sandbox"},
    {"server/journal", "server/base"},
    {"server/edit", "server/base"},
    {"server/change", "server/base server/sandbox server/journal"},
    {"server/files", "server/base server/sandbox server/store"},
    {"server/index", "server/base"},
    {"server/search",
     "server/base server/files server/sandbox server/watch server/pool server/store server/index"},
    {"server/git", "server/base server/sandbox server/process server/store"},
    {"server/git/helper", "server/base server/sandbox server/pool server/git"},
    {"server/analysis",
     "server/base server/json server/sandbox server/search server/watch server/git server/pool "
     "server/store"},
    {"server/revision", "server/base server/sandbox server/search server/git server/store"},
    {"server/containers", "server/base server/sandbox server/process server/store server/analysis"},
    {"server/session", "server/base server/sandbox server/watch server/store server/git"},
    {"server/mcp", "server tools/tool.h tools/all.h"},
    {"tools/tool.h", "server/base server/json"},
    {"tools/all.h", "tools/tool.h"},
    {"tools/files",
     "tools/tool.h server/base server/json server/sandbox server/journal server/change "
     "server/edit server/files server/search server/revision server/session server/git"},
    {"tools/search",
     "tools/tool.h server/base server/json server/sandbox server/search server/revision"},
    {"tools/git", "tools/tool.h server/base server/json server/sandbox server/git"},
    {"tools/analysis", "tools/tool.h server/base server/json server/sandbox server/analysis"},
    {"tools/containers", "tools/tool.h server/base server/json server/sandbox server/containers"},
    {"tools/session", "tools/tool.h server/base server/json server/sandbox server/session"},
    {"tools/server", "tools/tool.h server/base server/json"},
    {"examples/hello_tool", "tools/tool.h server/base server/json"},
};

struct Foreign {
  std::string_view header;  // a whole name, or the start of one when it ends in '/'
  std::string_view rooms;
};

// The git helper is a program of its own and opens what libgit2 does not, below its root.
// Only for files under server/ and tools/; tests, perf and examples may use what they need.
constexpr Foreign kForeign[] = {
    {"simdjson.h", "server/json"},
    {"nlohmann/", "server/json"},
    {"concurrentqueue.h", "server/pool"},
    {"blockingconcurrentqueue.h", "server/pool"},
    {"lightweightsemaphore.h", "server/pool"},
    {"thread", "server/pool"},
    {"lmdb.h", "server/store"},
    {"dirent.h", "server/sandbox server/journal server/git/helper"},
    {"linux/openat2.h", "server/sandbox server/git/helper"},
    {"linux/landlock.h", "server/sandbox"},
    {"sys/inotify.h", "server/watch"},
    {"seccomp.h", "server/sandbox server/git/helper"},
    {"filesystem", "server/sandbox server/store server/main.cpp server/cli"},
    {"sys/wait.h", "server/process"},
    {"spawn.h", "server/process"},
    {"git2.h", "server/git/helper"},
    {"git2/", "server/git/helper"},
    {"curl/", "server/containers/helper"},
    {"archive.h", "server/containers/helper"},
    {"re2/", "server/search"},
    {"hs.h", "server/search"},
    {"pcre2.h", "server/search"},
    {"xxhash.h", "server/base"},
    {"iconv.h", "server/files"},
    {"uchardet/", "server/files"},
    {"toml++/", "server/analysis/manifest"},
    {"yaml-cpp/", "server/analysis/manifest"},
    {"pugixml.hpp", "server/analysis/manifest"},
    {"CLI/", "server/main.cpp server/cli"},
    {"iostream", ""},
    {"ostream", ""},
    {"sstream", ""},
    {"fstream", ""},
    {"regex", ""},
};

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

bool lies_in(std::string_view path, std::string_view folder) {
  return path == folder || (path.starts_with(folder) && path.substr(folder.size(), 1) == "/");
}

bool any_holds(std::string_view folders, std::string_view path) {
  const auto words = words_of(folders);
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view folder) { return lies_in(path, folder); });
}

const Layer* layer_of(std::string_view path) {
  const Layer* best = nullptr;
  for (const Layer& layer : kLayers) {
    if (!lies_in(path, layer.folder)) continue;
    if (best == nullptr || layer.folder.size() > best->folder.size()) best = &layer;
  }
  return best;
}

TEST_CASE("each room includes only the rooms its row allows") {
  std::vector<std::string> offences;
  for (const SourceFile& file : source_tree()) {
    if (!file.is_cpp() || (!file.in("server/") && !file.in("tools/"))) continue;
    const Layer* layer = layer_of(file.path);
    if (layer == nullptr) {
      offences.push_back(file.path + ": its folder has no row in the table of rooms");
      continue;
    }
    for (const Include& include : includes_of(file)) {
      if (!include.quoted || layer->may_include == "*") continue;
      if (lies_in(include.target, layer->folder)) continue;
      if (any_holds(layer->may_include, include.target)) continue;
      offences.push_back(file.path + ":" + std::to_string(include.line) + ": may not include " +
                         include.target);
    }
  }
  CHECK(listed(offences) == "");
}

TEST_CASE("includes of our own name the whole path from the root and exist") {
  std::vector<std::string> offences;
  for (const SourceFile& file : source_tree()) {
    if (!file.is_cpp()) continue;
    for (const Include& include : includes_of(file)) {
      if (!include.quoted || find_file(include.target) != nullptr) continue;
      offences.push_back(file.path + ":" + std::to_string(include.line) + ": no file " +
                         include.target);
    }
  }
  CHECK(listed(offences) == "");
}

TEST_CASE("each foreign header is known to its own room alone") {
  std::vector<std::string> offences;
  for (const SourceFile& file : source_tree()) {
    if (!file.is_cpp() || (!file.in("server/") && !file.in("tools/"))) continue;
    for (const Include& include : includes_of(file)) {
      for (const Foreign& foreign : kForeign) {
        const bool same = foreign.header.ends_with("/") ? include.target.starts_with(foreign.header)
                                                        : include.target == foreign.header;
        if (include.quoted || !same || any_holds(foreign.rooms, file.path)) continue;
        offences.push_back(file.path + ":" + std::to_string(include.line) + ": <" + include.target +
                           "> belongs to " +
                           (foreign.rooms.empty() ? "nobody" : std::string(foreign.rooms)));
      }
    }
  }
  CHECK(listed(offences) == "");
}

TEST_CASE("the tables themselves tell folders apart") {
  CHECK(layer_of("server/git/helper/main.cpp")->folder == "server/git/helper");
  CHECK(layer_of("server/analysis/manifest/xml.cpp")->folder == "server/analysis");
  CHECK(layer_of("tools/tool.h")->folder == "tools/tool.h");
  CHECK(layer_of("server/unknown/x.h") == nullptr);
  CHECK(any_holds("server/base server/json", "server/json/value.h"));
  CHECK_FALSE(any_holds("server/base", "server/basement/x.h"));
}

}  // namespace
}  // namespace quarry::tidy
