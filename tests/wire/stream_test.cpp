// What a stream of lines does to the server: pieces, floods, monsters, a client that does not read.

#include <csignal>
#include <set>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/wire/client.h"

namespace quarry::wire {
namespace {

constexpr std::int64_t kMib = 1024;  // of the figures in KiB

std::string lines_of(int count, Json (*make)(int)) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += make(i).dump() + "\n";
  return lines;
}

// Takes `count` answers: every id from 0 to count - 1 exactly once, every line JSON.
void check_answers(ServerProcess& process, int count) {
  std::set<int> seen;
  for (int i = 0; i < count; ++i) {
    const auto line = process.read_line();
    INFO(seen.size() << " answers came; stderr: " << process.stderr_text());
    REQUIRE(line);
    INFO(line->substr(0, 300));
    REQUIRE(Json::accept(*line));
    const Json answer = Json::parse(*line);
    REQUIRE((answer.contains("result") || answer.contains("error")));
    REQUIRE(answer["id"].is_number_integer());
    REQUIRE(seen.insert(answer["id"].get<int>()).second);
  }
  CHECK(*seen.begin() == 0);
  CHECK(*seen.rbegin() == count - 1);
}

void check_nothing_more(ServerProcess& process) {
  std::string rest;
  CHECK(process.read_to_end(rest).empty());
  CHECK(rest.empty());
}

void check_orderly_exit(ServerProcess& process) {
  check_nothing_more(process);
  const auto exit = process.wait_exit();
  REQUIRE(exit);
  INFO(process.stderr_text());
  CHECK_FALSE(exit->signalled);
  CHECK(exit->code == 0);
}

TEST_CASE("P1 a request that arrives a byte at a time is answered") {
  Client client;
  const std::string line = R"({"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"caf)"
                           "\xc3\xa9"
                           R"("}})"
                           "\n";
  for (const char& byte : line) REQUIRE(client.process.write(std::string_view(&byte, 1)));
  CHECK(client.receive() == Json::parse(R"({"jsonrpc":"2.0","id":1,"result":{}})"));
}

TEST_CASE("P3 ten thousand pipelined requests and the end of input: all are answered") {
  Client client({.files = {{"a.txt", "hello\n"}}});
  client.initialize();
  const std::string lines = lines_of(10'000, [](int i) {
    if (i % 3 == 0) return request_of(i, "ping");
    if (i % 3 == 1) return call_of(i, "session_status");
    return call_of(i, "read_file", {{"path", "a.txt"}});
  });
  REQUIRE(client.process.write_while_reading(lines));
  client.process.close_stdin();
  check_answers(client.process, 10'000);
  check_orderly_exit(client.process);
}

TEST_CASE("P3 a whole conversation through a pipe that closes at once is answered") {
  Client client({.files = {{"a.txt", "hello\n"}}});
  const std::string lines = modern(call_of(0, "read_file", {{"path", "a.txt"}})).dump() + "\n" +
                            modern(call_of(1, "glob", {{"pattern", "*"}})).dump() + "\n" +
                            modern(call_of(2, "grep", {{"pattern", "hello"}})).dump() + "\n";
  REQUIRE(client.process.write(lines));
  client.process.close_stdin();
  check_answers(client.process, 3);
  check_orderly_exit(client.process);
}

