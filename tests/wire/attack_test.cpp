// Paths that lead, or seem to lead, out of the root, through every argument of every tool that
// takes one: with openat2 and with the component walk, with and without Landlock, as kernels that
// lack them answer. Rows carry the ids of the attack table (FS-01 and so on).
//
// Beside the root lies outside/ with a token. Whatever is asked, the token never comes back,
// nothing in outside/ changes, the server answers, and no text names what lies outside.

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/wire/siege.h"

namespace quarry::wire {
namespace {

namespace fs = std::filesystem;

enum class Must {
  kFail,       // whatever is done there
  kNotLead,    // a link: itself may be moved, copied or removed
  kNotChange,  // it may be looked at
  kNotBeMade,  // since a directory is there; it may be moved, copied or removed
  kAnything,   // but leak
};

struct Row {
  const char* id;
  std::string path;  // "{root}": the root's absolute path; "{outside}": of the directory beside it
  Must must;
};

std::vector<Row> rows() {
  return {
      {"FS-01", "../outside/s", Must::kFail},
      {"FS-01", "..", Must::kFail},
      {"FS-02", "sub/../../outside/s", Must::kFail},
      {"FS-02", "./../outside/s", Must::kFail},
      {"FS-02", "sub//..//..//outside/s", Must::kFail},
      {"FS-03", "/etc/passwd", Must::kFail},
      {"FS-03", "{outside}/s", Must::kFail},
      {"FS-03", "{root}/../outside/s", Must::kFail},
      {"FS-03", "file://{outside}/s", Must::kFail},
      {"FS-04", "{root}_secret/x", Must::kFail},
      {"FS-05", "link_out", Must::kNotLead},
      {"FS-06", "dir_out/s", Must::kFail},
      {"FS-06", "dir_out/new", Must::kFail},
      {"FS-06", "dir_out/deep/new", Must::kFail},
      {"FS-06", "sub/up_out/s", Must::kFail},
      {"FS-07", "dangling_out", Must::kNotLead},
      {"FS-07", "dangling_out/x", Must::kFail},
      {"FS-08", "loop", Must::kNotLead},
      {"FS-08", "loop/x", Must::kFail},
      {"FS-09", "abs_in", Must::kNotLead},
      {"FS-10", "/proc/self/root/etc/passwd", Must::kFail},
      {"FS-10", "proc/etc/passwd", Must::kFail},
      {"FS-10", "/proc/self/cwd/ok.txt", Must::kFail},
      {"FS-11", "%2e%2e%2foutside%2fs", Must::kAnything},
      {"FS-11", "..%c0%afoutside%c0%afs", Must::kAnything},
      {"FS-11", "..\\outside\\s", Must::kAnything},
      {"FS-11", "....//....//outside/s", Must::kAnything},
      {"FS-11", "..\u2215outside\u2215s", Must::kAnything},
      {"FS-11", "\uff0e\uff0e\uff0foutside", Must::kAnything},
      {"FS-11", "~/.ssh/id_rsa", Must::kAnything},
      {"FS-11", "$HOME/x", Must::kAnything},
      {"FS-12", std::string("ok.txt\0.png", 11), Must::kFail},
      {"FS-13", "/", Must::kFail},
      {"FS-13", "   ", Must::kAnything},
      {"FS-13", "ok.txt.", Must::kAnything},
      {"FS-14", std::string(4097, 'a'), Must::kFail},
      {"FS-14", std::string(256, 'b'), Must::kAnything},
      {"FS-16", "fifo", Must::kNotChange},
      {"FS-21", ".git/config", Must::kNotChange},
      {"FS-21", ".git/hooks/pre-commit", Must::kNotChange},
      {"FS-21", ".GIT/config", Must::kNotChange},
      {"FS-21", ".git\u200c/config", Must::kNotChange},
      {"FS-21", "git~1/config", Must::kNotChange},
      {"FS-21", "nested/.git/x", Must::kNotChange},
      {"FS-21", ".git", Must::kNotChange},
      {"FS-22", "linked/config", Must::kNotChange},
      {"FS-24", ".", Must::kNotChange},
      {"FS-24", "{root}", Must::kNotChange},
      {"FS-31", "occupied", Must::kNotBeMade},
  };
}

// One argument of one tool: where the path goes.
struct Argument {
  const char* tool;
  const char* name;
  Json others = Json::object();
  bool writes = false;
  bool itself = false;   // the name is meant, not what a link leads to
  bool takes = false;    // what is there goes
  bool pattern = false;  // not opened: it is what paths are held against
};

std::vector<Argument> arguments() {
  return {
      {.tool = "read_file", .name = "path"},
      {.tool = "read_file", .name = "path", .others = {{"mode", "hex"}}},
      {.tool = "read_file", .name = "paths", .pattern = true},
      {.tool = "read_file", .name = "path", .others = {{"ref", "HEAD"}}, .itself = true},
      {.tool = "list_directory", .name = "path", .itself = true},
      {.tool = "glob", .name = "path", .others = {{"pattern", "**"}}},
      {.tool = "glob", .name = "pattern", .pattern = true},
      {.tool = "grep", .name = "path", .others = {{"pattern", "."}}},
      {.tool = "grep", .name = "glob", .others = {{"pattern", "."}}, .pattern = true},
      {.tool = "git_status", .name = "path", .pattern = true},
      {.tool = "git_log", .name = "path", .pattern = true},
      {.tool = "git_diff", .name = "path", .pattern = true},
      {.tool = "analyze_repository", .name = "path"},
      {.tool = "session_open", .name = "root"},
      {.tool = "edit_file",
       .name = "path",
       .others = {{"old_string", "t"}, {"new_string", "u"}, {"replace_all", true}},
       .writes = true},
      {.tool = "edit_file",
       .name = "path",
       .others = {{"old_string", ""}, {"new_string", "made"}},
       .writes = true},
      {.tool = "write_file", .name = "path", .others = {{"content", "made"}}, .writes = true},
      {.tool = "write_file",
       .name = "path",
       .others = {{"content", "made"}, {"append", true}},
       .writes = true},
      {.tool = "apply_patch", .name = "patch", .writes = true},
      {.tool = "delete_path",
       .name = "path",
       .others = {{"recursive", true}},
       .writes = true,
       .itself = true,
       .takes = true},
      {.tool = "move_path",
       .name = "source",
       .others = {{"destination", "fresh/name"}, {"overwrite", true}},
       .writes = true,
       .itself = true,
       .takes = true},
      {.tool = "move_path",
       .name = "source",
       .others = {{"destination", "fresh/copy"}, {"copy", true}, {"overwrite", true}},
       .itself = true},
      {.tool = "move_path",
       .name = "destination",
       .others = {{"source", "ok.txt"}, {"copy", true}, {"overwrite", true}},
       .writes = true,
       .itself = true},
      {.tool = "move_path",
       .name = "destination",
       .others = {{"source", "sub"}, {"copy", true}},
       .writes = true,
       .itself = true},
  };
}

// A root full of traps, and outside/ beside it.
class Trap {
 public:
  Trap() : outside_(fs::path(tree.root()).parent_path().string() + "/outside") {
    fs::create_directories(outside_ + "/deep");
    fs::create_directories(tree.root() + "_secret");
    for (const char* at : {"/s", "/deep/s"}) std::ofstream(outside_ + at) << kToken;
    std::ofstream(tree.root() + "_secret/x") << kToken;
    tree.write("ok.txt", "ok text\n");
    tree.write("sub/f.txt", "inside text\n");
    tree.write("nested/.git/HEAD", "ref: refs/heads/main\n");
    tree.write("linked/HEAD", "ref: refs/heads/main\n");
    tree.write("linked/commondir", "../.git\n");
    tree.make_directory("occupied/by");
    tree.run({"git", "init", "-q", "--template="});
    tree.run({"git", "add", "ok.txt", "sub"});
    tree.run({"git", "commit", "-q", "-m", "first"});
    tree.link("../outside/s", "link_out");
    tree.link("../outside", "dir_out");
    tree.link("../../outside", "sub/up_out");
    tree.link("../outside/new", "dangling_out");
    tree.link("loop", "loop");
    tree.link(tree.path("ok.txt"), "abs_in");
    tree.link("/proc/self/root", "proc");
    if (mkfifo(tree.path("fifo").c_str(), 0600) != 0) throw std::runtime_error("no fifo");
    outside_before_ = outside();
    fenced_before_ = fenced();
  }

