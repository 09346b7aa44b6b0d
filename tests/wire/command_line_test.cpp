// The command line as a person or a script types it.

#include <algorithm>
#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include "tests/wire/client.h"

namespace quarry::wire {
namespace {

struct Run {
  std::string out;
  std::string err;
  int code = -1;
};

Run run(const std::vector<std::string>& words, const std::string& state) {
  test::ServerOptions options;
  options.argv = {kBinary};
  options.argv.insert(options.argv.end(), words.begin(), words.end());
  options.environment = {{"QUARRY_STATE_DIR", state}, {"XDG_CONFIG_HOME", state}};
  options.working_directory = state;
  test::ServerProcess process(options);
  process.close_stdin();
  Run result;
  std::string rest;
  for (const std::string& line : process.read_to_end(rest)) result.out += line + '\n';
  const auto end = process.wait_exit();
  if (end && !end->signalled) result.code = end->code;
  result.err = process.stderr_text();
  return result;
}

TEST_CASE("options may stand before the command, between its words and behind them") {
  const test::TempWorkspace tree(std::map<std::string, std::string>{{"one.txt", "alpha\n"}});
  const test::TempWorkspace other(std::map<std::string, std::string>{{"two.txt", "beta\n"}});
  const test::TempWorkspace state;
  const std::string arguments = R"({"path":"one.txt"})";
  using Words = std::vector<std::string>;
  for (const Words& words :
       {Words{"--root", tree.root(), "call", "read_file", arguments},
        Words{"call", "--root", tree.root(), "read_file", arguments},
        Words{"call", "read_file", "--root", tree.root(), arguments},
        Words{"call", "read_file", arguments, "--root", tree.root()},
        Words{"--root", tree.root(), "--root", other.root(), "call", "read_file", arguments}}) {
    const Run result = run(words, state.root());
    INFO(result.out);
    CHECK(result.code == 0);
    CHECK(result.out.find("alpha") != std::string::npos);
  }
}

TEST_CASE("the help is text, and names the words that an option takes") {
  const test::TempWorkspace state;
  const Run help = run({"--help"}, state.root());
  CHECK(help.code == 0);
  CHECK(std::ranges::none_of(help.out, [](char c) { return c != '\n' && (c < ' ' || c > '~'); }));
  for (const char* words : {"--durability normal|full ", "--log-level debug|info|warning|error ",
                            "--log-format text|json ", "--resolver auto|openat2|walk "}) {
    INFO(words);
    CHECK(help.out.find(words) != std::string::npos);
  }
  CHECK(run({"serve", "--help"}, state.root()).out.find("quarry --help") != std::string::npos);
}

TEST_CASE("a word that an option does not take is answered with those that it does") {
  const test::TempWorkspace state;
  const Run refused = run({"--log-level", "loud", "tools"}, state.root());
  CHECK(refused.code == 2);
  CHECK(refused.err.starts_with("--log-level: no 'loud'; give debug|info|warning|error\n"));
}

TEST_CASE("the configuration that is printed for a client is that of its example") {
  struct Row {
    const char* client;
    const char* file;
    bool names_root = true;  // false: the client puts in the open folder
  };
  const Row rows[] = {{"claude-code", "claude_code.json"},
                      {"claude-desktop", "claude_desktop.json"},
                      {"vscode", "vscode.json", false},
                      {"cursor", "cursor.json", false},
                      {"codex", "codex.toml"},
                      {"zed", "zed.json"}};
  const test::TempWorkspace state;
  for (const Row& row : rows) {
    INFO(row.client);
    std::vector<std::string> words = {"config", row.client};
    if (row.names_root) words.insert(words.end(), {"--root", "/path/to/project"});
    std::ifstream file(std::string(QUARRY_EXAMPLES "/clients/") + row.file);
    std::string example((std::istreambuf_iterator<char>(file)), {});
    const std::string installed = "/usr/local/bin/quarry";
    REQUIRE(example.find(installed) != std::string::npos);
    example.replace(example.find(installed), installed.size(), kBinary);
    CHECK(run(words, state.root()).out == example);
  }
}

TEST_CASE("a command whose output cannot be written does not say that all is done") {
  const test::TempWorkspace state;
  for (const char* command : {"tools", "tools --json", "config zed", "call server_status"}) {
    INFO(command);
    test::ServerOptions options;
    options.argv = {"/bin/sh", "-c", std::string(kBinary) + " " + command + " > /dev/full"};
    options.environment = {{"QUARRY_STATE_DIR", state.root() + "/state"},
                           {"XDG_CONFIG_HOME", state.root()}};
    options.working_directory = state.root();
    test::ServerProcess process(options);
    process.close_stdin();
    const auto end = process.wait_exit();
    REQUIRE(end);
    CHECK(end->code == 3);
  }
}

TEST_CASE("the exit code of a call tells whether the tool failed, and a wrong word is usage") {
  const test::TempWorkspace tree(std::map<std::string, std::string>{{"one.txt", "alpha\n"}});
  const test::TempWorkspace state;
  CHECK(run({"call", "read_file", R"({"path":"no.txt"})", "--root", tree.root()}, state.root())
            .code == 1);
  CHECK(run({"call", "no_such_tool", "{}", "--root", tree.root()}, state.root()).code != 0);
  CHECK(run({"call", "--nonsense"}, state.root()).code == 2);
  CHECK(run({"call"}, state.root()).code == 2);
}

}  // namespace
}  // namespace quarry::wire
