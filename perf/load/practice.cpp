#include "perf/load/practice.h"

#include <cstdint>

#include "perf/load/cases.h"
#include "perf/load/changes.h"
#include "perf/load/measure.h"
#include "perf/load/sessions.h"
#include "perf/load/soak.h"

namespace quarry::perf {
namespace {

// Of each case. As long as of any other: the compiler takes for rare what is little beside the
// rest, and a loop over a large file is more than all that a small call does.
constexpr std::int64_t kEachNs = 100'000'000;
constexpr std::size_t kInARow = 1000;
constexpr std::size_t kSessions = 50;
constexpr std::size_t kSoaked = 1000;

void play(Peer& server, const Case& one) {
  std::string scratch;
  const std::int64_t end = now_ns() + kEachNs;
  for (std::size_t i = 0; now_ns() < end; ++i) {
    for (const std::string& request : one.turns[i % one.turns.size()]) {
      server.send(numbered(scratch, request));
      server.receive();
    }
  }
  if (one.pipelined) (void)measure_throughput(server, one.turns[0][0], kInARow, 64);
}

}  // namespace

void practise(const std::vector<std::string>& command) {
  Peer server(command);
  shake_hands(server);
  for (const Case& one : all_cases()) {
    // Its lines are counted once, which is most of what the server would have done.
    if (!one.name.contains("1 GiB")) play(server, one);
  }
  for (const Case& one : session_cases(open_sessions(server, kSessions), kSessions)) {
    play(server, one);
  }
  for (const Case& one : change_cases()) play(server, one);
  soak_calls(command, kSoaked);
}

}  // namespace quarry::perf
