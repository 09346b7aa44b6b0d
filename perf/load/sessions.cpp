#include "perf/load/sessions.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "perf/corpora/tree.h"

namespace quarry::perf {
namespace {

constexpr std::size_t kUsed = 1000;       // sessions that take turns
constexpr std::size_t kAtOnce = 100;      // calls sent together
constexpr std::size_t kContenders = 100;  // sessions that are compared
constexpr std::size_t kSpans = 20;        // a second: updates come to disk each half of one

std::string handle_in(std::string_view answer) {
  static constexpr std::string_view kKey = R"("structuredContent":{"session":")";
  const std::size_t at = answer.find(kKey);
  if (at == std::string_view::npos) {
    throw std::runtime_error("no handle in: " + std::string(answer));
  }
  const std::size_t begin = at + kKey.size();
  return std::string(answer.substr(begin, answer.find('"', begin) - begin));
}

// Until all that was opened is on disk: the calls after it are measured, not the disk.
void wait_until_on_disk(Peer& server) {
  static const std::string kAsk = tool_call("server_status", R"({"detail":"metrics"})");
  constexpr std::int64_t kPatience_ns = 60'000'000'000;
  const std::int64_t until = now_ns() + kPatience_ns;
  std::string scratch;
  do {
    server.send(numbered(scratch, kAsk));
    const std::string_view answer = server.receive();
    must_succeed(answer);
    if (answer.find(R"("pending":0,)") != std::string_view::npos) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  } while (now_ns() < until);
  throw std::runtime_error("what was opened does not come to disk");
}

std::string with_session(const std::string& handle, std::string_view more) {
  return R"({"session":")" + handle + "\"" + std::string(more) + "}";
}

std::vector<Round> each(const std::vector<std::string>& handles, std::string_view tool,
                        std::string_view more) {
  std::vector<Round> turns;
  turns.reserve(handles.size());
  for (const std::string& handle : handles) {
    turns.push_back({tool_call(tool, with_session(handle, more))});
  }
  return turns;
}

// The mix of measure_fairness(); the session's number shifts where it begins.
std::string mixed_call(const std::string& handle, std::size_t number, std::uint64_t id) {
  struct Kind {
    std::string_view tool;
    std::string_view more;
  };
  static const std::string kSearch = R"(,"path":"tree","pattern":")" + std::string(kNeedle) + "\"";
  static const std::array<Kind, 6> kKinds = {
      Kind{"session_status", ""},
      Kind{"read_file", R"(,"path":"one_kib.txt")"},
      Kind{"list_directory", R"(,"path":"hundred")"},
      Kind{"grep", kSearch},
      Kind{"session_update", R"(,"set":{"step":"done"})"},
      Kind{"read_file", R"(,"path":"sixty_four_kib.txt","max_tokens":4000)"},
  };
  const Kind& kind = kKinds[number % kKinds.size()];
  std::string line = tool_call(kind.tool, with_session(handle, kind.more));
  line.replace(line.find("#######"), 7, std::to_string(id));
  return line;
}

}  // namespace

std::vector<std::string> open_sessions(Peer& server, std::size_t count) {
  std::vector<std::string> handles;
  const std::string open = tool_call("session_open", R"({"label":"measured"})");
  std::string scratch;
  std::string lines;
  for (std::size_t opened = 0; opened < count;) {
    const std::size_t batch = std::min(kAtOnce, count - opened);
    lines.clear();
    for (std::size_t i = 0; i < batch; ++i) lines += numbered(scratch, open);
    server.send(lines);
    for (std::size_t i = 0; i < batch; ++i, ++opened) {
      const std::string handle = handle_in(server.receive());
      if (count - opened <= kUsed) handles.push_back(handle);
    }
  }
  wait_until_on_disk(server);
  return handles;
}

std::vector<Case> session_cases(const std::vector<std::string>& handles, std::size_t stored) {
  const std::string ending = ", " + std::to_string(stored) + " stored";
  return {
      {.name = "session get" + ending,
       .turns = each(handles, "session_status", ""),
       .must_hold = handles.front(),
       .spans = kSpans},
      {.name = "session update" + ending,
       .turns = each(handles, "session_update", R"(,"set":{"step":"#######"})"),
       .must_hold = "version",
       .spans = kSpans},
      {.name = "session open" + ending,
       .turns = {{tool_call("session_open", R"({"label":"measured"})")}},
       .must_hold = "session",
       .weight = 2},
  };
}

Fairness measure_fairness(const std::vector<std::string>& command, double seconds) {
  Peer server(command);
  shake_hands(server);
  const std::vector<std::string> handles = open_sessions(server, kContenders);
  std::vector<std::size_t> answered(kContenders, 0);
  // The id says whose call it is.
  for (std::size_t i = 0; i < kContenders; ++i) server.send(mixed_call(handles[i], i, i));
  const std::int64_t until = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
  std::size_t waiting = kContenders;
  while (waiting > 0) {
    const std::string_view answer = server.receive();
    static constexpr std::string_view kHead = R"({"jsonrpc":"2.0","id":)";
    if (!answer.starts_with(kHead) || is_failure(answer)) {
      throw std::runtime_error("fairness: wrong answer: " + std::string(answer.substr(0, 500)));
    }
    const std::size_t who = std::strtoull(answer.data() + kHead.size(), nullptr, 10);
    if (who >= kContenders) throw std::runtime_error("fairness: not asked for");
    --waiting;
    if (now_ns() > until) continue;
    server.send(mixed_call(handles[who], who + ++answered[who], who));
    ++waiting;
  }
  const auto [slowest, fastest] = std::minmax_element(answered.begin(), answered.end());
  return {.sessions = kContenders, .slowest = *slowest, .fastest = *fastest};
}

}  // namespace quarry::perf
