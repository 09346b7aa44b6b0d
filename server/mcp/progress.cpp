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
  state->sent = 0;
  state->done = 0;
}

void CallProgress::close() {
  if (!opened_) return;
  state_.lock()->open = false;
}

void CallProgress::report(std::int64_t done, std::int64_t total, std::string_view message) {
  std::string line;
  {
    auto state = state_.lock();
    if (done > state->done) state->done = done;
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
  // Strictly increasing even when nothing more was done: by a fraction of one step, which never
  // reaches the next whole one.
  const auto done = static_cast<double>(state.done);
  state.sent = done > state.sent ? done : state.sent + (done + 1 - state.sent) / 2;
  std::string line = R"({"jsonrpc":"2.0","method":"notifications/progress","params":{)";
  line += fmt::format(R"("progressToken":{},"progress":{})", state.token, state.sent);
  if (total > 0) line += fmt::format(R"(,"total":{})", total);
  if (state.revision >= Revision::k2025_03_26 && !message.empty()) {
    line += R"(,"message":)";
    json::append_string(line, message);
  }
  line += "}}";
  return line;
}

}  // namespace quarry::mcp
