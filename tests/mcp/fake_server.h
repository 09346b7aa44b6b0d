// FakeServer: the real protocol server on pipes, with tools that a test makes up.
//
// The server runs on a thread of its own; the test is the client.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/temp_workspace.h"
#include "tools/all.h"

namespace quarry::test {

class FakeServer {
 public:
  struct Options {
    std::size_t workers = 2;
    std::size_t heavy_limit = 16384;
    std::int64_t drain_ms = 900;
    std::int64_t roots_patience_ms = 30'000;
    std::string state_directory = {};  // looked for at each use until it opens; empty: in memory
  };
  // `entries` must be sorted by name and outlive the server.
  FakeServer(std::span<const tools::Entry> entries, const Options& options);
  ~FakeServer();  // ends the input and joins

  // What it serves.
  const TempWorkspace& workspace() const;

  void send(std::string_view line);
  void send_call(int id, std::string_view tool, std::string_view arguments = "{}",
                 std::string_view meta = "");
  // The next line; fails the test when none comes within ten seconds.
  nlohmann::json receive();
  // Whether nothing comes for a little while.
  bool silent(int milliseconds = 50);
  // Ends the input and returns what was still sent until the server left.
  std::vector<nlohmann::json> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The text of a tool's answer.
std::string text_of(const nlohmann::json& answer);

}  // namespace quarry::test
