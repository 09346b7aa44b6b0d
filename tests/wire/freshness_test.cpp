// Whatever another process has finished is seen by the next call: a server that keeps answers is
// asked beside one that keeps none, after every one of many random changes.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/wire/client.h"

namespace quarry::wire {
namespace {

namespace fs = std::filesystem;

// QUARRY_LONG_TESTS=1 asks for the long run, a larger number for that many rounds.
int rounds() {
  const char* wanted = std::getenv("QUARRY_LONG_TESTS");
  const int number = wanted == nullptr ? 0 : std::atoi(wanted);
  if (number == 1) return 100'000;
  if (number > 1) return number;
  return kSanitized ? 40 : 300;
}

// Changes a tree in every way that tools can see, one finished change at a time.
class Writer {
 public:
  Writer(const TempWorkspace& workspace, unsigned seed) : workspace_(workspace), random_(seed) {
    git({"init", "-q", "-b", "one"});
    for (int i = 0; i < 12; ++i) write_some();
    git({"add", "-A"});
    git({"commit", "-q", "-m", "first"});
    git({"checkout", "-q", "-b", "two"});
    for (int i = 0; i < 6; ++i) write_some();
    git({"add", "-A"});
    git({"commit", "-q", "-m", "second"});
  }

  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }

  // What it did, for the failure's message.
  std::string change() {
    switch (below(24)) {
      case 0:
      case 1:
      case 2:
        return write_some();
      case 3:
      case 4:
        return overwrite_in_place();
      case 5:
        return "remove " + remove(any_file());
      case 6:
        return move(any_file(), file_name());
      case 7:
        return move(any_directory(), directory_name());
      case 8:
        return "remove " + remove(any_directory());
      case 9: {
        const std::string deep = directory_name() + "/m/n/o";
        fs::create_directories(workspace_.path(deep), error_);
        workspace_.write(free_of_files(deep) ? deep + "/deep.txt" : "deep.txt", "needle deep\n");
        return "make " + deep;
      }
      case 10:
        return ignore(".gitignore");
      case 11:
        return ignore(".git/info/exclude");
      case 12:
        return ignore(directory_name() + "/.gitignore");
      case 13:
        git({"checkout", "-q", "-f", below(2) == 0 ? "one" : "two"});
        return "switch";
      case 14:
        git({"add", "-A"});
        git({"commit", "-q", "-m", "more " + std::to_string(below(1000))});
        return "commit";
      case 15:
        git({"add", "-A"});
        return "add";
      case 16:
        git({"status", "--short"});
        return "status";
      case 17:
        git({"tag", "-f", "t" + std::to_string(below(5))});
        return "tag";
      case 18: {
        const std::string name = directory_name() + "-link";
        fs::remove(workspace_.path(name), error_);
        fs::create_symlink("../" + directory_name(), workspace_.path(name), error_);
        return "link " + name;
      }
      case 19: {
        const std::string file = any_file();
        chmod(workspace_.path(file).c_str(), below(2) == 0 ? 0755 : 0644);
        return "chmod " + file;
      }
      case 20: {
        const std::string file = any_file();
        utimensat(AT_FDCWD, workspace_.path(file).c_str(), nullptr, 0);
        return "touch " + file;
      }
      case 21:
      case 22:
        return link(any_file(), file_name());
      default: {
        const std::string top = directory_name().substr(0, 1) + "/many";
        if (fs::exists(workspace_.path(top), error_)) return "remove " + remove(top);
        for (int i = 0; i < 40; ++i) {
          fs::create_directories(workspace_.path(top + "/" + std::to_string(i) + "/x"), error_);
        }
        return "make many in " + top;
      }
    }
  }

  // More events than the kernel queues.
  void flood() {
    workspace_.write("flood_a.txt", "a");
    workspace_.write("flood_b.txt", "b");
    for (int i = 0; i < 8'400; ++i) {
      const mode_t mode = i % 2 == 0 ? 0644 : 0600;
      chmod(workspace_.path("flood_a.txt").c_str(), mode);
      chmod(workspace_.path("flood_b.txt").c_str(), mode);
    }
  }

