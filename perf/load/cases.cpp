#include "perf/load/cases.h"

#include <stdexcept>

#include <nlohmann/json.hpp>

#include "perf/corpora/tree.h"

namespace quarry::perf {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMib = std::size_t{1024} * 1024;
constexpr std::size_t kWholeTokens = 400'000;  // of an answer with 1 MiB in it
constexpr std::size_t kLinesPerPage = 1200;    // fits the largest answer a call may have

std::string request(const std::string& method, const Json& params) {
  std::string line = R"({"jsonrpc":"2.0","id":#######,"method":")" + method + "\"";
  if (!params.is_null()) line += ",\"params\":" + params.dump();
  return line + "}\n";
}

std::string call(std::string_view tool, const Json& arguments) {
  return tool_call(tool, arguments.dump());
}

std::string last_line(const std::string& text) {
  const std::size_t end = text.size() - 1;
  const std::size_t begin = text.rfind('\n', end - 1) + 1;
  return text.substr(begin, end - begin);
}

Case read_case(const std::string& name, const std::string& file, const Json& more,
               const std::string& must_hold) {
  Json arguments = {{"path", file}};
  arguments.update(more);
  Case one;
  one.name = name;
  one.turns = {{call("read_file", arguments)}};
  one.floor = Floor::kReadFile;
  one.floor_round = {call("read_file", {{"path", file}})};
  one.must_hold = must_hold;
  return one;
}

Case pages_case() {
  Case one = read_case("read 1 MiB in pages", "one_mib.txt", Json::object(),
                       last_line(make_text(kMib, 3)));
  Round pages;
  for (std::size_t line = 1; line <= kMib / kLineBytes; line += kLinesPerPage) {
    pages.push_back(call("read_file", {{"path", "one_mib.txt"},
                                       {"offset", line},
                                       {"limit", kLinesPerPage},
                                       {"max_tokens", 24000}}));
  }
  one.turns = {pages};
  one.weight = 20;
  return one;
}

Case whole_case() {
  Case one = read_case("read 1 MiB whole", "one_mib.txt",
                       {{"limit", 1'000'000}, {"max_tokens", kWholeTokens}},
                       last_line(make_text(kMib, 3)));
  one.weight = 20;
  return one;
}

// 1 KiB of a file of 1 GiB, beside the reading of a file of 1 KiB.
Case part_case(const std::string& name, const Json& where) {
  Case one = read_case(name, "one_gib.log", where, last_line(make_text(kMarginBytes, 5)));
  one.floor_round = {call("read_file", {{"path", "one_kib.txt"}})};
  return one;
}

Case batch_case() {
  Json paths = Json::array();
  Json floor_paths = Json::array();
  for (int i = 0; i < 20; ++i) {
    paths.push_back("batch/file_" + std::to_string(i) + ".txt");
    floor_paths.push_back({{"path", paths.back()}});
  }
  Case one =
      read_case("read 20 files of 1 KiB", "", Json::object(), last_line(make_text(1024, 19)));
  one.turns = {{call("read_file", {{"paths", paths}, {"max_tokens", 24000}})}};
  one.floor_round = {call("read_file", {{"files", floor_paths}})};
  one.weight = 2;
  return one;
}

// Each beside both floors.
void add_reads(std::vector<Case>& cases) {
  // The lines of the start, the hole as a part of one line, and all but the last 15 of the end.
  const std::size_t last_16 = 2 * kMarginBytes / kLineBytes - 15;
  const std::vector<Case> reads = {
      read_case("read 1 KiB", "one_kib.txt", Json::object(), last_line(make_text(1024, 1))),
      read_case("read 64 KiB", "sixty_four_kib.txt", {{"max_tokens", 24000}},
                last_line(make_text(std::size_t{64} * 1024, 2))),
      pages_case(),
      whole_case(),
      part_case("read the tail of 1 GiB", {{"tail", 16}}),
      part_case("read a range of 1 GiB", {{"offset", last_16}, {"limit", 16}}),
      batch_case(),
  };
  for (Case one : reads) {
    one.pipelined = one.name == "read 1 KiB";
    cases.push_back(one);
    one.pipelined = false;
    one.floor = Floor::kEcho;
    one.name += " / echo";
    cases.push_back(one);
  }
}

}  // namespace

