#include "tests/tools/session/session_fixture.h"

namespace quarry::test {
namespace {

using tools::server_status;

TEST_CASE("server_status answers the part that is asked for") {
  SessionFixture fixture;
  CHECK(fixture.call(server_status, "{}")["part"] == "summary");
  for (const char* part : {"summary", "limits", "metrics", "memory", "diagnose"}) {
    CHECK(fixture.call(server_status, std::string(R"({"detail":")") + part + "\"}")["part"] ==
          part);
  }
}

TEST_CASE("server_status names the parts when asked for another") {
  SessionFixture fixture;
  const std::string error = fixture.call(server_status, R"({"detail":"weather"})")["error"];
  CHECK(error.find("'detail'") != std::string::npos);
  CHECK(error.find("diagnose") != std::string::npos);
}

}  // namespace
}  // namespace quarry::test