TEST_CASE("a client that writes ten thousand requests before it reads does not deadlock") {
  Client client;
  client.initialize();
  const std::string lines = lines_of(10'000, [](int i) { return call_of(i, "session_status"); });
  REQUIRE(client.process.write(lines));
  check_answers(client.process, 10'000);
  if (!kSanitized) CHECK(client.process.memory_kib("VmHWM") < 200 * kMib);
  client.process.close_stdin();
  check_orderly_exit(client.process);
}

TEST_CASE("a client that stops reading costs bounded memory and loses nothing") {
  std::string text;
  while (text.size() < 60'000) text += "a line of text to be read over and over again, 60 kB\n";
  Client client({.files = {{"a.txt", text}}});
  client.initialize();
  // More than may be kept of answers: beyond that a call is answered "busy", shortly.
  const std::string lines = lines_of(3000, [](int i) {
    return call_of(i, "read_file", {{"path", "a.txt"}, {"max_tokens", 24000}});
  });
  REQUIRE(client.process.write(lines));
  if (!kSanitized) CHECK(client.process.memory_kib("VmHWM") < 250 * kMib);
  check_answers(client.process, 3000);
  client.process.close_stdin();
  check_orderly_exit(client.process);
}

TEST_CASE("a client that stops reading is not read from, though a worker waits for it") {
  std::string text;
  while (text.size() < 200'000) text += "a line of text to be found over and over again, 200 kB\n";
  Client client({.files = {{"a.txt", text}}});
  client.initialize();
  // Their answers fill the pipe, so that a worker waits while the reader goes on.
  const std::string searches = lines_of(8, [](int i) {
    return call_of(i, "grep", {{"pattern", "text"}, {"limit", 500}, {"max_tokens", 24000 - i}});
  });
  REQUIRE(client.process.write(searches));
  const std::string lines = lines_of(20'000, [](int i) { return request_of(8 + i, "tools/list"); });
  CHECK_FALSE(client.process.write(lines, Millis{2000}));
  if (!kSanitized) CHECK(client.process.memory_kib("VmHWM") < 250 * kMib);
  const auto line = client.process.read_line();
  REQUIRE(line);
  CHECK(Json::accept(*line));
}

TEST_CASE("the end of input ends the server though its client has long stopped reading") {
  Client client;
  client.initialize();
  const std::string lines = lines_of(20'000, [](int i) { return request_of(i, "tools/list"); });
  CHECK_FALSE(client.process.write(lines, Millis{2000}));
  client.process.close_stdin();
  const auto exit = client.process.wait_exit();
  REQUIRE(exit);
  CHECK_FALSE(exit->signalled);
  CHECK(exit->code == 0);
}

TEST_CASE("a signal that does not end the server leaves no answer half written") {
  std::string text;
  while (text.size() < 90'000) text += "a line of text, more of them than a pipe takes at once\n";
  Client client({.files = {{"a.txt", text}}, .workers = 0});
  client.initialize();
  client.send(call_of(1, "read_file", {{"path", "a.txt"}, {"max_tokens", 24000}}));
  // The client's thread that started the server ends while the rest waits for the client to read.
  // Where the server has not come so far, the signal changes nothing.
  std::this_thread::sleep_for(Millis{300});
  client.process.signal(SIGUSR1);
  const auto line = client.process.read_line();
  REQUIRE(line);
  CHECK(line->size() > 65'536);
  CHECK(Json::parse(*line)["id"] == 1);
}

TEST_CASE("P6 an over-long line is discarded and answered, and the stream goes on") {
  Client client;
  const std::string piece(1 << 20, 'x');
  for (int i = 0; i < 100; ++i) REQUIRE(client.process.write_while_reading(piece));
  REQUIRE(client.process.write_while_reading("\n"));
  const Json answer = client.receive();
  CHECK(answer["error"]["code"] == -32700);
  CHECK_FALSE(answer.contains("id"));
  CHECK(client.alive());
  if (!kSanitized) CHECK(client.process.memory_kib("VmHWM") < 100 * kMib);
}

TEST_CASE("a line of the greatest length that is accepted is answered") {
  Client client;
  client.initialize();
  // 7 MiB below a limit of 8: in a member that is ignored.
  Json request = request_of(1, "ping", {{"filler", std::string(7 << 20, 'x')}});
  client.send(request);
  CHECK(client.receive() == Json::parse(R"({"jsonrpc":"2.0","id":1,"result":{}})"));
}

TEST_CASE("nesting of any depth is refused, not followed") {
  Client client;
  for (const int depth : {1'100, 100'000, 5'000'000}) {
    for (const char* open : {"[", "{\"a\":"}) {
      std::string line;
      for (int i = 0; i < depth; ++i) line += open;
      REQUIRE(client.process.write_while_reading(line + "\n"));
      const Json answer = client.receive();
      CHECK((answer["error"]["code"] == -32700 || answer["error"]["code"] == -32600));
    }
  }
  CHECK(client.alive());
}

TEST_CASE("P6 no line that is written reaches eight MiB") {
  std::string text;
  while (text.size() < (12U << 20)) text += "\x01\x02\x03\x04 escaped to six bytes each\n";
  Client client({.files = {{"big.txt", text}, {"one_line.txt", std::string(12U << 20, 'y')}}});
  client.initialize();
  for (const char* file : {"big.txt", "one_line.txt"}) {
    client.send(
        call_of(1, "read_file", {{"path", file}, {"limit", 1'000'000}, {"max_tokens", 24'000}}));
    const auto line = client.process.read_line();
    REQUIRE(line);
    CHECK(line->size() < (8U << 20));
    CHECK(Json::accept(*line));
  }
}

TEST_CASE("P10 an id of a request that still runs is refused") {
  Client client({.files = big_tree(), .workers = 2});
  client.initialize();
  const std::string both =
      call_of("same", "grep", {{"pattern", "(a+)+c"}, {"output_mode", "count"}}).dump() + "\n" +
      call_of("same", "session_status").dump() + "\n";
  REQUIRE(client.process.write(both));
  const Json first = client.receive();
  const Json second = client.receive();
  CHECK(first["id"] == "same");
  CHECK(first["error"]["code"] == -32600);
  CHECK(second["id"] == "same");
  CHECK(second.contains("result"));
}

}  // namespace
}  // namespace quarry::wire
