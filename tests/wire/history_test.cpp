// Random calls of eight clients on few sessions, on one server process or on several that share a
// state directory: what they were answered must be what one server that takes calls one after the
// other could have answered.

#include <algorithm>
#include <cstdlib>
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "tests/wire/servers.h"

namespace quarry::wire {
namespace {

constexpr int kClients = 8;
constexpr int kSessions = 4;

// One call and what it was answered. Calls of one round overlap; rounds do not.
struct Call {
  int round = 0;
  int session = 0;
  std::string value;                     // that it set; "" of a look
  std::optional<std::int64_t> expected;  // the version that it wanted
  std::int64_t version = -1;             // that it made or saw; -1: refused for its version
  std::string seen;                      // by a look
};

std::vector<Call> play(Servers& servers, const std::vector<std::string>& handles, int rounds,
                       unsigned seed) {
  std::mt19937 random(seed);
  const auto pick = [&](int count) {
    return std::uniform_int_distribution<int>(0, count - 1)(random);
  };
  std::vector<std::int64_t> known(kSessions, 0);  // versions that clients believe in
  std::vector<Call> history;
  for (int round = 0; round < rounds; ++round) {
    const std::size_t first = history.size();
    for (int client = 0; client < kClients; ++client) {
      Call call;
      call.round = round;
      call.session = pick(kSessions);
      const std::string& handle = handles[static_cast<std::size_t>(call.session)];
      const int kind = pick(10);
      if (kind < 3) {
        servers.send(client, call_of(client, "session_status", {{"session", handle}}));
      } else {
        call.value = std::to_string(history.size());
        Json arguments = {{"session", handle}, {"set", {{"last", call.value}}}};
        if (kind < 8) {
          call.expected = known[static_cast<std::size_t>(call.session)];
          arguments["expected_version"] = *call.expected;
        }
        servers.send(client, call_of(client, "session_update", arguments));
      }
      history.push_back(std::move(call));
    }
    for (int client = 0; client < kClients; ++client) {
      // One process answers for several clients, in any order: the id says for whom.
      const Json answer = servers.receive(client);
      Call& call = history[first + answer["id"].get<std::size_t>()];
      const Json& result = answer["result"];
      INFO(answer.dump());
      if (result.value("isError", false)) {
        REQUIRE(call.expected);
        REQUIRE(text_of(answer).find("at version ") != std::string::npos);
        continue;
      }
      const Json& content = result["structuredContent"];
      if (call.value.empty()) {
        call.version = content["sessions"][0]["version"];
        if (content.contains("state")) call.seen = content["state"]["last"];
      } else {
        call.version = content["version"];
      }
      auto& version = known[static_cast<std::size_t>(call.session)];
      version = std::max(version, call.version);
    }
  }
  return history;
}

// The versions of a session are its updates in their order, so a sequential history exists when
// each version was made once, each update came at the version that it wanted, each look saw what
// its version was made with, and nothing that ended before another began comes after it.
void check(const std::vector<Call>& history, int session, const std::string& last) {
  std::map<std::int64_t, const Call*> made;
  for (const Call& call : history) {
    if (call.session != session || call.value.empty() || call.version < 0) continue;
    INFO("version " << call.version << " of session " << session);
    REQUIRE(made.emplace(call.version, &call).second);
    if (call.expected) REQUIRE(call.version == *call.expected + 1);
  }
  std::int64_t next = 1;
  int round = 0;
  for (const auto& [version, call] : made) {
    REQUIRE(version == next++);
    REQUIRE(call->round >= round);
    round = call->round;
  }
  CHECK((made.empty() ? "" : made.rbegin()->second->value) == last);
  // How far the session was before a round and after it.
  const auto versions_until = [&](int limit) {
    std::int64_t count = 0;
    for (const auto& [version, call] : made) count += call->round <= limit ? 1 : 0;
    return count;
  };
  for (const Call& call : history) {
    if (call.session != session) continue;
    const std::int64_t before = versions_until(call.round - 1);
    const std::int64_t after = versions_until(call.round);
    if (call.value.empty()) {
      REQUIRE(call.version >= before);
      REQUIRE(call.version <= after);
      REQUIRE(call.seen == (call.version == 0 ? "" : made.at(call.version)->value));
    } else if (call.version < 0) {
      // Refused: at that moment the session was at another version than it wanted.
      REQUIRE_FALSE((before == *call.expected && after == *call.expected));
    }
  }
}

TEST_CASE("updates of eight clients on shared sessions have one order, and none is lost") {
  const bool long_run = std::getenv("QUARRY_LONG_TESTS") != nullptr;
  const int rounds = long_run ? 12'500 : kSanitized ? 40 : 150;
  for (const int processes : {1, 2, 8}) {
    INFO(processes << " server processes");
    Servers servers(processes);
    std::vector<std::string> handles;
    for (int i = 0; i < kSessions; ++i) {
      const Json answer = servers.call(i, "session_open", Json::object());
      handles.push_back(answer["result"]["structuredContent"]["session"]);
    }
    const auto history = play(servers, handles, rounds, static_cast<unsigned>(processes));
    const auto refused = std::count_if(history.begin(), history.end(),
                                       [](const Call& call) { return call.version < 0; });
    CHECK(refused > 0);  // else the clients never met
    for (int i = 0; i < kSessions; ++i) {
      const Json state = servers.call(
          kClients - 1, "session_status",
          {{"session", handles[static_cast<std::size_t>(i)]}})["result"]["structuredContent"];
      check(history, i, state.contains("state") ? state["state"]["last"].get<std::string>() : "");
    }
    // What one process closes is closed for all.
    CHECK_FALSE(
        servers.call(0, "session_close", {{"session", handles[0]}})["result"].contains("isError"));
    for (int client = 0; client < processes; ++client) {
      CHECK(servers.call(client, "session_status",
                         {{"session", handles[0]}})["result"]["isError"] == true);
    }
  }
}

}  // namespace
}  // namespace quarry::wire
