#include "server/rpc/reply.h"

#include <atomic>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/base/guarded.h"
#include "server/rpc/batch.h"

namespace quarry::rpc {
namespace {

// Keeps what it is given; does not mind forgotten requests.
class Recorder final : public ReplySink {
 public:
  void deliver(std::string_view line) override { events_.lock()->emplace_back(line); }
  void dropped() override { events_.lock()->emplace_back("dropped"); }
  void forgotten(std::string_view id) override {
    events_.lock()->push_back("forgotten " + std::string(id));
  }
  std::vector<std::string> events() { return *events_.lock(); }

 private:
  Guarded<std::vector<std::string>> events_;
};

using Events = std::vector<std::string>;

TEST_CASE("a reply answers once and then has no duty") {
  const auto sink = std::make_shared<Recorder>();
  RequestState state;
  {
    Reply reply(sink, "7", &state);
    CHECK(reply.id() == "7");
    REQUIRE(reply);
    CHECK(reply.send_result(R"({"a":1})"));
    CHECK_FALSE(reply);
  }
  CHECK(sink->events() == Events{R"({"jsonrpc":"2.0","id":7,"result":{"a":1}})"});
  CHECK_FALSE(state.cancel());
}

TEST_CASE("a reply may be an error or nothing") {
  const auto sink = std::make_shared<Recorder>();
  Reply(sink, "\"x\"", nullptr).send_error(-32601, "no such method", R"({"m":1})");
  Reply(sink, "1", nullptr).drop();
  CHECK(sink->events() == Events{R"({"jsonrpc":"2.0","id":"x","error":{"code":-32601,)"
                                 R"("message":"no such method","data":{"m":1}}})",
                                 "dropped"});
}

TEST_CASE("a forgotten reply is noticed and answered") {
  const auto sink = std::make_shared<Recorder>();
  { const Reply reply(sink, "1", nullptr); }
  const std::string internal =
      R"(,"error":{"code":-32603,"message":"internal error: the request was left without an answer"}})";
  CHECK(sink->events() == Events{"forgotten 1", R"({"jsonrpc":"2.0","id":1)" + internal});
}

#ifndef NDEBUG
TEST_CASE("by itself a sink asserts that no request is forgotten") {
  class Plain final : public ReplySink {
    void deliver(std::string_view) override {}
    void dropped() override {}
  };
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::signal(SIGABRT, SIG_DFL);
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(nowhere, STDERR_FILENO);
    { const Reply reply(std::make_shared<Plain>(), "1", nullptr); }
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGABRT);
}
#endif

TEST_CASE("a reply that is moved hands its duty on") {
  const auto sink = std::make_shared<Recorder>();
  Reply first(sink, "1", nullptr);
  Reply second = std::move(first);
  CHECK_FALSE(first);
  Reply third;
  CHECK_FALSE(third);
  third = std::move(second);
  third.drop();
  CHECK(sink->events() == Events{"dropped"});
  third = Reply(sink, "2", nullptr);
  third = Reply(sink, "3", nullptr);  // forgets 2
  third.drop();
  CHECK(sink->events().at(1) == "forgotten 2");
  CHECK(sink->events().size() == 4);
}

TEST_CASE("nothing is written for a request whose cancellation was seen first") {
  const auto sink = std::make_shared<Recorder>();
  RequestState state;
  CHECK(state.running());
  Reply reply(sink, "1", &state);
  CHECK(state.cancel());
  CHECK(state.cancel());
  CHECK_FALSE(state.running());
  CHECK(reply.cancelled());
  CHECK_FALSE(reply.send_result("{}"));
  CHECK(sink->events() == Events{"dropped"});
  state.reset();
  CHECK(state.running());

  RequestState again;
  {
    const Reply forgotten(sink, "2", &again);
    again.cancel();
  }
  CHECK(sink->events() == Events{"dropped", "dropped"});
}

TEST_CASE("an answer and a cancellation that race have one winner") {
  for (int round = 0; round < 300; ++round) {
    const auto sink = std::make_shared<Recorder>();
    RequestState state;
    Reply reply(sink, "1", &state);
    std::atomic<int> ready{0};
    const auto meet = [&] {
      ++ready;
      while (ready < 2) std::this_thread::yield();
    };
    bool sent = false;
    std::thread worker([&, mine = std::move(reply)]() mutable {
      meet();
      sent = mine.send_result("{}");
    });
    meet();
    const bool cancelled = state.cancel();
    worker.join();
    REQUIRE(sent != cancelled);
    REQUIRE(sink->events().size() == 1);
    REQUIRE((sink->events()[0] == "dropped") == cancelled);
  }
}

TEST_CASE("P6 an answer too long for the wire becomes an error") {
  const auto sink = std::make_shared<Recorder>();
  const std::string huge(kMaxLineOut, 'x');
  CHECK(Reply(sink, "1", nullptr).send("\"" + huge + "\""));
  CHECK(Reply(sink, "2", nullptr).send_error(1, huge));
  CHECK(Reply(sink, "3", nullptr).send(std::string(kMaxLineOut - 3, 'y')));
  REQUIRE(sink->events().size() == 3);
  CHECK(sink->events()[0] == R"({"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":)"
                             R"("the answer is longer than 8 MiB; ask for less at a time"}})");
  CHECK(sink->events()[1].find("\"code\":1,") != std::string::npos);
  CHECK(sink->events()[2].size() == kMaxLineOut - 3);
}

TEST_CASE("P5 a batch is answered by one array when its last member is done") {
  const auto sink = std::make_shared<Recorder>();
  Line line;
  line.assign("[1,2,3]");
  auto batch = std::make_shared<Batch>(sink, 4, std::move(line));
  Reply first(batch, "1", nullptr);
  Reply second(batch, "2", nullptr);
  Reply third(batch, "3", nullptr);
  batch->deliver(R"({"bad":true})");
  batch.reset();
  second.send_result("2");
  first.drop();
  CHECK(sink->events().empty());
  third.send_result("3");
  CHECK(sink->events() == Events{R"([{"bad":true},{"jsonrpc":"2.0","id":2,"result":2},)"
                                 R"({"jsonrpc":"2.0","id":3,"result":3}])"});
}

TEST_CASE("P5 a batch without any answer writes nothing") {
  const auto sink = std::make_shared<Recorder>();
  RequestState state;
  {
    auto batch = std::make_shared<Batch>(sink, 2, Line());
    Reply first(batch, "1", &state);
    Reply second(batch, "2", nullptr);
    state.cancel();
    first.send_result("1");
    second.drop();
  }
  CHECK(sink->events() == Events{"dropped"});
}

TEST_CASE("P6 a batch longer than a line goes out as several arrays") {
  const auto sink = std::make_shared<Recorder>();
  const std::string half(kMaxLineOut / 2, '1');
  const auto batch = std::make_shared<Batch>(sink, 3, Line());
  for (int i = 0; i < 3; ++i) batch->deliver(half);
  REQUIRE(sink->events().size() == 3);
  for (const std::string& array : sink->events()) CHECK(array == "[" + half + "]");
}

TEST_CASE("members of a batch may be answered from many threads") {
  const auto sink = std::make_shared<Recorder>();
  auto batch = std::make_shared<Batch>(sink, 400, Line());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) Reply(batch, "1", nullptr).send("1");
    });
  for (std::thread& thread : threads) thread.join();
  REQUIRE(sink->events().size() == 1);
  CHECK(sink->events()[0].size() == 801);
}

}  // namespace
}  // namespace quarry::rpc
