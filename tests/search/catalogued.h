// Catalogued: a tree with a catalogue whose watch is live. Changer: every change of it that
// matters.

#pragma once

#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/search/catalogue.h"
#include "server/search/find_files.h"
#include "server/search/grep.h"
#include "server/search/indexer.h"
#include "server/search/list_entries.h"
#include "tests/search/searched_tree.h"

namespace quarry::search {

namespace fs = std::filesystem;

// The system's clock, put forward.
class LaterClock final : public Clock {
 public:
  std::int64_t steady_ns() const override { return system_.steady_ns() + later_ns; }
  std::int64_t wall_ms() const override { return system_.wall_ms(); }

  std::int64_t later_ns = 0;

 private:
  SystemClock system_;
};

// A tree with a catalogue that is watched from the start.
struct Catalogued {
  explicit Catalogued(const std::map<std::string, std::string>& content = {},
                      const CatalogueLimits& limits = {}, Indexer* indexer = nullptr)
      : files(content), workspace(sandbox::Workspace::open(files.root()).value()) {
    tree = std::make_shared<watch::Tree>(1, workspace, clock, quota, watch::TreeLimits{});
    (void)tree->use();
    settle();
    catalogue = std::make_shared<Catalogue>(tree, clock, limits, indexer);
  }

  // Until the watch is set, again after a loss.
  void settle() {
    for (int i = 0; i < 2000 && (tree->mode() != watch::Mode::kWatching || !tree->epochs()); ++i) {
      if (tree->use()) tree->work();
      std::this_thread::sleep_for(std::chrono::microseconds(10 * i));
    }
  }

  Engine engine(bool with_catalogue) {
    return {*workspace, pool, cancel, clock, with_catalogue ? catalogue.get() : nullptr};
  }
  Stop stop() const { return {cancel, clock}; }
  std::shared_ptr<const TreeNode> now(Effort effort = Effort::kBuild) {
    return catalogue->now(*workspace, pool, stop(), effort);
  }
  std::string find(std::string_view pattern, FileOrder order, bool with_catalogue,
                   bool ignored_too = false) {
    FindQuery query;
    query.pattern = pattern;
    query.sort = order;
    query.include_ignored = ignored_too;
    auto answer = find_files(query, engine(with_catalogue));
    return answer ? answer->text : "error: " + answer.error().message;
  }
  std::string list(std::string_view where, int depth, bool with_catalogue,
                   bool ignored_too = false) {
    ListQuery query;
    query.path = workspace->parse(where).value();
    query.depth = depth;
    query.sizes = true;
    query.include_ignored = ignored_too;
    auto answer = list_entries(query, engine(with_catalogue));
    return answer ? answer->text : "error: " + answer.error().message;
  }
  std::string grep(std::string_view pattern, std::string_view where, bool with_catalogue,
                   bool ignored_too = false) {
    GrepQuery query;
    query.include_ignored = ignored_too;
    query.pattern = pattern;
    query.path = workspace->parse(where).value();
    auto answer = search::grep(query, engine(with_catalogue));
    return answer ? answer->text : "error: " + answer.error().message;
  }

  test::TempWorkspace files;
  LaterClock clock;
  pool::Pool pool{{.workers = 0}};
  CancelToken cancel{clock};
  watch::Quota quota;
  std::shared_ptr<const sandbox::Workspace> workspace;
  std::shared_ptr<watch::Tree> tree;
  std::shared_ptr<Catalogue> catalogue;
};

// Changes a small tree in every way that a catalogue must notice, cheaply.
class Changer {
 public:
  Changer(const test::TempWorkspace& files, unsigned seed) : root_(files.root()), random_(seed) {
    fs::create_directories(root_ / ".git/info");
  }

  int below(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }

  // A few changes, one after the other; `with_flood`: now and then more than the watch can tell.
  std::string some_changes(bool with_flood) {
    if (with_flood && below(8) == 0) flood();
    std::string history;
    for (int i = below(3); i >= 0; --i) history += change() + "; ";
    return history;
  }

