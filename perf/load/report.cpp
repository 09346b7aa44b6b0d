#include "perf/load/report.h"

#include <cstdio>
#include <fstream>

#include <nlohmann/json.hpp>
#include <sys/utsname.h>
#include <unistd.h>

namespace quarry::perf {
namespace {

using Json = nlohmann::ordered_json;

double ratio(double value, double floor) {
  return floor > 0 ? value / floor : 0;
}

struct Bar {
  std::string what;
  double value = 0;
  const char* unit = "x";
  double first = 0;
  double goal = 0;
  bool more_is_better = false;

  bool met(double bound) const { return more_is_better ? value >= bound : value <= bound; }
};

// `floor`: which of a case's rows; empty: the first.
const Row* find_row(const Report& report, std::string_view start, std::string_view floor = {}) {
  for (const Row& row : report.rows) {
    if (row.name.starts_with(start) && (floor.empty() || row.floor == floor)) return &row;
  }
  return nullptr;
}

// What the project has set itself. The absolute figures of another server are those that were
// measured of it on the project's kind of machine.
std::vector<Bar> bars_of(const Report& report) {
  constexpr double kOtherTool = 35'100;
  constexpr double kOtherRead = 8'560;
  constexpr double kOtherList = 383;  // microseconds, and those below
  constexpr double kOtherWrite = 737;
  constexpr double kOtherEdit = 1163;
  std::vector<Bar> bars;
  bars.push_back({"exec to first answer / echo",
                  ratio(report.start.to_first_answer.p50, report.floor_start.to_first_answer.p50),
                  "x", 1.8, 1.1});
  bars.push_back({"idle RSS", static_cast<double>(report.start.idle_kib) / 1024.0, "MiB", 8, 4});
  const auto latency = [&](const char* name, double p50, double p95, double cpu, double goal50,
                           double goal95, double goal_cpu) {
    const Row* row = find_row(report, name);
    if (row == nullptr) return;
    const Pair& pair = row->one_core;
    const std::string what = row->name + ", one core, ";
    bars.push_back({what + "p50", ratio(pair.peer.p50, pair.floor.p50), "x", p50, goal50});
    if (p95 > 0) {
      bars.push_back({what + "p95", ratio(pair.peer.p95, pair.floor.p95), "x", p95, goal95});
    }
    if (cpu > 0) {
      bars.push_back({what + "CPU", ratio(pair.peer.cpu, pair.floor.cpu), "x", cpu, goal_cpu});
    }
  };
  for (const char* stored : {", 1 stored", ", 1000 stored", ", 100000 stored"}) {
    const auto session = [&](const char* what, double p95, double goal95) {
      const Row* row = find_row(report, std::string(what) + stored);
      if (row == nullptr) return;
      bars.push_back({row->name + ", one core, p95",
                      ratio(row->one_core.peer.p95, row->one_core.floor.p95), "x", p95, goal95});
    };
    session("session get", 1.6, 1.2);
    session("session update", 2, 1.5);
  }
  latency("smallest tool", 1.5, 1.6, 2.5, 1.2, 1.2, 1.5);
  latency("tools/list", 1.5, 0, 0, 1.2, 0, 0);
  latency("read 1 KiB", 1.5, 1.6, 2, 1.2, 1.2, 1.4);
  latency("25 ms idle", 1.4, 0, 0, 1.15, 0, 0);
  latency("read 64 KiB", 1.3, 0, 0, 0.8, 0, 0);
  latency("read 1 MiB", 1.3, 0, 0, 0.8, 0, 0);
  if (const Row* row = find_row(report, "smallest tool")) {
    bars.push_back({"smallest tool, 64 in flight", row->per_second, "/s", 6 * kOtherTool,
                    15 * kOtherTool, true});
  }
  if (const Row* row = find_row(report, "read 1 KiB")) {
    bars.push_back({"read 1 KiB, 64 in flight", row->per_second, "/s", 12 * kOtherRead,
                    30 * kOtherRead, true});
  }
  if (const Row* row = find_row(report, "list 100")) {
    bars.push_back({"list 100 entries, p50", row->unpinned.peer.p50, "us", 0.35 * kOtherList,
                    0.2 * kOtherList});
  }
  const auto change = [&](const char* name, double other) {
    const Row* row = find_row(report, name, "replacefile");
    if (row == nullptr) return;
    bars.push_back(
        {row->name + ", each, p50", row->unpinned.peer.p50 / 2, "us", 0.35 * other, 0.2 * other});
    bars.push_back({row->name + ", one core, p50",
                    ratio(row->one_core.peer.p50, row->one_core.floor.p50), "x", 1.3, 1.3});
  };
  change("2 writes of 1 KiB, --no-fsync", kOtherWrite);
  change("2 edits of 10 KiB, --no-fsync", kOtherEdit);
  if (report.fairness.slowest > 0) {
    bars.push_back({std::to_string(report.fairness.sessions) + " sessions, fastest / slowest",
                    ratio(static_cast<double>(report.fairness.fastest),
                          static_cast<double>(report.fairness.slowest)),
                    "x", 2, 1.2});
  }
  return bars;
}

void print_latencies(const Report& report, const char* title, Pair Row::*which) {
  std::printf("\n%s, microseconds\n", title);
  std::printf("%-32s %9s %9s %9s %9s %9s %8s | %-8s %8s %8s %8s | %6s %6s %6s\n", "case", "p50",
              "p95", "p99", "p99.9", "max", "CPU", "floor", "p50", "p95", "CPU", "x p50", "x p95",
              "x CPU");
  for (const Row& row : report.rows) {
    const Latency& a = (row.*which).peer;
    const Latency& b = (row.*which).floor;
    if (a.rounds == 0) continue;
    std::printf(
        "%-32s %9.1f %9.1f %9.1f %9.1f %9.1f %8.1f | %-8s %8.1f %8.1f %8.1f | %6.2f %6.2f %6.2f\n",
        row.name.c_str(), a.p50, a.p95, a.p99, a.p999, a.max, a.cpu, row.floor.c_str(), b.p50,
        b.p95, b.cpu, ratio(a.p50, b.p50), ratio(a.p95, b.p95), ratio(a.cpu, b.cpu));
  }
}

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

Json latency_json(const Latency& one) {
  return {{"p50_us", one.p50}, {"p95_us", one.p95}, {"p99_us", one.p99},   {"p999_us", one.p999},
          {"max_us", one.max}, {"cpu_us", one.cpu}, {"rounds", one.rounds}};
}

}  // namespace

void print_report(const Report& report) {
  const Latency& start = report.start.to_first_answer;
  const Latency& floor = report.floor_start.to_first_answer;
  std::printf("exec to first answer: p50 %.2f ms, p95 %.2f ms; echo %.2f ms; %.2fx\n",
              start.p50 / 1000, start.p95 / 1000, floor.p50 / 1000, ratio(start.p50, floor.p50));
  std::printf("memory: idle %.1f MiB (echo %.1f), peak over the run %.1f\n",
              static_cast<double>(report.start.idle_kib) / 1024.0,
              static_cast<double>(report.floor_start.idle_kib) / 1024.0,
              static_cast<double>(report.peak_kib) / 1024.0);
  print_latencies(report, "one at a time, client and server on one core", &Row::one_core);
  print_latencies(report, "one at a time, unpinned", &Row::unpinned);
  std::printf("\n64 in flight, unpinned, calls a second\n");
  for (const Row& row : report.rows) {
    if (row.per_second <= 0) continue;
    std::printf("%-32s %12.0f   %s %12.0f   %.2fx\n", row.name.c_str(), row.per_second,
                row.floor.c_str(), row.floor_per_second,
                ratio(row.per_second, row.floor_per_second));
  }
  if (report.fairness.sessions > 0) {
    std::printf("\n%zu sessions with mixed calls: %zu calls of the slowest, %zu of the fastest\n",
                report.fairness.sessions, report.fairness.slowest, report.fairness.fastest);
  }
  std::printf("\n%-48s %12s %12s %12s\n", "against the bars", "measured", "first bar", "goal");
  for (const Bar& bar : bars_of(report)) {
    const char* verdict = bar.met(bar.goal)    ? "goal met"
                          : bar.met(bar.first) ? "first bar met"
                                               : "not met";
    std::printf("%-48s %9.2f %-2s %12.2f %12.2f   %s\n", bar.what.c_str(), bar.value, bar.unit,
                bar.first, bar.goal, verdict);
  }
}

std::string report_json(const Report& report) {
  utsname system{};
  uname(&system);
  Json out;
  out["machine"] = {
      {"cpu", cpu_model()}, {"cores", sysconf(_SC_NPROCESSORS_ONLN)}, {"kernel", system.release}};
  out["compiler"] = __VERSION__;
  out["version"] = QUARRY_VERSION;
  out["start"] = {{"peer", latency_json(report.start.to_first_answer)},
                  {"echo", latency_json(report.floor_start.to_first_answer)}};
  out["memory_kib"] = {{"idle", report.start.idle_kib},
                       {"echo_idle", report.floor_start.idle_kib},
                       {"peak", report.peak_kib}};
  out["fairness"] = {{"sessions", report.fairness.sessions},
                     {"slowest_calls", report.fairness.slowest},
                     {"fastest_calls", report.fairness.fastest}};
  for (const Row& row : report.rows) {
    out["cases"].push_back({{"name", row.name},
                            {"floor", row.floor},
                            {"answer_bytes", row.bytes},
                            {"one_core", latency_json(row.one_core.peer)},
                            {"one_core_floor", latency_json(row.one_core.floor)},
                            {"unpinned", latency_json(row.unpinned.peer)},
                            {"unpinned_floor", latency_json(row.unpinned.floor)},
                            {"per_second", row.per_second},
                            {"floor_per_second", row.floor_per_second}});
  }
  for (const Bar& bar : bars_of(report)) {
    out["bars"].push_back({{"what", bar.what},
                           {"measured", bar.value},
                           {"unit", bar.unit},
                           {"first_bar", bar.first},
                           {"goal", bar.goal}});
  }
  return out.dump(2) + "\n";
}

}  // namespace quarry::perf
