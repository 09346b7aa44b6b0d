#include "perf/load/analyses.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include "perf/corpora/monorepo.h"
#include "perf/load/cases.h"
#include "perf/load/measure.h"
#include "perf/load/peer.h"

namespace quarry::perf {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct Spread {
  double p50 = 0;
  double p95 = 0;
};

Spread spread(std::vector<double> values) {
  std::ranges::sort(values);
  return {values[values.size() / 2], values[values.size() * 95 / 100]};
}

double since_us(std::int64_t began_ns) {
  return static_cast<double>(now_ns() - began_ns) / 1e3;
}

double children_cpu_ms() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

const std::string& question() {
  static const std::string kQuestion = tool_call("analyze_repository", "{}");
  return kQuestion;
}

double ask_us(Peer& server, std::size_t& bytes) {
  std::string scratch;
  const std::int64_t began = now_ns();
  server.send(numbered(scratch, question()));
  const std::string_view answer = server.receive();
  const double us = since_us(began);
  must_succeed(answer);
  bytes = answer.size() + 1;
  return us;
}

// What must be said of the tree: how many modules, when it was made here.
void check(Peer& server, std::size_t modules) {
  std::string scratch;
  server.send(numbered(scratch, question()));
  const Json answer = Json::parse(server.receive());
  const Json result = answer.value("result", Json::object());
  if (result.value("isError", true) && result.contains("isError")) {
    throw std::runtime_error("analysis failed: " + answer.dump().substr(0, 500));
  }
  const std::string text = result["content"][0]["text"];
  if (modules > 0 && text.find(fmt::format("modules: {}\n", modules)) == std::string::npos) {
    throw std::runtime_error(fmt::format("not {} modules: {}", modules, text.substr(0, 1500)));
  }
}

class Tree {
 public:
  Tree(const AnalysisOptions& options, fs::path root, std::size_t made)
      : options_(options), root_(std::move(root)), made_(made) {}

  void measure(const std::string& name) {
    measure_first();
    Peer server(command("warm"));
    shake_hands(server);
    check(server, modules());
    std::size_t bytes = 0;
    std::vector<double> again;
    for (std::size_t i = 0; i < options_.rounds * 50; ++i) again.push_back(ask_us(server, bytes));
    std::vector<std::string> echo = options_.echo;
    echo.push_back(std::to_string(bytes));
    Peer floor(echo);
    std::vector<double> floors;
    std::size_t ignored = 0;
    for (std::size_t i = 0; i < options_.rounds * 50; ++i) floors.push_back(ask_us(floor, ignored));
    std::optional<Spread> changed;
    if (made_ > 0) changed = measure_changed(server);
    print(name, spread(again), spread(floors), changed);
  }

 private:
  std::size_t modules() const {
    return made_ == 0 ? 0 : 1 + (made_ + kPackageFiles - 1) / kPackageFiles;
  }

  std::vector<std::string> command(const std::string& state) const {
    std::vector<std::string> words = options_.command;
    words.insert(words.end(), {"--root", root_, "--state-dir", options_.place / state});
    return words;
  }

  void measure_first() {
    std::vector<double> times;
    std::vector<double> cpu;
    std::vector<double> reading;
    for (std::size_t i = 0; i < options_.rounds; ++i) {
      const std::string all =
          "cd '" + root_.string() + "' && find . -type f -print0 | xargs -0 cat >/dev/null";
      std::int64_t began = now_ns();
      if (std::system(all.c_str()) != 0) throw std::runtime_error("cannot read " + root_.string());
      reading.push_back(since_us(began) / 1e3);
      const double before = children_cpu_ms();
      began = now_ns();
      {
        Peer fresh(command("first"));
        shake_hands(fresh);
        std::size_t bytes = 0;
        ask_us(fresh, bytes);
        times.push_back(since_us(began) / 1e3);
      }
      cpu.push_back(children_cpu_ms() - before);
      fs::remove_all(options_.place / "first");
    }
    first_ms_ = spread(times).p50;
    first_cpu_ms_ = spread(cpu).p50;
    reading_ms_ = spread(reading).p50;
  }

  Spread measure_changed(Peer& server) {
    std::vector<double> times;
    std::size_t bytes = 0;
    for (std::size_t i = 1; i <= options_.rounds * 5; ++i) {
      change_manifest(root_, i);
      times.push_back(ask_us(server, bytes));
    }
    check(server, modules());
    return spread(times);
  }

  void print(const std::string& name, Spread again, Spread floor,
             std::optional<Spread> changed) const {
    fmt::print(
        "{:<14} | {:>9.1f} {:>9.1f} {:>9.1f} {:>6.2f}x | {:>8.1f} {:>8.1f} {:>8.1f} {:>5.2f}x",
        name, first_ms_, first_cpu_ms_, reading_ms_, first_ms_ / reading_ms_, again.p50, again.p95,
        floor.p50, again.p50 / floor.p50);
    if (changed) {
      fmt::print(" | {:>8.2f} {:>8.2f}", changed->p50 / 1e3, changed->p95 / 1e3);
    }
    fmt::print("\n");
    std::fflush(stdout);
  }

  const AnalysisOptions& options_;
  const fs::path root_;
  const std::size_t made_;  // files that were made; 0: it is somebody's tree
  double first_ms_ = 0;
  double first_cpu_ms_ = 0;
  double reading_ms_ = 0;
};

}  // namespace

void measure_analyses(const AnalysisOptions& options) {
  fmt::print("{:<14} | {:>9} {:>9} {:>9} {:>7} | {:>8} {:>8} {:>8} {:>6} | {:>8} {:>8}\n",
             "analysis of", "first ms", "cpu", "cat", "", "again us", "p95", "echo", "", "chgd ms",
             "p95");
  for (const std::size_t files : options.files) {
    const fs::path root = options.place / fmt::format("monorepo-{}", files);
    make_monorepo(root, files);
    Tree(options, root, files).measure(fmt::format("{} files", files));
    fs::remove_all(root);
    fs::remove_all(options.place / "warm");
  }
  if (!options.tree.empty()) {
    Tree(options, options.tree, 0).measure(fs::path(options.tree).filename());
  }
}

}  // namespace quarry::perf
