#include "perf/load/searches.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <stdexcept>
#include <string_view>
#include <thread>

#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include "perf/load/cases.h"
#include "perf/load/measure.h"
#include "perf/load/peer.h"
#include "perf/load/search_cases.h"
#include "perf/load/search_contents.h"
#include "perf/load/search_report.h"

namespace quarry::perf {
namespace {

using Json = nlohmann::json;

constexpr double kNsInMs = 1e6;

struct Sample {
  double ms = 0;
  double cpu_ms = 0;
};

double since_ms(std::int64_t began_ns) {
  return static_cast<double>(now_ns() - began_ns) / kNsInMs;
}

double children_cpu_ms() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto ms = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

// What it prints goes to `output`.
Sample run_peer(const SearchCase& search, const std::string& tree, std::string& output) {
  const std::string command = "cd '" + tree + "' && " + search.peer;
  const double cpu = children_cpu_ms();
  const std::int64_t began = now_ns();
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen failed");
  output.clear();
  char piece[65536];
  for (std::size_t got = 0; (got = fread(piece, 1, sizeof piece, pipe)) > 0;) {
    output.append(piece, got);
  }
  pclose(pipe);
  return {since_ms(began), children_cpu_ms() - cpu};
}

Json ask(Peer& server, const std::string& request) {
  std::string scratch;
  server.send(numbered(scratch, request));
  const Json answer = Json::parse(server.receive());
  if (!answer.contains("result") || answer["result"].value("isError", false)) {
    throw std::runtime_error("wrong answer: " + answer.dump().substr(0, 500));
  }
  return answer["result"];
}

std::string text_of(const Json& result) {
  return result["content"][0]["text"];
}

Sample ask_again(Peer& server, const std::string& request) {
  std::string scratch;
  const std::int64_t cpu = server.cpu_ns();
  const std::int64_t began = now_ns();
  server.send(numbered(scratch, request));
  const std::string_view answer = server.receive();
  const double ms = since_ms(began);
  must_succeed(answer);
  return {ms, static_cast<double>(server.cpu_ns() - cpu) / kNsInMs};
}

SearchCost summary(std::vector<Sample> samples) {
  std::ranges::sort(samples, {}, &Sample::cpu_ms);
  const double cpu = samples[samples.size() / 2].cpu_ms;
  std::ranges::sort(samples, {}, &Sample::ms);
  return {.ms = samples[samples.size() / 2].ms,
          .p95_ms = samples[samples.size() * 95 / 100].ms,
          .cpu_ms = cpu};
}

Json index_facts(Peer& server) {
  static const std::string kRequest = tool_call("server_status", R"({"detail":"metrics"})");
  return ask(server, kRequest)["structuredContent"]["content_index"];
}

// The same question under another budget, which no kept answer is for.
std::string anew(const std::string& request, std::size_t number) {
  static constexpr std::string_view kArguments = R"("arguments":{)";
  constexpr std::size_t kLeast = 6000;  // tokens
  std::string changed = request;
  changed.insert(changed.find(kArguments) + kArguments.size(),
                 "\"max_tokens\":" + std::to_string(kLeast + number) + ",");
  return changed;
}

// Searches until the server has learnt the tree.
IndexCost learn(Peer& server) {
  static const std::string kRequest = tool_call("grep", R"({"pattern":"learn_this_tree"})");
  constexpr std::int64_t kPatienceNs = 300'000'000'000;
  ask(server, kRequest);
  const std::int64_t began = now_ns();
  const std::int64_t cpu = server.cpu_ns();
  constexpr std::size_t kBegins = 3;  // searches; then it goes on by itself
  for (std::size_t number = 0;; ++number) {
    if (number < kBegins) ask(server, anew(kRequest, number));
    const Json facts = index_facts(server);
    if (facts["files"] > 0 && facts["directories_waiting"] == 0) {
      return {.seconds = since_ms(began) / 1e3,
              .cpu_seconds = static_cast<double>(server.cpu_ns() - cpu) / 1e9,
              .files = facts["files"],
              .bytes = facts["bytes"]};
    }
    if (now_ns() - began > kPatienceNs) throw std::runtime_error("no index: " + facts.dump());
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

class Comparison {
 public:
  Comparison(const std::vector<std::string>& command, const SearchOptions& options)
      : options_(options),
        command_(with(command, {"--root", options.tree})),
        scanning_(with(command_, {"--no-cache"})),
        learnt_(command_),
        contents_(with(command_, {"--limit", "max_tokens=" + std::to_string(kContentTokens)})) {
    shake_hands(contents_);
    shake_hands(scanning_);
    shake_hands(learnt_);
    report_.tree = std::filesystem::path(options.tree).filename();
    report_.index = learn(learnt_);
    report_.files = report_.index.files;
    print_index(report_.index);
    print_heading();
  }

  void compare(const SearchCase& search) {
    const std::string wrong = content_difference(contents_, search, options_.tree);
    if (!wrong.empty()) {
      std::fprintf(stderr, "%s:\n%s", search.name.c_str(), wrong.c_str());
      right_ = false;
    }
    std::vector<Sample> theirs;
    std::vector<Sample> first;
    std::vector<Sample> scanned;
    std::vector<Sample> indexed;
    std::string output;
    for (std::size_t i = 0; i < options_.rounds; ++i) {
      theirs.push_back(run_peer(search, options_.tree, output));
      std::string text;
      first.push_back(ask_first(search, text));
      judge(search, text, count_printed(output, search.answer));
      scanned.push_back(ask_again(scanning_, search.request));
      indexed.push_back(ask_learnt(search));
    }
    judge(search, text_of(ask(learnt_, search.request)), count_printed(output, search.answer));
    // A fast answer is asked for often enough to say something about its slow cases.
    constexpr double kFastMs = 20;
    constexpr std::size_t kOften = 300;
    while (indexed.back().ms < kFastMs && indexed.size() < kOften) {
      indexed.push_back(ask_learnt(search));
    }
    report_.rows.push_back({.name = search.name,
                            .peer = summary(theirs),
                            .first = summary(first),
                            .scanned = summary(scanned),
                            .indexed = summary(indexed)});
    print_row(report_.rows.back());
  }

  bool right() const { return right_; }
  const SearchReport& report() const { return report_; }

 private:
  static std::vector<std::string> with(std::vector<std::string> command,
                                       std::initializer_list<std::string> more) {
    command.insert(command.end(), more);
    return command;
  }

  // Never a kept answer.
  Sample ask_learnt(const SearchCase& search) {
    return ask_again(learnt_, anew(search.request, asked_++));
  }

  Sample ask_first(const SearchCase& search, std::string& text) {
    const double cpu = children_cpu_ms();
    const std::int64_t began = now_ns();
    double ms = 0;
    {
      Peer fresh(command_);
      shake_hands(fresh);
      text = text_of(ask(fresh, search.request));
      ms = since_ms(began);
    }
    return {ms, children_cpu_ms() - cpu};
  }

  void judge(const SearchCase& search, const std::string& text, std::size_t want) {
    if (search.answer == SearchCase::Answer::kFirstFew) return;
    const std::size_t got = count_said(text);
    const std::size_t most = std::max(got, want);
    if (most - std::min(got, want) <= most / 1000 + 1) return;
    std::fprintf(stderr, "%s: %zu here, %zu by the peer\n", search.name.c_str(), got, want);
    right_ = false;
  }

  const SearchOptions& options_;
  const std::vector<std::string> command_;
  Peer scanning_;
  Peer learnt_;
  Peer contents_;  // asked for all of its answers, not measured
  SearchReport report_;
  std::size_t asked_ = 0;
  bool right_ = true;
};

bool installed(const char* test) {
  return std::system(test) == 0;
}

}  // namespace

bool compare_searches(const std::vector<std::string>& command, const SearchOptions& options) {
  if (!installed("command -v rg >/dev/null 2>&1") ||
      !installed("command -v fdfind >/dev/null 2>&1 || command -v fd >/dev/null 2>&1")) {
    std::fprintf(stderr, "rg or fd is not installed (packages ripgrep and fd-find)\n");
    return false;
  }
  Comparison comparison(command, options);
  for (const SearchCase& search : search_cases()) {
    if (search.name.find(options.only) == std::string::npos) continue;
    comparison.compare(search);
  }
  if (!options.readme.empty()) replace_table(options.readme, comparison.report());
  return comparison.right();
}

}  // namespace quarry::perf
