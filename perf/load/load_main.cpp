// quarry_load [--quick] [--json FILE] [--server BINARY] [--case TEXT]: measures the server through
// its pipes, each figure beside a floor that was measured in the same run. The server and the
// floors are looked for beside this binary. With --soak [CALLS] nothing is timed; see soak.h. With
// --search TREE grep, glob and list_directory are measured beside ripgrep and fd on that tree, and
// nothing else; --readme FILE puts the table there; see searches.h. With --analyze [TREE] only
// analyze_repository is measured, on made trees and on that one; see analyses.h. With --practice
// nothing is measured: the server is shown what clients do; see practice.h.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "perf/corpora/tree.h"
#include "perf/load/analyses.h"
#include "perf/load/cases.h"
#include "perf/load/changes.h"
#include "perf/load/measure.h"
#include "perf/load/practice.h"
#include "perf/load/report.h"
#include "perf/load/searches.h"
#include "perf/load/sessions.h"
#include "perf/load/soak.h"

namespace {

using namespace quarry::perf;
namespace fs = std::filesystem;

struct Options {
  bool quick = false;
  bool practice = false;
  std::size_t soak = 0;  // calls
  std::string json;
  std::string server;
  std::string search;  // a tree
  std::string readme;  // where its table goes
  bool analyze = false;
  std::string analyzed;  // a tree
  std::string only;      // cases whose name holds this
  fs::path here;         // the directory of this binary
};

class TempDirectory {
 public:
  TempDirectory() {
    std::string pattern = (fs::temp_directory_path() / "quarry-load-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = fs::canonical(pattern);
  }
  ~TempDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

Options parse(int argc, char** argv) {
  Options options;
  options.here = fs::canonical("/proc/self/exe").parent_path();
  options.server = options.here / "quarry";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--quick") {
      options.quick = true;
    } else if (word == "--practice") {
      options.practice = true;
    } else if (word == "--soak") {
      const bool given = i + 1 < argc && std::strtoull(argv[i + 1], nullptr, 10) > 0;
      options.soak = given ? std::strtoull(argv[++i], nullptr, 10) : 1'000'000;
    } else if (word == "--json" && i + 1 < argc) {
      options.json = argv[++i];
    } else if (word == "--server" && i + 1 < argc) {
      options.server = argv[++i];
    } else if (word == "--search" && i + 1 < argc) {
      options.search = fs::canonical(argv[++i]);
    } else if (word == "--analyze") {
      options.analyze = true;
      if (i + 1 < argc && argv[i + 1][0] != '-') options.analyzed = fs::canonical(argv[++i]);
    } else if (word == "--readme" && i + 1 < argc) {
      options.readme = argv[++i];
    } else if (word == "--case" && i + 1 < argc) {
      options.only = argv[++i];
    } else {
      throw std::runtime_error(
          "usage: quarry_load [--quick] [--json FILE] [--server BINARY] [--case TEXT] "
          "[--soak [CALLS]] [--search TREE [--readme FILE]] [--analyze [TREE]] [--practice]");
    }
  }
  return options;
}

class Bench {
 public:
  explicit Bench(const Options& options) : options_(options) {
    make_corpus(root(), options.quick ? 200 : 2000);
    command_ = {options.server, "serve", "--root", root()};
    for (const std::string& word : server_options()) command_.push_back(word);
    command_.insert(command_.end(), {"--state-dir", place_.path() / "state"});
  }

  bool soak() const { return quarry::perf::soak(command_, options_.soak); }

  void practise() const {
    std::vector<std::string> command = command_;
    // Its profile is written outside the root.
    command.insert(command.begin() + 2, {"--no-landlock", "--no-fsync"});
    quarry::perf::practise(command);
  }

