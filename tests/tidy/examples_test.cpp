// The configurations that a reader copies are whole, and say the same thing.

#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/tidy/source_tree.h"

namespace quarry::tidy {
namespace {

TEST_CASE("each client's configuration parses and starts the server") {
  struct Row {
    std::string file;
    std::string section;
  };
  const std::vector<Row> rows = {{"claude_code", "mcpServers"},
                                 {"claude_desktop", "mcpServers"},
                                 {"vscode", "servers"},
                                 {"cursor", "mcpServers"},
                                 {"zed", "context_servers"}};
  for (const Row& row : rows) {
    INFO(row.file);
    const SourceFile* file = find_file("examples/clients/" + row.file + ".json");
    REQUIRE(file != nullptr);
    const auto json = nlohmann::json::parse(file->text, nullptr, false);
    REQUIRE_FALSE(json.is_discarded());
    const auto& server = json.at(row.section).at("quarry");
    CHECK(server.at("command") == "/usr/local/bin/quarry");
    CHECK(server.at("args").at(0) == "serve");
    CHECK(server.at("args").at(1) == "--root");
  }
}

TEST_CASE("the configuration in TOML parses") {
  REQUIRE(find_file("examples/clients/codex.toml") != nullptr);
  int code = 0;
  output_of("python3 -c 'import tomllib' 2>/dev/null", code);
  if (code != 0) {
    WARN("skipped: python3 with tomllib (3.11) is not here");
    return;
  }
  const std::string command = output_of(
      "python3 -c \"import tomllib; print(tomllib.load(open('examples/clients/codex.toml','rb'))"
      "['mcp_servers']['quarry']['args'][0])\"",
      code);
  CHECK(code == 0);
  CHECK(command == "serve\n");
}

}  // namespace
}  // namespace quarry::tidy
