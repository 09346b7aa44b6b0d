#include "server/session/order.h"

#include <string>

#include <catch2/catch.hpp>

namespace quarry::session {
namespace {

using Access = Order::Access;

// Plays a script of arrivals and endings and tells in which order calls began.
// "r1" a shared call arrives, "w2" an exclusive one, "-1" call 1 ends.
std::string play(const std::vector<std::string>& script) {
  Order order;
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
      access[name] = step[0] == 'w' ? Access::kExclusive : Access::kShared;
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
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(play(row.script) == row.begun);
  }
}

}  // namespace
}  // namespace quarry::session