void shake_hands(Peer& server) {
  std::string scratch;
  server.send(numbered(
      scratch,
      request("initialize", {{"protocolVersion", "2025-11-25"},
                             {"capabilities", Json::object()},
                             {"clientInfo", {{"name", "quarry_load"}, {"version", "1"}}}})));
  server.receive();
  server.send(R"({"jsonrpc":"2.0","method":"notifications/initialized"})"
              "\n");
}

std::string tool_call(std::string_view tool, std::string_view arguments) {
  // Written out, so that the name comes first as clients send it.
  std::string line = R"({"jsonrpc":"2.0","id":#######,"method":"tools/call","params":{"name":")";
  return line.append(tool).append(R"(","arguments":)").append(arguments).append("}}\n");
}

std::vector<std::string> server_options() {
  return {"--limit", "max_tokens=" + std::to_string(kWholeTokens)};
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  cases.push_back({.name = "ping", .turns = {{request("ping", nullptr)}}, .pipelined = true});
  cases.push_back({.name = "smallest tool (session_status)",
                   .turns = {{call("session_status", {{"session", "default"}})}},
                   .pipelined = true});
  cases.push_back({.name = "tools/list",
                   .turns = {{request("tools/list", nullptr)}},
                   .must_hold = "read_file"});
  add_reads(cases);
  Case kib = read_case("25 ms idle, then read 1 KiB", "one_kib.txt", Json::object(),
                       last_line(make_text(1024, 1)));
  kib.idle_ns = 25'000'000;
  kib.weight = 10;  // a thousand: the times spread tenfold, and a median of fewer is any of them
  cases.push_back(kib);
  const std::vector<Case> searches = {
      {.name = "list 100 entries",
       .turns = {{call("list_directory", {{"path", "hundred"}})}},
       .must_hold = "file_99.txt"},
      {.name = "glob tree/**/*.h",
       .turns = {{call("glob", {{"pattern", "tree/**/*.h"}})}},
       .must_hold = ".h",
       .weight = 10},
      {.name = "grep one hit in the tree",
       .turns = {{call("grep", {{"pattern", kNeedle}, {"path", "tree"}})}},
       .must_hold = kNeedle,
       .weight = 20},
      {.name = "analyze the tree",
       .turns = {{call("analyze_repository", Json::object())}},
       .must_hold = "source",
       .weight = 50},
  };
  for (Case one : searches) {
    one.runs = true;
    cases.push_back(one);
    // Nothing changes meanwhile, so the answer is kept and given again.
    one.runs = false;
    one.weight = 1;
    one.name += ", again";
    cases.push_back(one);
  }
  return cases;
}

std::size_t check_answers(Peer& peer, const Case& one) {
  std::string scratch;
  std::size_t bytes = 0;
  std::string last;
  for (const std::string& line : one.turns.front()) {
    const Json sent = Json::parse(numbered(scratch, line));
    peer.send(scratch);
    last = peer.receive();
    bytes = last.size() + 1;
    const Json got = Json::parse(last, nullptr, false);
    if (got.is_discarded() || got.value("id", Json()) != sent["id"] || !got.contains("result") ||
        got["result"].value("isError", false)) {
      throw std::runtime_error(one.name + ": wrong answer: " + last.substr(0, 500));
    }
  }
  // Compared as it is on the wire, escapes and all.
  const std::string wire = Json(one.must_hold).dump();
  if (last.find(wire.substr(1, wire.size() - 2)) == std::string::npos) {
    throw std::runtime_error(one.name + ": not in the answer: " + one.must_hold);
  }
  return bytes;
}

}  // namespace quarry::perf
