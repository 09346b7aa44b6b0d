#include "perf/load/searches.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include "perf/load/cases.h"
#include "perf/load/measure.h"
#include "perf/load/peer.h"

namespace quarry::perf {
namespace {

using Json = nlohmann::json;

struct Search {
  const char* name;
  const char* pattern;
  const char* rg;  // options
  Json more;       // arguments
};

std::vector<Search> all_searches() {
  const Json count = {{"output_mode", "count"}, {"head_limit", 1}};
  const auto with = [&](const char* name) {
    Json more = count;
    more[name] = true;
    return more;
  };
  return {
      {"absent word", "zqxjkvqqw", "-c", count},
      {"rare literal", "raid6_datap_recov", "-c", count},
      {"common literal", "return", "-c", count},
      {"regex, strong literal", R"(kmalloc\(.*GFP_ATOMIC)", "-c", count},
      {"regex, weak literal", R"(\w+\s+\w+\s*=\s*NULL;)", "-c", count},
      {"regex, alternation", "(foo|bar|qux)_init", "-c", count},
      {"regex, no literal", "[A-Z]{3,}_[0-9]{4,}", "-c", count},
      {"ignore case", "mutex_lock", "-c -i", with("ignore_case")},
      {"word", "lock", "-c -w", with("word")},
      {"look-ahead", R"(kmalloc\((?!.*GFP_KERNEL))", "-c -P", count},
      {"files only",
       "EXPORT_SYMBOL_GPL",
       "-l",
       {{"output_mode", "files_with_matches"}, {"head_limit", 1}}},
      {"content, first 100", "mutex_lock", "-n", Json::object()},
  };
}

struct Cost {
  double ms = 0;
  double cpu_ms = 0;
};

double children_cpu_ms() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto ms = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

// The lines that ripgrep counts, or the lines that it prints.
Cost run_rg(const Search& search, const std::string& tree, std::uint64_t& lines) {
  std::string command = "cd '" + tree + "' && rg --no-config --hidden --no-require-git " +
                        "--no-ignore-parent --no-messages -j2 " + search.rg + " -e '" +
                        search.pattern + "' .";
  const double cpu = children_cpu_ms();
  const std::int64_t began = now_ns();
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen failed");
  std::string output;
  char piece[65536];
  for (std::size_t got = 0; (got = fread(piece, 1, sizeof piece, pipe)) > 0;) {
    output.append(piece, got);
  }
  pclose(pipe);
  const Cost cost{static_cast<double>(now_ns() - began) / 1e6, children_cpu_ms() - cpu};
  lines = 0;
  const bool counts = std::string(search.rg).starts_with("-c");
  for (std::size_t at = 0; at < output.size();) {
    const std::size_t end = output.find('\n', at);
    const std::size_t colon = output.rfind(':', end);
    lines += counts ? std::strtoull(output.c_str() + colon + 1, nullptr, 10) : 1;
    at = end + 1;
  }
  return cost;
}

std::string question(const Search& search) {
  Json arguments = {{"pattern", search.pattern}};
  arguments.update(search.more);
  return tool_call("grep", arguments.dump());
}

// The number before " match": of lines, or of files with -l.
std::uint64_t ask(Peer& server, const Search& search) {
  std::string scratch;
  server.send(numbered(scratch, question(search)));
  const Json answer = Json::parse(server.receive());
  const std::string text = answer["result"]["content"][0]["text"];
  if (text.find("incomplete") != std::string::npos)
    throw std::runtime_error("cut by time: " + text);
  const std::string line = text.substr(text.rfind('\n', text.find(" of ")) + 1);
  const std::size_t digit = line.find_first_of("0123456789");
  return std::strtoull(line.c_str() + digit, nullptr, 10);
}

Cost middle(std::vector<Cost> costs) {
  std::ranges::sort(costs, {}, &Cost::ms);
  const double ms = costs[costs.size() / 2].ms;
  std::ranges::sort(costs, {}, &Cost::cpu_ms);
  return {ms, costs[costs.size() / 2].cpu_ms};
}

}  // namespace

bool compare_searches(const std::vector<std::string>& command, const std::string& tree,
                      const std::string& only, std::size_t rounds) {
  if (std::system("command -v rg >/dev/null 2>&1") != 0) {
    std::fprintf(stderr, "rg is not installed\n");
    return false;
  }
  std::vector<std::string> server = command;
  server.insert(server.end(), {"--root", tree, "--no-cache"});
  Peer warm(server);
  shake_hands(warm);
  std::printf("%-22s | %8s %8s | %8s %8s %6s | %8s %8s %6s\n", "grep", "rg ms", "cpu", "cold ms",
              "cpu", "x rg", "warm ms", "cpu", "x rg");
  bool right = true;
  for (const Search& search : all_searches()) {
    if (std::string(search.name).find(only) == std::string::npos) continue;
    std::vector<Cost> theirs;
    std::vector<Cost> cold;
    std::vector<Cost> again;
    for (std::size_t i = 0; i < rounds; ++i) {
      std::uint64_t want = 0;
      theirs.push_back(run_rg(search, tree, want));
      const double cpu = children_cpu_ms();
      const std::int64_t began = now_ns();
      std::uint64_t got = 0;
      double ms = 0;
      {
        Peer fresh(server);
        shake_hands(fresh);
        got = ask(fresh, search);
        ms = static_cast<double>(now_ns() - began) / 1e6;
      }
      cold.push_back({ms, children_cpu_ms() - cpu});
      const std::int64_t warm_cpu = warm.cpu_ns();
      const std::int64_t warm_began = now_ns();
      ask(warm, search);
      again.push_back({static_cast<double>(now_ns() - warm_began) / 1e6,
                       static_cast<double>(warm.cpu_ns() - warm_cpu) / 1e6});
      const std::uint64_t most = std::max(got, want);
      const bool all = search.more.contains("output_mode");
      if (all && most - std::min(got, want) > most / 1000 + 1) {
        std::fprintf(stderr, "%s: %llu here, %llu with rg\n", search.name,
                     static_cast<unsigned long long>(got), static_cast<unsigned long long>(want));
        right = false;
      }
    }
    const Cost rg = middle(theirs);
    const Cost first = middle(cold);
    const Cost later = middle(again);
    std::printf("%-22s | %8.0f %8.0f | %8.0f %8.0f %6.2f | %8.0f %8.0f %6.2f\n", search.name, rg.ms,
                rg.cpu_ms, first.ms, first.cpu_ms, first.ms / rg.ms, later.ms, later.cpu_ms,
                later.ms / rg.ms);
    std::fflush(stdout);
  }
  return right;
}

}  // namespace quarry::perf
