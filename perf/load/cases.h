// The questions that are put to the server, and the floor that each is held against.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "perf/load/measure.h"

namespace quarry::perf {

enum class Floor { kEcho, kReadFile, kReplaceFile };

struct Case {
  std::string name;
  std::vector<Round> turns;  // the first is the one that is checked
  Floor floor = Floor::kEcho;
  Round floor_round;       // unless it is an echo, which gets the server's lines
  std::string must_hold;   // in the text of the round's last answer
  std::size_t weight = 1;  // rounds are divided by it: how much slower than a ping
  std::size_t spans = 1;   // rounds are multiplied by it: what goes on beside takes that long
  std::int64_t idle_ns = 0;
  bool runs = false;       // put to a server that keeps no answers
  bool pipelined = false;  // measured with 64 in flight too
};

// What a client says first, and its answer.
void shake_hands(Peer& server);
// A call as a line of a round, numbered when it is sent. `arguments` is a JSON object's text.
std::string tool_call(std::string_view tool, std::string_view arguments);
// What the server must be started with for them.
std::vector<std::string> server_options();
std::vector<Case> all_cases();

// Plays the first round once and judges the answers: JSON, the right id, no error, what must be
// held. Throws std::runtime_error naming the case. Returns the bytes of the last answer with its
// newline.
std::size_t check_answers(Peer& peer, const Case& one);

}  // namespace quarry::perf