 private:
  std::string directory_name() {
    std::string name = std::string(1, static_cast<char>('a' + below(5)));
    if (below(2) == 0) name += "/" + std::string(1, static_cast<char>('p' + below(3)));
    return name;
  }
  std::string file_name() {
    static constexpr const char* kEndings[] = {".txt", ".py", ".c", ".log", ""};
    return directory_name() + "/f" + std::to_string(below(6)) + kEndings[below(5)];
  }
  bool free_of_files(const std::string& directory) const {
    return fs::is_directory(workspace_.path(directory));
  }
  std::vector<std::string> listed(bool directories) const {
    std::vector<std::string> names;
    const fs::path root = workspace_.root();
    for (fs::recursive_directory_iterator at(root, error_), end; at != end; at.increment(error_)) {
      if (at->path().filename() == ".git") {
        at.disable_recursion_pending();
        continue;
      }
      if (at->is_symlink() || at->is_directory() != directories) continue;
      names.push_back(at->path().lexically_relative(root).string());
    }
    return names;
  }
  std::string any_of(const std::vector<std::string>& names) {
    return names.empty() ? "none"
                         : names[static_cast<std::size_t>(below(static_cast<int>(names.size())))];
  }
  std::string any_file() { return any_of(listed(false)); }
  std::string any_directory() { return any_of(listed(true)); }
  std::string text() {
    std::string text;
    for (int i = below(6); i >= 0; --i) {
      text += below(3) == 0 ? "needle " : "straw ";
      text += std::to_string(below(1000)) + "\n";
    }
    return text;
  }
  std::string write_some() {
    const std::string name = file_name();
    fs::create_directories(fs::path(workspace_.path(name)).parent_path(), error_);
    std::ofstream(workspace_.path(name), std::ios::binary) << text();
    return "write " + name;
  }
  std::string overwrite_in_place() {
    const std::string name = any_file();
    std::string bytes = workspace_.read(name);
    for (char& c : bytes) c = c == 'e' ? 'o' : c == 'o' ? 'e' : c;
    std::fstream(workspace_.path(name), std::ios::in | std::ios::out | std::ios::binary) << bytes;
    return "overwrite " + name;
  }
  // Through the new name it is written to, or later through any.
  std::string link(const std::string& from, const std::string& to) {
    if (from == to) return "nothing";
    fs::create_directories(fs::path(workspace_.path(to)).parent_path(), error_);
    fs::remove(workspace_.path(to), error_);
    fs::create_hard_link(workspace_.path(from), workspace_.path(to), error_);
    if (below(2) == 0) std::ofstream(workspace_.path(to), std::ios::app) << "needle 7\n";
    return "link " + from + " to " + to;
  }
  std::string remove(const std::string& name) {
    fs::remove_all(workspace_.path(name), error_);
    return name;
  }
  std::string move(const std::string& from, const std::string& to) {
    fs::create_directories(fs::path(workspace_.path(to)).parent_path(), error_);
    fs::rename(workspace_.path(from), workspace_.path(to), error_);
    return "move " + from + " to " + to;
  }
  std::string ignore(const std::string& name) {
    static constexpr const char* kRules[] = {"*.log\n", "p/\n", "!f1.txt\n*.txt\n", "many/\n", ""};
    fs::create_directories(fs::path(workspace_.path(name)).parent_path(), error_);
    std::ofstream(workspace_.path(name)) << kRules[below(5)];
    return "ignore in " + name;
  }
  // A commit of nothing and the like may fail.
  void git(const std::vector<std::string>& words) {
    std::vector<std::string> command = {"sh", "-c", "git \"$@\" >/dev/null 2>&1 || true", "git"};
    command.insert(command.end(), words.begin(), words.end());
    (void)workspace_.run(command);
  }

