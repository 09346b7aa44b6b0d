#include "perf/load/soak.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>
#include <unordered_map>

#include "perf/corpora/tree.h"
#include "perf/load/cases.h"
#include "perf/load/peer.h"

namespace quarry::perf {
namespace {

constexpr std::size_t kRound = 100;           // calls in flight
constexpr std::size_t kSampleEvery = 10'000;  // calls
constexpr std::chrono::seconds kIdle{11};     // more than the server waits before it gives back

enum class Due { kGood, kError, kEither };  // kEither: cancelled, answered or not

struct Sample {
  std::size_t calls;
  std::int64_t anon_kib;
  std::int64_t live_kib;  // of the heap, as the server says
  std::int64_t descriptors;
  std::int64_t threads;
};

std::int64_t count_descriptors(pid_t pid) {
  std::int64_t count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
    static_cast<void>(entry);
    ++count;
  }
  return count;
}

class Soak {
 public:
  explicit Soak(const std::vector<std::string>& command) : server_(command) {
    shake_hands(server_);
  }

  // kRound calls, all answered at the end but for cancelled ones.
  void round(std::size_t number) {
    const std::string handle = open_session();
    lines_.clear();
    const std::string session = R"("session":")" + handle + "\"";
    for (std::size_t i = 0; i + 2 < kRound; ++i) add(number, i, session);
    call("session_close", session, Due::kGood);
    server_.send(lines_);
    while (mandatory_ > 0) take();
  }

  Sample sample(std::size_t calls) {
    const std::int64_t live = live_bytes() / 1024;
    return {calls, server_.memory_kib("RssAnon"), live, count_descriptors(server_.pid()),
            server_.memory_kib("Threads")};
  }
  // What is left when the server has been idle for long enough to give back what it can.
  Sample settled_sample(std::size_t calls) {
    std::this_thread::sleep_for(kIdle);
    return sample(calls);
  }

 private:
  std::string open_session() {
    lines_.clear();
    call("session_open", R"("root":"hundred")", Due::kGood);
    server_.send(lines_);
    std::string answer;
    while (mandatory_ > 0) answer = take();
    static constexpr std::string_view kKey = R"("structuredContent":{"session":")";
    const std::size_t at = answer.find(kKey);
    if (at == std::string::npos) throw std::runtime_error("soak: no handle in: " + answer);
    const std::size_t begin = at + kKey.size();
    return answer.substr(begin, answer.find('"', begin) - begin);
  }

  std::int64_t live_bytes() {
    lines_.clear();
    call("server_status", R"("detail":"memory")", Due::kGood);
    server_.send(lines_);
    std::string answer;
    while (mandatory_ > 0) answer = take();
    static constexpr std::string_view kKey = R"("heap_live_bytes":)";
    const std::size_t at = answer.rfind(kKey);
    if (at == std::string::npos) throw std::runtime_error("soak: no live bytes in: " + answer);
    return std::strtoll(answer.c_str() + at + kKey.size(), nullptr, 10);
  }

  void add(std::size_t number, std::size_t i, const std::string& session) {
    switch (i % 14) {
      case 0:
      case 1:
        return call("session_status", "", Due::kGood);
      case 2:
        return call("session_status", session, Due::kGood);
      case 3:
      case 4:
        return call("read_file", R"("path":"one_kib.txt")", Due::kGood);
      case 5:
        return call("read_file",
                    R"("path":"sixty_four_kib.txt","max_tokens":)" +
                        std::to_string(1000 + number % 8 * 2000),
                    Due::kGood);
      case 6:
        return call("read_file", R"("path":"file_7.txt",)" + session, Due::kGood);
      case 7:
        return call("list_directory", R"("path":"hundred")", Due::kGood);
      case 8:
        return call("read_file", R"("path":"no/such/file")", Due::kError);
      case 9:
        return call("read_file", R"("path":"../out")", Due::kError);
      case 10:
        return call("read_file", R"("session":"AAAAAAAAAAAAAAAAAAAAAA","path":"x")", Due::kError);
      case 11:
        return call("server_status", R"("detail":"metrics")", Due::kGood);
      case 12:
        if (i != 12) return call("no_such_tool", "", Due::kError);
        return number % 4 == 0 ? call("glob", R"("pattern":"tree/**/*.h")", Due::kGood)
                               : call("grep", R"("pattern":"line 7","path":"hundred")", Due::kGood);
      default:
        call("grep", R"("pattern":")" + std::string(kNeedle) + R"(","path":"tree")",
             i == 13 && number % 4 == 1 ? Due::kGood : Due::kEither);
        if (!(i == 13 && number % 4 == 1)) cancel();
    }
  }

  void call(std::string_view tool, const std::string& arguments, Due due) {
    ++id_;
    lines_.append(R"({"jsonrpc":"2.0","id":)").append(std::to_string(id_));
    lines_.append(R"(,"method":"tools/call","params":{"name":")").append(tool);
    lines_.append(R"(","arguments":{)").append(arguments).append("}}}\n");
    due_.emplace(id_, due);
    if (due != Due::kEither) ++mandatory_;
  }

  void cancel() {
    lines_.append(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)");
    lines_.append(std::to_string(id_)).append("}}\n");
    cancelled_.push_back(id_);
    if (cancelled_.size() <= 10 * kRound) return;
    // An answer that has not come for so long never will.
    for (std::size_t i = 0; i < kRound; ++i) due_.erase(cancelled_[i]);
    cancelled_.erase(cancelled_.begin(), cancelled_.begin() + kRound);
  }

  std::string take() {
    std::string answer(server_.receive());
    static constexpr std::string_view kHead = R"({"jsonrpc":"2.0","id":)";
    const std::uint64_t id =
        answer.starts_with(kHead) ? std::strtoull(answer.c_str() + kHead.size(), nullptr, 10) : 0;
    const auto found = due_.find(id);
    if (found == due_.end()) throw std::runtime_error("soak: not asked for: " + answer);
    if (found->second != Due::kEither) {
      if (is_failure(answer) != (found->second == Due::kError)) {
        throw std::runtime_error("soak: unexpected: " + answer.substr(0, 1000));
      }
      --mandatory_;
    }
    due_.erase(found);
    return answer;
  }

  Peer server_;
  std::string lines_;
  std::uint64_t id_ = 1'000'000;
  std::size_t mandatory_ = 0;
  std::unordered_map<std::uint64_t, Due> due_;
  std::vector<std::uint64_t> cancelled_;
};

