// Client: the real binary on a workspace and a state directory of its own, for tests.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/server_process.h"
#include "tests/support/temp_workspace.h"

namespace quarry::wire {

using Json = nlohmann::json;
using test::kPatience;
using test::Millis;
using test::ServerOptions;
using test::ServerProcess;
using test::TempWorkspace;

// The binary under test. Sanitizers multiply its memory and time: bounds on them are judged
// without. What differs from build to build is known to client.cpp alone, so that the tests are
// compiled once for all builds.
extern const char* const kBinary;
extern const bool kSanitized;

// The promise after the end of input, a signal or the parent's death.
extern const Millis kExitBound;

struct Setting {
  std::map<std::string, std::string> files;
  std::vector<std::string> arguments;  // after the usual ones
  int workers = -1;                    // negative: the server's own choice
  std::string state_dir;               // another server's; empty: its own
};

std::vector<std::string> command_line(const TempWorkspace& workspace, const TempWorkspace& state,
                                      const Setting& setting);

class Client {
 public:
  explicit Client(const Setting& setting = {}, ServerOptions options = {});

  // The handshake at 2025-11-25.
  void initialize();
  void send(const Json& message);
  // The next message; null at the end of output. Every line must be JSON.
  Json receive(Millis patience = kPatience);
  // Sends and waits for the answer with that id, dropping notifications.
  Json request(const Json& id, const std::string& method, const Json& params = nullptr);
  // Waits until everything sent before was read and, without workers, answered.
  bool alive();

  TempWorkspace workspace;
  TempWorkspace state;
  ServerProcess process;

 private:
  int pings_ = 0;
};

Json request_of(const Json& id, const std::string& method, const Json& params = nullptr);
Json call_of(const Json& id, const std::string& tool, const Json& arguments = Json::object());
Json cancel_of(const Json& id);
// The same request with the envelope of 2026-07-28.
Json modern(Json request);
// The text of a tool's answer.
std::string text_of(const Json& answer);

// Files that take a search tens of milliseconds at least.
std::map<std::string, std::string> big_tree();

// Process ids of the living children of `pid`.
std::vector<int> children_of(int pid);

}  // namespace quarry::wire
