#include "tests/wire/client.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

#include <catch2/catch.hpp>

namespace quarry::wire {

constinit const char* const kBinary = QUARRY_BINARY;
#ifdef QUARRY_SANITIZED
constinit const bool kSanitized = true;
constinit const Millis kExitBound = kPatience;
#else
constinit const bool kSanitized = false;
constinit const Millis kExitBound{2000};
#endif

namespace {

ServerOptions completed(ServerOptions options, std::vector<std::string> command) {
  options.argv = std::move(command);
  return options;
}

}  // namespace

std::vector<std::string> command_line(const TempWorkspace& workspace, const TempWorkspace& state,
                                      const Setting& setting) {
  std::vector<std::string> words = {
      kBinary,       "serve",
      "--root",      workspace.root(),
      "--state-dir", setting.state_dir.empty() ? state.root() : setting.state_dir};
  if (setting.workers >= 0) {
    words.emplace_back("--workers");
    words.push_back(std::to_string(setting.workers));
  }
  // The time to finish what is queued is meant for a machine without sanitizers.
  if (kSanitized && std::ranges::find(setting.arguments, "--drain-ms") == setting.arguments.end()) {
    words.insert(words.end(), {"--drain-ms", "25000"});
  }
  words.insert(words.end(), setting.arguments.begin(), setting.arguments.end());
  return words;
}

Client::Client(const Setting& setting, ServerOptions options)
    : workspace(setting.files),
      process(completed(std::move(options), command_line(workspace, state, setting))) {}

void Client::initialize() {
  const Json answer = request("init", "initialize",
                              {{"protocolVersion", "2025-11-25"},
                               {"capabilities", Json::object()},
                               {"clientInfo", {{"name", "wire_test"}, {"version", "1"}}}});
  REQUIRE(answer["result"]["protocolVersion"] == "2025-11-25");
  send({{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}});
}

void Client::send(const Json& message) {
  INFO(process.stderr_text());
  REQUIRE(process.write_while_reading(message.dump() + "\n"));
}

Json Client::receive(Millis patience) {
  const auto line = process.read_line(patience);
  if (!line) return nullptr;
  INFO(*line);
  REQUIRE(Json::accept(*line));
  return Json::parse(*line);
}

Json Client::request(const Json& id, const std::string& method, const Json& params) {
  send(request_of(id, method, params));
  while (true) {
    Json answer = receive();
    if (answer.is_null()) {
      INFO(process.stderr_text());
      FAIL("no answer to " << method);
    }
    if (answer.value("id", Json()) == id) return answer;
  }
}

bool Client::alive() {
  const std::string id = "alive-" + std::to_string(++pings_);
  return request(id, "ping") == Json{{"jsonrpc", "2.0"}, {"id", id}, {"result", Json::object()}};
}

Json request_of(const Json& id, const std::string& method, const Json& params) {
  Json message = {{"jsonrpc", "2.0"}, {"id", id}, {"method", method}};
  if (!params.is_null()) message["params"] = params;
  return message;
}

Json call_of(const Json& id, const std::string& tool, const Json& arguments) {
  return request_of(id, "tools/call", {{"name", tool}, {"arguments", arguments}});
}

Json cancel_of(const Json& id) {
  return {
      {"jsonrpc", "2.0"}, {"method", "notifications/cancelled"}, {"params", {{"requestId", id}}}};
}

Json modern(Json request) {
  request["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2026-07-28";
  request["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = Json::object();
  return request;
}

std::string text_of(const Json& answer) {
  std::string text;
  for (const Json& block : answer.at("result").at("content")) text += block.value("text", "");
  return text;
}

std::map<std::string, std::string> big_tree() {
  std::string content;
  for (int line = 0; line < 2000; ++line) {
    content += "line " + std::to_string(line) + " of a text that says aaaaaaaaaaaaaaaaaaaaaaaaab\n";
  }
  std::map<std::string, std::string> files;
  for (int i = 0; i < 600; ++i) {
    files["d" + std::to_string(i % 20) + "/f" + std::to_string(i) + ".txt"] = content;
  }
  return files;
}

std::vector<int> children_of(int pid) {
  std::vector<int> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream stat(entry.path() / "stat");
    std::string text;
    std::getline(stat, text);
    const std::size_t close = text.rfind(')');
    if (close == std::string::npos || close + 4 > text.size() || text[close + 2] == 'Z') continue;
    if (std::atoi(text.c_str() + close + 4) == pid) children.push_back(std::atoi(name.c_str()));
  }
  return children;
}

}  // namespace quarry::wire
