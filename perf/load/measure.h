// What is measured of a peer: every call of a round is timed, whole samples are kept.
//
// Two peers are measured in one run, in turns of kTurn rounds (A B A B), so that a change of the
// machine's mood falls on both. Only right answers count: an error throws std::runtime_error.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "perf/load/peer.h"

namespace quarry::perf {

struct Latency {
  double p50 = 0, p95 = 0, p99 = 0, p999 = 0, max = 0;  // microseconds
  double cpu = 0;                                       // microseconds of the peer, per round
  std::size_t rounds = 0;
};

// Requests of one round, each ending in a newline, sent one after the other's answer. Seven '#'
// in a row are replaced by a number that no other request has.
using Round = std::vector<std::string>;

struct Pair {
  Latency peer;
  Latency floor;
};

// The rounds of `turns` are played one after the other and again from the first. `idle_ns` passes
// before each round, unmeasured.
Pair measure_latency(Peer& peer, const std::vector<Round>& turns, Peer& floor,
                     const std::vector<Round>& floor_turns, std::size_t rounds,
                     std::int64_t idle_ns);

// Calls a second with `in_flight` requests unanswered.
double measure_throughput(Peer& peer, const std::string& request, std::size_t calls,
                          std::size_t in_flight);

struct Start {
  Latency to_first_answer;
  std::int64_t idle_kib = 0;  // VmRSS after the first answer and a pause
};

// A fresh process each time: from before the spawn to its first answer; peer and floor in turns.
std::pair<Start, Start> measure_start(const std::vector<std::string>& peer,
                                      const std::vector<std::string>& floor,
                                      const std::string& request, std::size_t runs);

// The next request of a template, numbered.
const std::string& numbered(std::string& scratch, const std::string& request);

}  // namespace quarry::perf