  const TempWorkspace& workspace_;
  std::mt19937 random_;
  mutable std::error_code error_;
};

struct Question {
  const char* tool;
  Json arguments;
};

std::vector<Question> questions() {
  return {{"glob", {{"pattern", "**"}}},
          {"glob", {{"pattern", "*.txt"}, {"sort", "path"}, {"path", "a"}}},
          {"glob", {{"pattern", "*.log"}, {"include_ignored", true}}},
          {"list_directory", {{"depth", 4}, {"sizes", true}}},
          {"list_directory", {{"path", "b"}}},
          {"list_directory", {{"path", "a-link"}}},
          {"read_file", {{"paths", Json::array({"**/f1*", "**/f2*"})}, {"tail", 2}}},
          {"read_file", {{"path", "a/f1.txt"}}},
          {"grep", {{"pattern", "needle \\d+"}}},
          {"grep", {{"pattern", "needle"}, {"include_ignored", true}, {"output_mode", "count"}}},
          {"grep", {{"pattern", "nowhere at all"}}},
          {"analyze_repository", Json::object()},
          {"analyze_repository", {{"sections", Json::array({"git"})}}}};
}

Json judged(const Json& answer) {
  return answer.at("result");
}

// The clock decided about a part of it: asked again it may be another. What is counted here is too
// little to be cut by anything else.
bool cut_short(const Json& answer) {
  const std::string text = answer.dump();
  const auto says = [&](const char* what) { return text.find(what) != std::string::npos; };
  return says("not all ") || says(" or more ") || says("time is up");
}

void check_rounds(const std::vector<std::string>& arguments, bool flood, bool rest) {
  const unsigned seed = std::random_device()();
  Client kept({.arguments = arguments});
  Writer writer(kept.workspace, seed);
  // The same root for the second server, which runs every call.
  const TempWorkspace state;
  ServerOptions options;
  options.argv = command_line(kept.workspace, state, {.arguments = {"--no-cache"}});
  ServerProcess reference(options);
  const auto ask_reference = [&](const Json& request) {
    REQUIRE(reference.write_while_reading(request.dump() + "\n"));
    const auto line = reference.read_line();
    REQUIRE(line.has_value());
    return Json::parse(*line);
  };
  const std::vector<Question> all = questions();
  int id = 0;
  std::string history;
  const auto compare = [&](int round) {
    for (const Question& question : all) {
      // Not all of them each time: what was asked before an older change must not come back.
      if (writer.below(3) == 0) continue;
      const Json request = modern(call_of(++id, question.tool, question.arguments));
      Json fresh = question.arguments;
      if (std::string_view(question.tool) == "analyze_repository") fresh["refresh"] = true;
      Json got;
      Json want;
      for (int tries = 0; tries < 20; ++tries) {
        kept.send(request);
        got = kept.receive();
        want = ask_reference(modern(call_of(id, question.tool, fresh)));
        if (!cut_short(got) && !cut_short(want)) break;
      }
      if (judged(got) == judged(want)) continue;
      INFO("seed " << seed << ", round " << round << ": " << history);
      INFO(request.dump());
      REQUIRE(judged(got).dump(1) == judged(want).dump(1));
    }
  };
  const auto status = [&](const char* detail) {
    kept.send(modern(call_of(++id, "server_status", {{"detail", detail}})));
    return Json::parse(text_of(kept.receive()));
  };
  const auto hits = [&] { return status("metrics").at("kept_answers").at("hits").get<int>(); };
  const int count = rounds();
  for (int round = 0; round < count; ++round) {
    if (flood && writer.below(6) == 0) writer.flood();
    history = writer.change();
    // A fingerprint is trusted once the last change lies back a little, and taken only where it
    // costs less than the call: on a slow machine that may take some calls to show.
    if (rest && round % 4 == 3) {
      std::this_thread::sleep_for(Millis(130));
      const int before = hits();
      for (int tries = 0; tries < 500 && hits() == before; ++tries) compare(round);
    }
    compare(round);
    if (writer.below(2) == 0) compare(round);
  }
  const Json metrics = status("metrics").at("kept_answers");
  // After a loss the watches are set again, by the next call that they serve: a status is none.
  Json diagnosis = status("diagnose").at("freshness").at(0);
  for (int tries = 0; tries < 1000 && diagnosis.at("mode") == "starting"; ++tries) {
    std::this_thread::sleep_for(Millis(10));
    compare(count);
    diagnosis = status("diagnose").at("freshness").at(0);
  }
  INFO(metrics.dump() << diagnosis.dump());
  CHECK(metrics.at("hits") > count / 20);
  CHECK(diagnosis.at("mode") == (rest ? "fingerprint" : "watch"));
  if (flood) {
    CHECK(diagnosis.at("losses") > count / 40);
  } else if (!rest) {
    CHECK(metrics.at("invalidated") > count / 4);
  }
}

TEST_CASE("freshness: with a watch every finished change is seen by the next call") {
  check_rounds({}, false, false);
}

TEST_CASE("freshness: with fingerprints every finished change is seen by the next call") {
  check_rounds({"--no-watch"}, false, true);
}

TEST_CASE("freshness: when events overflow every finished change is seen by the next call") {
  check_rounds({}, true, false);
}

}  // namespace
}  // namespace quarry::wire