  std::string change() {
    const fs::path file = root_ / directory() / name();
    const fs::path other = root_ / directory();
    switch (below(16)) {
      case 0:
      case 1:
      case 2:
        fs::create_directories(file.parent_path(), error_);
        write(file, below(2) == 0 ? "needle one\n" : "straw\n");
        return "write " + file.string();
      case 3:
        write(file, "needle " + std::to_string(below(1000)) + "\n");
        return "overwrite " + file.string();
      case 4:
        fs::remove_all(file, error_);
        return "remove " + file.string();
      case 5:
        fs::remove_all(other, error_);
        return "remove " + other.string();
      case 6: {
        const fs::path to = root_ / directory();
        fs::rename(other, to, error_);
        return "move " + other.string() + " to " + to.string();
      }
      case 7: {
        // Taken away and made anew under the same name, with the same names in it.
        const fs::path aside = root_ / "aside";
        fs::remove_all(aside, error_);
        fs::rename(other, aside, error_);
        fs::create_directories(other / "p", error_);
        write(other / "p" / name(), "needle again\n");
        return "replace " + other.string();
      }
      case 8:
        fs::create_directories(other / "m/n/o", error_);
        write(other / "m/n/o/deep.txt", "needle deep\n");
        return "make below " + other.string();
      case 9:
        write(root_ / (below(2) == 0 ? ".gitignore" : ".ignore"), rules());
        return "rules at the root";
      case 10:
        fs::create_directories(other, error_);
        write(other / ".gitignore", rules());
        return "rules in " + other.string();
      case 11:
        fs::create_directories(root_ / ".git/info", error_);
        write(root_ / ".git/info/exclude", rules());
        return "exclude";
      case 12: {
        static constexpr const char* kConfigs[] = {
            "[core]\n\tignorecase = true\n", "[core]\n\texcludesFile = a/rules\n",
            "[core]\n\tignorecase = false\n\texcludesfile = \"b/p/rules\"\n", ""};
        fs::create_directories(root_ / ".git", error_);
        write(root_ / ".git/config", kConfigs[below(4)]);
        return "configuration";
      }
      case 13: {
        const fs::path far = root_ / (below(2) == 0 ? "a/rules" : "b/p/rules");
        fs::create_directories(far.parent_path(), error_);
        write(far, rules());
        return "far rules";
      }
      case 14:
        if (below(2) == 0) {
          fs::create_directories(other / ".git", error_);
          return "repository in " + other.string();
        }
        fs::create_directories(other, error_);
        write(other / ".git", "gitdir: /elsewhere/.git/worktrees/x\n");
        return "worktree in " + other.string();
      default:
        utimensat(AT_FDCWD, file.c_str(), nullptr, 0);
        if (below(4) == 0) fs::remove_all(root_ / ".git", error_);
        return "touch " + file.string();
    }
  }

  // One more name for a file.
  std::string link() {
    const fs::path from = root_ / directory() / name();
    const fs::path to = root_ / directory() / name();
    if (!fs::is_regular_file(from, error_) || from == to) return change();
    fs::create_directories(to.parent_path(), error_);
    fs::remove(to, error_);
    fs::create_hard_link(from, to, error_);
    if (below(2) == 0) std::ofstream(to, std::ios::app) << "needle linked\n";
    return "link " + from.string() + " to " + to.string();
  }

  // More events than the kernel queues.
  void flood() {
    write(root_ / "flood_a.txt", "a");
    write(root_ / "flood_b.txt", "b");
    for (int i = 0; i < 8'400; ++i) {
      const mode_t mode = i % 2 == 0 ? 0644 : 0600;
      chmod((root_ / "flood_a.txt").c_str(), mode);
      chmod((root_ / "flood_b.txt").c_str(), mode);
    }
  }

 private:
  std::string directory() {
    std::string path(1, static_cast<char>('a' + below(3)));
    if (below(2) == 0) path += below(2) == 0 ? "/p" : "/q";
    if (below(4) == 0) path += "/p";
    return path;
  }
  std::string name() {
    static constexpr const char* kNames[] = {"one.txt", "two.log", "Two.LOG", "three", "p"};
    return kNames[below(5)];
  }
  std::string rules() {
    static constexpr const char* kRules[] = {"*.log\n", "p/\n", "!one.txt\n*.txt\n", "/a/q\n", ""};
    return kRules[below(5)];
  }
  static void write(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }

  const fs::path root_;
  std::mt19937 random_;
  std::error_code error_;
};

}  // namespace quarry::search