  Report run() {
    Report report;
    pin_to_one_core(false);
    const std::size_t starts = options_.quick ? 5 : 100;
    std::tie(report.start, report.floor_start) =
        measure_start(command_, {options_.here / "quarry_echo", "64"},
                      R"({"jsonrpc":"2.0","id":#######,"method":"ping"})"
                      "\n",
                      starts);
    Peer server(command_);
    shake_hands(server);
    std::vector<std::string> forgetful_command = command_;
    forgetful_command.emplace_back("--no-cache");
    Peer forgetful(forgetful_command);
    shake_hands(forgetful);
    for (const Case& one : all_cases()) {
      if (one.name.find(options_.only) == std::string::npos) continue;
      std::fprintf(stderr, "measuring %s\n", one.name.c_str());
      report.rows.push_back(measure(one.runs ? forgetful : server, one));
    }
    for (const std::size_t stored : {1U, 1000U, options_.quick ? 2000U : 100'000U}) {
      measure_sessions(report, stored);
    }
    for (const bool sync : {false, true}) measure_changes(report, sync);
    if (std::string("fairness").find(options_.only) != std::string::npos) {
      pin_to_one_core(false);
      report.fairness = measure_fairness(forgetful_command, options_.quick ? 0.5 : 5);
    }
    report.peak_kib = peak_kib_;
    return report;
  }

 private:
  // The session rows, on a server of their own.
  void measure_sessions(Report& report, std::size_t stored) {
    if (std::string("session rows").find(options_.only) == std::string::npos) return;
    std::fprintf(stderr, "measuring %zu sessions\n", stored);
    pin_to_one_core(false);
    std::vector<std::string> command = command_;
    command.back() = place_.path() / ("state-" + std::to_string(stored));
    command.insert(command.end(), {"--limit", "sessions=200000"});
    Peer server(command);
    shake_hands(server);
    for (const Case& one : session_cases(open_sessions(server, stored), stored)) {
      report.rows.push_back(measure(server, one));
    }
  }

  // The rows of changes, on a server of their own.
  void measure_changes(Report& report, bool sync) {
    if (std::string("change rows").find(options_.only) == std::string::npos) return;
    std::fprintf(stderr, "measuring changes, %s\n", sync ? "durable" : "--no-fsync");
    pin_to_one_core(false);
    std::vector<std::string> command = command_;
    command.back() = place_.path() / (sync ? "state-durable" : "state-no-fsync");
    if (!sync) command.emplace_back("--no-fsync");
    Peer server(command);
    shake_hands(server);
    for (Case one : change_cases()) {
      if (sync) one.weight *= 5;
      one.name += sync ? ", durable" : ", --no-fsync";
      report.rows.push_back(measure(server, one, sync));
    }
  }

  fs::path root() const { return place_.path() / "root"; }

  std::vector<std::string> floor_command(Floor floor, std::size_t bytes, bool sync) const {
    switch (floor) {
      case Floor::kEcho:
        return {options_.here / "quarry_echo", std::to_string(bytes)};
      case Floor::kReadFile:
        return {options_.here / "quarry_readfile", root()};
      case Floor::kReplaceFile:
        break;
    }
    return {options_.here / "quarry_replacefile", root(), sync ? "sync" : "nosync"};
  }

  Row measure(Peer& server, const Case& one, bool sync = false) {
    Row row;
    row.name = one.name;
    row.bytes = check_answers(server, one);
    const bool echo = one.floor == Floor::kEcho;
    row.floor = echo ? "echo" : one.floor == Floor::kReadFile ? "readfile" : "replacefile";
    Peer floor(floor_command(one.floor, row.bytes, sync));
    const std::vector<Round> floor_turns = echo ? one.turns : std::vector<Round>{one.floor_round};
    const std::size_t rounds =
        std::max<std::size_t>((options_.quick ? 200U : 10'000U * one.spans) / one.weight, 5);
    for (const bool pinned : {true, false}) {
      pin_to_one_core(pinned);
      server.pin(pinned);
      floor.pin(pinned);
      (pinned ? row.one_core : row.unpinned) =
          measure_latency(server, one.turns, floor, floor_turns, rounds, one.idle_ns);
    }
    if (one.pipelined) {
      const std::size_t calls = options_.quick ? 2'000 : 200'000;
      row.floor_per_second = measure_throughput(floor, floor_turns[0][0], calls, 64);
      row.per_second = measure_throughput(server, one.turns[0][0], calls, 64);
    }
    check_answers(server, one);
    peak_kib_ = std::max(peak_kib_, server.memory_kib("VmHWM"));
    return row;
  }

  Options options_;
  TempDirectory place_;
  std::vector<std::string> command_;
  std::int64_t peak_kib_ = 0;  // of any server that was measured
};

}  // namespace

int main(int argc, char** argv) {
  try {
    const Options options = parse(argc, argv);
    if (!options.search.empty()) {
      const TempDirectory state;
      const bool right = compare_searches({options.server, "serve", "--state-dir", state.path()},
                                          {.tree = options.search,
                                           .only = options.only,
                                           .rounds = options.quick ? 3U : 7U,
                                           .readme = options.readme});
      return right ? 0 : 1;
    }
    if (options.analyze) {
      const TempDirectory place;
      using Sizes = std::vector<std::size_t>;
      measure_analyses({.command = {options.server, "serve"},
                        .echo = {options.here / "quarry_echo"},
                        .place = place.path(),
                        .files = options.quick ? Sizes{10, 200} : Sizes{10, 2'000, 80'000},
                        .tree = options.analyzed,
                        .rounds = options.quick ? 2U : 7U});
      return 0;
    }
    if (options.soak > 0) return Bench(options).soak() ? 0 : 1;
    if (options.practice) {
      Bench(options).practise();
      return 0;
    }
    const Report report = Bench(options).run();
    print_report(report);
    if (!options.json.empty()) {
      std::ofstream file(options.json, std::ios::trunc);
      file << report_json(report);
      if (!file.flush()) throw std::runtime_error("cannot write " + options.json);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "quarry_load: %s\n", error.what());
    return 1;
  }
}
