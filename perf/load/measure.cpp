#include "perf/load/measure.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <unistd.h>

namespace quarry::perf {
namespace {

constexpr std::size_t kTurn = 50;
constexpr std::string_view kHole = "#######";

void pause(std::int64_t ns) {
  if (ns > 0) usleep(static_cast<useconds_t>(ns / 1000));
}

std::int64_t play(Peer& peer, const Round& round, std::string& scratch) {
  std::int64_t spent = 0;
  for (const std::string& request : round) {
    const std::string& line = numbered(scratch, request);
    const std::int64_t start = now_ns();
    peer.send(line);
    const std::string_view answer = peer.receive();
    spent += now_ns() - start;
    must_succeed(answer);
  }
  return spent;
}

class Samples {
 public:
  explicit Samples(std::size_t rounds) { ns_.reserve(rounds); }

  void turn(Peer& peer, const std::vector<Round>& turns, std::size_t count, std::int64_t idle_ns,
            std::string& scratch) {
    const std::int64_t cpu = peer.cpu_ns();
    for (std::size_t i = 0; i < count; ++i) {
      pause(idle_ns);
      ns_.push_back(play(peer, turns[ns_.size() % turns.size()], scratch));
    }
    cpu_ns_ += peer.cpu_ns() - cpu;
  }
  void add(std::int64_t ns) { ns_.push_back(ns); }

  Latency latency() {
    std::sort(ns_.begin(), ns_.end());
    Latency result;
    result.rounds = ns_.size();
    if (ns_.empty()) return result;
    const auto at = [&](double share) {
      const auto rank =
          static_cast<std::size_t>(std::ceil(share * static_cast<double>(ns_.size())));
      return static_cast<double>(ns_[std::clamp<std::size_t>(rank, 1, ns_.size()) - 1]) / 1000.0;
    };
    result.p50 = at(0.5);
    result.p95 = at(0.95);
    result.p99 = at(0.99);
    result.p999 = at(0.999);
    result.max = static_cast<double>(ns_.back()) / 1000.0;
    result.cpu = static_cast<double>(cpu_ns_) / static_cast<double>(ns_.size()) / 1000.0;
    return result;
  }

 private:
  std::vector<std::int64_t> ns_;
  std::int64_t cpu_ns_ = 0;
};

}  // namespace

const std::string& numbered(std::string& scratch, const std::string& request) {
  static std::uint32_t last = 1'000'000;  // always seven digits: answers keep their length
  scratch = request;
  const std::size_t at = scratch.find(kHole);
  if (at != std::string::npos) {
    last = last == 9'999'999 ? 1'000'000 : last + 1;
    std::to_chars(scratch.data() + at, scratch.data() + at + kHole.size(), last);
  }
  return scratch;
}

Pair measure_latency(Peer& peer, const std::vector<Round>& turns, Peer& floor,
                     const std::vector<Round>& floor_turns, std::size_t rounds,
                     std::int64_t idle_ns) {
  Samples of_peer(rounds);
  Samples of_floor(rounds);
  std::string scratch;
  // The first calls fill caches and are not counted: each turn's own, too.
  const std::size_t first = std::min<std::size_t>(rounds / 10 + 1, 200);
  for (std::size_t i = 0; i < std::max(first, std::min(turns.size(), rounds)); ++i) {
    play(peer, turns[i % turns.size()], scratch);
    play(floor, floor_turns[i % floor_turns.size()], scratch);
  }
  for (std::size_t done = 0; done < rounds; done += kTurn) {
    const std::size_t count = std::min(kTurn, rounds - done);
    of_peer.turn(peer, turns, count, idle_ns, scratch);
    of_floor.turn(floor, floor_turns, count, idle_ns, scratch);
  }
  return {of_peer.latency(), of_floor.latency()};
}

double measure_throughput(Peer& peer, const std::string& request, std::size_t calls,
                          std::size_t in_flight) {
  std::string scratch;
  std::string batch;
  std::size_t sent = 0;
  std::size_t received = 0;
  const auto send = [&](std::size_t count) {
    batch.clear();
    for (std::size_t i = 0; i < count; ++i) batch += numbered(scratch, request);
    peer.send(batch);
    sent += count;
  };
  const std::int64_t start = now_ns();
  send(std::min(in_flight, calls));
  while (received < calls) {
    std::size_t came = 0;
    do {
      must_succeed(peer.receive());
      ++came;
    } while (peer.has_line());
    received += came;
    const std::size_t more = std::min(came, calls - sent);
    if (more > 0) send(more);
  }
  return static_cast<double>(calls) * 1e9 / static_cast<double>(now_ns() - start);
}

std::pair<Start, Start> measure_start(const std::vector<std::string>& peer,
                                      const std::vector<std::string>& floor,
                                      const std::string& request, std::size_t runs) {
  std::array<Samples, 2> samples{Samples(runs), Samples(runs)};
  std::array<Start, 2> result;
  const std::array<const std::vector<std::string>*, 2> commands{&peer, &floor};
  std::string scratch;
  for (std::size_t run = 0; run < runs; ++run) {
    for (std::size_t which = 0; which < 2; ++which) {
      const std::string line = numbered(scratch, request);
      const std::int64_t start = now_ns();
      Peer process(*commands[which]);
      process.send(line);
      process.receive();
      samples[which].add(now_ns() - start);
      if (run == 0) {
        pause(200'000'000);
        result[which].idle_kib = process.memory_kib("VmRSS");
      }
    }
  }
  for (std::size_t which = 0; which < 2; ++which) {
    result[which].to_first_answer = samples[which].latency();
  }
  return {result[0], result[1]};
}

}  // namespace quarry::perf
