#include "server/mcp/progress.h"

#include "server/base/format.h"
#include "server/json/writer.h"

namespace quarry::mcp {
namespace {

constexpr std::int64_t kLeastGapNs = 200'000'000;        // five a second
constexpr std::int64_t kBeatAfterNs = 10'000'000'000LL;  // one per ten seconds of silence

}  // namespace

void CallProgress::open(std::string_view token, Revision revision) {
  opened_ = !token.empty();
  if (!opened_) return;
  auto state = state_.lock();
  state->token = token;
  state->revision = revision;
  state->open = true;
  state->sent_ns = clock_.steady_ns();
  state->done = 0;
  state->repeated = 1;  // more than 0 is sent first
}

void CallProgress::close() {
  if (!opened_) return;
  state_.lock()->open = false;
}

void CallProgress::report(std::int64_t done, std::int64_t total, std::string_view message) {
  std::string line;
  {
    auto state = state_.lock();
    if (done > state->done) {
      state->done = done;
      state->repeated = 0;
    }
    line = next(*state, kLeastGapNs, total, message);
  }
  if (!line.empty()) wire_.send(line);
}

void CallProgress::beat() {
  auto state = state_.lock();
  const std::string line = next(*state, kBeatAfterNs, 0, "working");
  if (!line.empty()) wire_.send(line);
}

std::string CallProgress::next(State& state, std::int64_t least_gap_ns, std::int64_t total,
                               std::string_view message) {
  if (!state.open) return {};
  const std::int64_t now = clock_.steady_ns();
  if (now - state.sent_ns < least_gap_ns) return {};
  state.sent_ns = now;
  // Strictly increasing even when nothing more was done: by fractions of one step, 1/2, 2/3, 3/4,
  // which never reach the next whole one and stay apart for longer than a call of less than 2^30
  // steps lasts.
  const auto repeated = static_cast<double>(state.repeated++);
  const double progress = static_cast<double>(state.done) + repeated / (repeated + 1);
  std::string line = R"({"jsonrpc":"2.0","method":"notifications/progress","params":{)";
  line += fmt::format(R"("progressToken":{},"progress":{})", state.token, progress);
  if (total > 0) line += fmt::format(R"(,"total":{})", total);
  if (state.revision >= Revision::k2025_03_26 && !message.empty()) {
    line += R"(,"message":)";
    json::append_string(line, message);
  }
  line += "}}";
  return line;
}

}  // namespace quarry::mcp
