// Servers: several server processes on one workspace and one state directory, and clients of them.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/wire/client.h"

namespace quarry::wire {

// Client `n` speaks to process `n` modulo their number.
class Servers {
 public:
  explicit Servers(int count, const Setting& setting = {}) : workspace_(setting.files) {
    for (int i = 0; i < count; ++i) {
      servers_.push_back(std::make_unique<ServerProcess>(
          ServerOptions{.argv = command_line(workspace_, state_, setting)}));
    }
  }

  void send(int client, const Json& message) {
    REQUIRE(of(client).write_while_reading(modern(message).dump() + "\n"));
  }
  Json receive(int client) {
    const auto line = of(client).read_line();
    INFO(of(client).stderr_text());
    REQUIRE(line);
    return Json::parse(*line);
  }
  Json call(int client, const std::string& tool, const Json& arguments) {
    send(client, call_of("one", tool, arguments));
    return receive(client);
  }

  const TempWorkspace& workspace() const { return workspace_; }

 private:
  ServerProcess& of(int client) {
    return *servers_[static_cast<std::size_t>(client) % servers_.size()];
  }

  TempWorkspace workspace_;
  TempWorkspace state_;
  std::vector<std::unique_ptr<ServerProcess>> servers_;
};

}  // namespace quarry::wire
