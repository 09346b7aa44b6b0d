#include "tests/tools/session/session_fixture.h"

namespace quarry::test {
namespace {

using tools::session_close;
using tools::session_open;
using tools::session_status;
using tools::session_update;

struct Updating {
  SessionFixture fixture;
  std::string handle = fixture.call(session_open, "{}")["session"];

  // `members` follow the handle.
  nlohmann::json update(const std::string& members) {
    return fixture.call(session_update, R"({"session":")" + handle + "\"" + members + "}", handle);
  }
  std::string refusal(const std::string& members) { return update(members).value("error", ""); }
  nlohmann::json status() {
    return fixture.call(session_status, R"({"session":")" + handle + "\"}", handle);
  }
};

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("session_update answers with the new version and whether it is on disk") {
  Updating one;
  const auto answer = one.update(R"(,"set":{"goal":"ship","n":7,"yes":true})");
  CHECK(answer["session"] == one.handle);
  CHECK(answer["version"] == 1);
  CHECK(answer["durable"] == false);  // in memory
  CHECK(answer.size() == 3);
  const auto state = one.status()["state"];
  CHECK(state["goal"] == "ship");
  CHECK(state["n"] == "7");
  CHECK(state["yes"] == "true");
}

TEST_CASE("session_update takes the names that models use") {
  Updating one;
  CHECK(one.update(R"(,"values":{"a":"1","b":"2","c":"3"})")["version"] == 1);
  CHECK(one.update(R"(,"state":{"a":"2"},"delete":["b"],"version":1)")["version"] == 2);
  CHECK(one.update(R"(,"remove":"c")")["version"] == 3);
  CHECK(one.status()["state"] == nlohmann::json{{"a", "2"}});
}

TEST_CASE("session_update changes label and expiry") {
  Updating one;
  one.update(R"(,"label":"new","ttl_s":60)");
  const auto session = one.status()["sessions"][0];
  CHECK(session["label"] == "new");
  CHECK(session["version"] == 1);
  CHECK(one.fixture.call(session_status, R"({"label":"new"})")["total"] == 1);
  one.update(R"(,"label":"")");
  CHECK(one.fixture.call(session_status, R"({"label":"new"})")["total"] == 0);
  one.fixture.clock.now_ms += 65'000;
  CHECK(holds(one.refusal(R"(,"label":"late")"), "the session expired 5 s ago"));
}

TEST_CASE("session_update compares the version that is expected") {
  Updating one;
  one.update(R"(,"set":{"a":"1"})");
  CHECK(holds(one.refusal(R"(,"set":{"a":"2"},"expected_version":0)"), "is at version 1"));
  CHECK(one.update(R"(,"set":{"a":"2"},"expected_version":"1")")["version"] == 2);
}

TEST_CASE("session_update says what is wrong with its arguments, and changes nothing") {
  Updating one;
  one.update(R"(,"set":{"a":"1"})");
  struct Row {
    const char* members;
    const char* problem;
  };
  const Row rows[] = {
      {"", "nothing to change"},
      {R"(,"set":null)", "nothing to change"},
      {R"(,"set":{})", "nothing to change"},
      {R"(,"set":"a=1")", "must be an object of strings, got a string"},
      {R"(,"set":{"a":null})", "to remove it, name it in 'unset'"},
      {R"(,"set":{"a":{"b":1}})", "pass it as a string of JSON"},
      {R"(,"set":{"":"x"})", "1 to 256"},
      {R"(,"set":{"a\u0000":"x"})", "NUL"},
      {R"(,"set":{"a":"x"},"unset":["a"])", "both in 'set' and in 'unset'"},
      {R"(,"unset":[7])", "array of strings"},
      {R"(,"ttl_s":0)", "between 1 and 31536000"},
      {R"(,"expected_version":-1,"label":"x")", "expected_version"},
      {R"(,"sett":{"a":"x"})", "did you mean 'set'"},
  };
  for (const Row& row : rows) {
    INFO(row.members);
    CHECK(holds(one.refusal(row.members), row.problem));
  }
  CHECK(one.status()["sessions"][0]["version"] == 1);
}

TEST_CASE("session_update of a read-only session changes its state, which is not the tree's") {
  Updating one;
  const std::string handle = one.fixture.call(session_open, R"({"read_only":true})")["session"];
  const auto answer = one.fixture.call(
      session_update, R"({"session":")" + handle + R"(","set":{"a":"1"}})", handle);
  CHECK(answer["version"] == 1);
}

TEST_CASE("session_update reaches no session through a handle that is none") {
  Updating one;
  for (const std::string& handle :
       {std::string("../x"), std::string(22, 'A'), std::string(1 << 20, 'A'), one.handle.substr(1),
        one.handle + "A", std::string("default-x")}) {
    const auto answer = one.fixture.call(
        session_update, R"({"session":")" + handle + R"(","set":{"a":"1"}})", handle);
    CHECK(holds(answer.value("error", ""), "no session with this handle"));
  }
  CHECK(one.status()["sessions"][0]["version"] == 0);
}

TEST_CASE("state goes with its session, and another one never sees it") {
  Updating one;
  one.update(R"(,"set":{"secret":"1"})");
  const std::string other = one.fixture.call(session_open, "{}")["session"];
  const auto status = one.fixture.call(
      session_status, R"({"session":")" + other + R"(","keys":["secret"]})", other);
  CHECK(status["missing"][0] == "secret");
  one.fixture.call(session_close, R"({"session":")" + one.handle + "\"}", one.handle);
  CHECK(one.fixture.sessions->totals().state_bytes == 0);
}

}  // namespace
}  // namespace quarry::test