  std::string filled(std::string path) const {
    const auto fill = [&](const std::string& mark, const std::string& with) {
      if (const auto at = path.find(mark); at != std::string::npos) {
        path.replace(at, mark.size(), with);
      }
    };
    fill("{root}", tree.root());
    fill("{outside}", outside_);
    return path;
  }
  bool outside_unchanged() const { return outside() == outside_before_; }
  bool fenced_unchanged() const { return fenced() == fenced_before_; }
  const std::string& outside_root() const { return outside_; }

  const TempWorkspace tree;

 private:
  Snapshot outside() const {
    Snapshot found;
    for (const std::string& path : {outside_, tree.root() + "_secret"}) take_snapshot(path, found);
    return found;
  }
  // What no file tool may change.
  Snapshot fenced() const {
    Snapshot found;
    for (const char* path : {".git", "nested", "linked", "fifo"}) {
      take_snapshot(tree.path(path), found);
    }
    return found;
  }

  std::string outside_;
  Snapshot outside_before_;
  Snapshot fenced_before_;
};

bool must_fail(const Row& row, const Argument& argument) {
  if (argument.pattern) return false;
  switch (row.must) {
    case Must::kFail:
      return true;
    case Must::kNotLead:
      return !argument.itself;
    case Must::kNotChange:
      return argument.writes;
    case Must::kNotBeMade:
      return argument.writes && !argument.takes;
    case Must::kAnything:
      return false;
  }
  return false;
}

Json arguments_with(const Argument& argument, const std::string& path) {
  Json all = argument.others;
  all[argument.name] = path;
  if (std::strcmp(argument.name, "paths") == 0) all["paths"] = Json::array({path});
  if (std::strcmp(argument.name, "patch") == 0) {
    all["patch"] = "*** Begin Patch\n*** Add File: " + path + "\n+made\n*** End Patch\n";
  }
  return all;
}

// A trap and a server that it is set for.
struct Siege {
  Trap trap;
  TempWorkspace state;
  ServerProcess server{
      {.argv = command_line(trap.tree, state, {.arguments = {"--no-fsync"}, .workers = 0})}};
};

// Every row through one argument.
void attack(Siege& siege, const Argument& argument, Report& report) {
  const Trap& trap = siege.trap;
  for (const Row& row : rows()) {
    const std::string path = trap.filled(row.path);
    const std::string name = std::string(row.id) + " " + argument.tool + "." + argument.name + " " +
                             Json(path.substr(0, 60)).dump() + ": ";
    const Json call = call_of(row.id, argument.tool, arguments_with(argument, path));
    siege.server.write_while_reading(modern(call).dump() + "\n");
    const auto line = siege.server.read_line();
    if (!line) {
      report.claim(false, name + "no answer; " + siege.server.stderr_text());
      return;
    }
    const Json answer = Json::parse(*line);
    const bool failed = answer.contains("error") || answer["result"].value("isError", false);
    const std::string shown = line->substr(0, 400);
    report.claim(line->find(kToken) == std::string::npos, name + "the token came out: " + shown);
    report.claim(line->find("root:x:0") == std::string::npos, name + "/etc/passwd: " + shown);
    report.claim(failed || !must_fail(row, argument), name + "did not fail: " + shown);
    // No text names what the argument did not name itself.
    const bool named = path.find(trap.outside_root()) != std::string::npos;
    report.claim(named || line->find(trap.outside_root()) == std::string::npos,
                 name + "names the outside: " + shown);
    report.claim(trap.outside_unchanged(), name + "outside was changed");
    report.claim(trap.fenced_unchanged(), name + "a fenced place was changed: " + shown);
  }
}

void check_on(const Kernel& kernel) {
  CHECK(forked([&](Report& report) {
          live_on(kernel);
          Siege readers;  // leave the trap as it is
          for (const Argument& argument : arguments()) {
            if (!argument.writes) {
              attack(readers, argument, report);
              continue;
            }
            Siege one;
            attack(one, argument, report);
          }
        }) == "");
}

TEST_CASE("no path of the attack table leads out of the root through any tool") {
  check_on({.openat2 = true, .landlock = true});
}

TEST_CASE("no path of the attack table leads out of the root, with the component walk") {
  check_on({.openat2 = false, .landlock = true});
}

TEST_CASE("no path of the attack table leads out of the root, without landlock") {
  check_on({.openat2 = true, .landlock = false});
}

TEST_CASE("no path of the attack table leads out of the root, with the walk and no landlock") {
  check_on({.openat2 = false, .landlock = false});
}

}  // namespace
}  // namespace quarry::wire
