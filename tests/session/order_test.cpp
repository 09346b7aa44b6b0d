#include "server/session/order.h"

#include <string>

#include <catch2/catch.hpp>

namespace quarry::session {
namespace {

using Access = Order::Access;

// Plays a script of arrivals and endings and tells in which order calls began.
// "r1" a shared call arrives, "h2" a heavy one, "w3" one that wants to be alone, "-1" call 1 ends.
// Two heavy calls may run at one time.
std::string play(const std::vector<std::string>& script) {
  Order order(2);
  std::string begun;
  std::vector<char> names(256);
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = static_cast<char>(i);
  std::vector<Access> access(256, Access::kShared);
  for (const std::string& step : script) {
    const auto name = static_cast<unsigned char>(step[1]);
    if (step[0] == '-') {
      std::vector<Order::Ticket> ready;
      order.finished(access[name], ready);
      for (const Order::Ticket ticket : ready) begun.push_back(*static_cast<char*>(ticket));
    } else {
      access[name] = step[0] == 'w'   ? Access::kAlone
                     : step[0] == 'h' ? Access::kSharedHeavy
                                      : Access::kShared;
      if (order.admit(access[name], &names[name])) begun.push_back(step[1]);
    }
  }
  return begun;
}

TEST_CASE("order lets readers run together and a writer alone") {
  struct Row {
    const char* name;
    std::vector<std::string> script;
    std::string begun;
  };
  const Row rows[] = {
      {"readers together", {"r1", "r2", "r3"}, "123"},
      {"a writer waits for earlier readers", {"r1", "r2", "w3", "-1"}, "12"},
      {"and begins when they ended", {"r1", "r2", "w3", "-1", "-2"}, "123"},
      {"later readers wait for the writer", {"w1", "r2", "r3"}, "1"},
      {"and then begin together", {"w1", "r2", "r3", "-1"}, "123"},
      {"a reader does not pass a waiting writer", {"r1", "w2", "r3", "-1", "-2"}, "123"},
      {"writers one after the other", {"w1", "w2", "w3", "-1", "-2"}, "123"},
      {"a reader between writers", {"w1", "r2", "w3", "-1"}, "12"},
      {"then the second writer", {"w1", "r2", "w3", "-1", "-2"}, "123"},
      {"heavy calls up to the bound", {"h1", "h2", "h3", "h4"}, "12"},
      {"the next as one ends", {"h1", "h2", "h3", "h4", "-2"}, "123"},
      {"in the order of arrival", {"h1", "h2", "h3", "h4", "-2", "-1"}, "1234"},
      {"a quick call passes heavy ones that wait for a place", {"h1", "h2", "h3", "r4"}, "124"},
      {"a writer waits for heavy calls that wait", {"h1", "h2", "h3", "w4", "-1", "-2"}, "123"},
      {"and begins after them", {"h1", "h2", "h3", "w4", "-1", "-2", "-3"}, "1234"},
      {"heavy calls behind a writer keep the bound", {"w1", "h2", "h3", "h4", "-1"}, "123"},
      {"a quick call behind it passes them", {"w1", "h2", "h3", "h4", "r5", "-1"}, "1235"},
      {"and the rest follow", {"w1", "h2", "h3", "h4", "r5", "-1", "-2"}, "12354"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(play(row.script) == row.begun);
  }
}

TEST_CASE("order has room for a call now only when nothing waits and a place is free") {
  Order order(1);
  CHECK(order.admit_now(Access::kSharedHeavy));
  CHECK_FALSE(order.admit_now(Access::kSharedHeavy));
  CHECK(order.admit_now(Access::kShared));
  CHECK_FALSE(order.admit_now(Access::kAlone));
  int ticket = 0;
  CHECK_FALSE(order.admit(Access::kAlone, &ticket));
  CHECK_FALSE(order.admit_now(Access::kShared));
  std::vector<Order::Ticket> ready;
  order.finished(Access::kShared, ready);
  CHECK(ready.empty());
  order.finished(Access::kSharedHeavy, ready);
  CHECK(ready == std::vector<Order::Ticket>{&ticket});
}

}  // namespace
}  // namespace quarry::session
