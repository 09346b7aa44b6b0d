#include "server/git/protocol.h"

#include <catch2/catch.hpp>

namespace quarry::git::protocol {
namespace {

Status sample_status() {
  Status status;
  status.branch = "main";
  status.ahead = 3;
  status.operation = "merge";
  status.staged = {{"R", std::string("new\0name", 8), "old"}, {"A", "b\xFF", ""}};
  status.staged_count = 2;
  return status;
}

std::string body_of(const Result<Status>& answer, bool worn = false) {
  std::string frame;
  REQUIRE(append_answer(frame, worn, answer));
  CHECK(frame_length(frame.data()) == frame.size() - kHeadBytes);
  return frame.substr(kHeadBytes);
}

TEST_CASE("protocol brings an answer across as it was, bytes and all") {
  bool worn = false;
  const auto back = parse_answer<Status>(body_of(sample_status(), true), worn);
  REQUIRE(back);
  CHECK(worn);
  CHECK(back->branch == "main");
  CHECK(back->ahead == 3);
  REQUIRE(back->staged.size() == 2);
  CHECK(back->staged[0].path == std::string("new\0name", 8));
  CHECK(back->staged[0].old_path == "old");
  CHECK(back->staged[1].path == "b\xFF");
}

TEST_CASE("protocol brings an error across with its code") {
  bool worn = true;
  const Result<Status> error = fail(Code::kDenied, "not here");
  const auto back = parse_answer<Status>(body_of(error), worn);
  REQUIRE(!back);
  CHECK(back.error().code == Code::kDenied);
  CHECK(back.error().message == "not here");
  CHECK(!worn);
}

TEST_CASE("protocol brings a request across") {
  LogOptions options;
  options.path = "src";
  options.since = -5;
  options.follow = false;
  std::string frame;
  REQUIRE(append_request(frame, {Operation::kLog, 1500}, options));
  std::string_view body = std::string_view(frame).substr(kHeadBytes);
  const auto head = parse_head(body);
  REQUIRE(head);
  CHECK(head->operation == Operation::kLog);
  CHECK(head->budget_ms == 1500);
  const auto back = parse_options<LogOptions>(body);
  REQUIRE(back);
  CHECK(back->path == "src");
  CHECK(back->since == -5);
  CHECK(!back->follow);
}

TEST_CASE("protocol refuses every answer that is cut short or has bytes left over") {
  const std::string body = body_of(sample_status());
  bool worn = false;
  for (std::size_t size = 0; size < body.size(); ++size) {
    INFO(size);
    CHECK(!parse_answer<Status>(std::string_view(body).substr(0, size), worn));
  }
  CHECK(!parse_answer<Status>(body + "x", worn));
}

TEST_CASE("protocol refuses lengths, counts and enumerators that cannot be") {
  const std::string body = body_of(sample_status());
  bool worn = false;
  // Any byte set to its greatest value may change a text, but must never be read out of bounds.
  for (std::size_t at = 0; at < body.size(); ++at) {
    std::string changed = body;
    changed[at] = '\xFF';
    const auto back = parse_answer<Status>(changed, worn);
    if (back) CHECK(back->staged.size() == 2);
  }
  std::string operation(1, '\x63');
  operation.append(8, '\0');
  std::string_view rest = operation;
  CHECK(!parse_head(rest));
  // ok, not worn, code 0, no message, then a list that claims 2^32-1 items.
  const std::string huge = std::string("\x01\0\0\0\0\0\0", 7) + "\xFF\xFF\xFF\xFF";
  CHECK(!parse_answer<std::vector<TrackedFile>>(huge, worn));
  const std::string odd_code = std::string("\0\0\x20\0\0\0\0", 7);
  CHECK(!parse_answer<Status>(odd_code, worn));
}

}  // namespace
}  // namespace quarry::git::protocol