void print(const char* name, const Sample& sample) {
  std::printf(
      "%-14s %9zu calls   anonymous %7lld KiB, heap %7lld   descriptors %3lld   threads %2lld\n",
      name, sample.calls, static_cast<long long>(sample.anon_kib),
      static_cast<long long>(sample.live_kib), static_cast<long long>(sample.descriptors),
      static_cast<long long>(sample.threads));
}

}  // namespace

void soak_calls(const std::vector<std::string>& command, std::size_t calls) {
  Soak run(command);
  for (std::size_t done = kRound; done <= calls; done += kRound) run.round(done / kRound);
}

bool soak(const std::vector<std::string>& command, std::size_t calls) {
  Soak run(command);
  const std::size_t warm_up = calls / 10;
  Sample before{};
  Sample most{};
  std::size_t samples = 0;
  std::int64_t ns = 0;
  for (std::size_t done = kRound; done <= calls; done += kRound) {
    const std::int64_t begun = now_ns();
    run.round(done / kRound);
    ns += now_ns() - begun;
    if (done % kSampleEvery == 0) {
      const Sample sample = run.sample(done);
      if (++samples % 10 == 0) print("", sample);
      if (sample.anon_kib > most.anon_kib) most = sample;
    }
    if (before.calls == 0 && done >= warm_up) {
      before = run.settled_sample(done);
      print("after warm-up", before);
    }
  }
  const Sample after = run.settled_sample(calls);
  print("most", most);
  print("at the end", after);
  const std::int64_t grown = after.anon_kib - before.anon_kib;
  std::printf("%.0f calls/s; growth after warm-up %lld KiB, %.1f%%\n",
              static_cast<double>(calls) * 1e9 / static_cast<double>(ns),
              static_cast<long long>(grown),
              100.0 * static_cast<double>(grown) / static_cast<double>(before.anon_kib));
  const bool flat = grown * 20 <= before.anon_kib && after.descriptors <= before.descriptors &&
                    after.threads <= before.threads;
  if (!flat) std::printf("soak: something grew\n");
  return flat;
}

}  // namespace quarry::perf
