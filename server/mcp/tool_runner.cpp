#include "server/mcp/tool_runner.h"

#include <algorithm>
#include <charconv>
#include <exception>

#include "server/base/log.h"
#include "server/json/writer.h"
#include "server/mcp/answer.h"

namespace quarry::mcp {
namespace {

constexpr std::string_view kContent = R"("content":[)";
constexpr std::string_view kText = R"({"type":"text","text":)";
constexpr std::string_view kStructured = R"(,"structuredContent":)";

// Rule 2 of every tool: the answer's budget in tokens of four bytes.
Result<std::int64_t> read_budget(const Call& call, const Limits& limits) {
  const json::Value given = call.arguments.find("max_tokens");
  const std::int64_t most = limits[Limit::kMaxTokens];
  if (!given || given.is(json::Type::kNull)) {
    const std::int64_t usual = std::min(limits[Limit::kAnswerTokens], most);
    const std::int64_t own = call.tool->traits.usual_tokens;
    return own == 0 ? usual : std::min(own, usual);
  }
  std::optional<std::int64_t> tokens;
  if (given.is(json::Type::kNumber)) tokens = given.integer();
  if (given.is(json::Type::kString)) {
    const std::string_view text = given.string();
    std::int64_t value = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end.ec == std::errc() && end.ptr == text.data() + text.size()) tokens = value;
  }
  if (!tokens || *tokens < 1 || *tokens > most) {
    return fail(Code::kInvalidArgs, "argument 'max_tokens' must be a whole number from 1 to {}",
                most);
  }
  return *tokens;
}

Result<std::string_view> read_handle(json::Value arguments) {
  const json::Value given = arguments.find("session");
  if (!given || given.is(json::Type::kNull)) return std::string_view();
  if (!given.is(json::Type::kString)) {
    return fail(Code::kInvalidArgs, "argument 'session' must be a string, got {}",
                json::describe(given.type()));
  }
  return given.string();
}

session::Order::Access access_of(const Call& call) {
  using Access = session::Order::Access;
  if (call.tool->traits.order == tools::Order::kAlone) return Access::kAlone;
  return call.lane == pool::Lane::kHeavy ? Access::kSharedHeavy : Access::kShared;
}

Failure busy() {
  return fail(Code::kUnavailable,
              "the server is busy: too many calls are waiting; call again after earlier answers");
}

}  // namespace

pool::Lane ToolRunner::lane_of(const Call& call) const {
  const tools::Tool& tool = *call.tool;
  if (tool.traits.heavy != nullptr && tool.traits.heavy(call.arguments)) return pool::Lane::kHeavy;
  if (tool.traits.lane == tools::Lane::kHeavy) return pool::Lane::kHeavy;
  // The reader thread never waits for a disk.
  const bool waits = tool.traits.effect == tools::Effect::kKeepsState &&
                     world_.store.durability() == store::Durability::kFull;
  return waits ? pool::Lane::kHeavy : pool::Lane::kQuick;
}

void ToolRunner::job(void* call) {
  std::unique_ptr<Call> owned(static_cast<Call*>(call));
  ToolRunner& runner = *owned->runner;
  runner.run(std::move(owned));
}

void ToolRunner::start(std::unique_ptr<Call> call) {
  std::vector<session::Order::Ticket> ready = {call.release()};
  start_ready(ready);
}

void ToolRunner::start_quick(std::vector<std::unique_ptr<Call>>& calls) {
  std::vector<pool::Job> jobs;
  jobs.reserve(calls.size());
  for (const auto& call : calls) jobs.push_back({&ToolRunner::job, call.get()});
  const std::size_t accepted = world_.pool.post_bulk(pool::Lane::kQuick, jobs.data(), jobs.size());
  // Accepted calls belong to the workers now, and may be gone already.
  for (std::size_t i = 0; i < accepted; ++i) (void)calls[i].release();
  for (std::size_t i = accepted; i < calls.size(); ++i) start(std::move(calls[i]));
  calls.clear();
}

void ToolRunner::start_ready(std::vector<session::Order::Ticket>& ready) {
  for (std::size_t i = 0; i < ready.size(); ++i) {
    auto* call = static_cast<Call*>(ready[i]);
    call->runner = this;
    if (world_.pool.post(call->lane, {&ToolRunner::job, call})) continue;
    std::unique_ptr<Call> refused(call);
    call->session->order().finished(call->access, ready);
    auto landed = KeptAnswers::finish(world_.kept, *call, busy());
    answer(std::move(refused), busy());
    resume(std::move(landed));
  }
}

bool ToolRunner::answer_kept(std::unique_ptr<Call>& call, bool here) {
  if (world_.kept == nullptr || call->tool->traits.depends == tools::Depends::kOther) return false;
  const std::int64_t cost_ns = here ? -1 : recent_cost_ns(call->tool_index);
  switch (world_.kept->arrive(call, world_.in_flight, cost_ns)) {
    case KeptAnswers::Turn::kRun:
      return false;
    case KeptAnswers::Turn::kParked:
      return true;
    case KeptAnswers::Turn::kAnswered:
      break;
  }
  end(std::move(call));
  return true;
}

void ToolRunner::end(std::unique_ptr<Call> call) {
  if (world_.sessions.note_use(*call->session, now_ms(*call))) store_use();
  world_.memory.call_ended(call->line.size(), call->output.text.size(), /*heavy=*/false);
  // Not part of the mean, which is of calls that ran.
  metrics::CallRow& row = world_.metrics.row(call->tool_index);
  row.latency.record(world_.clock.steady_ns() - call->arrived_ns);
  std::vector<session::Order::Ticket> ready;
  call->session->order().finished(call->access, ready);
  answer(std::move(call), {});
  start_ready(ready);
}

// Those who waited for a call that is over: with its answer, or each for itself.
void ToolRunner::resume(KeptAnswers::Landed landed) {
  if (!landed.answer) return start_ready(landed.waiting);
  for (const session::Order::Ticket ticket : landed.waiting) {
    std::unique_ptr<Call> call(static_cast<Call*>(ticket));
    KeptAnswers::give(*call, *landed.answer);
    end(std::move(call));
  }
}

void ToolRunner::run(std::unique_ptr<Call> call) {
  if (answer_kept(call, /*here=*/world_.pool.workers() > 0 && !call->tracked)) return;
  const std::int64_t begun = call->tracked ? world_.clock.steady_ns() : call->arrived_ns;
  Result<void> result;
  if (call->cancel->cancelled()) {
    result = fail(Code::kCancelled, "cancelled");
  } else {
    try {
      result = invoke(*call);
    } catch (const std::exception& problem) {
      log::error("{}: {}", call->tool->traits.name, problem.what());
      result = fail(Code::kInternal, "the tool failed inside; the server's stderr says more");
    } catch (...) {
      log::error("{}: unknown exception", call->tool->traits.name);
      result = fail(Code::kInternal, "the tool failed inside; the server's stderr says more");
    }
  }
  metrics::CallRow& row = world_.metrics.row(call->tool_index);
  row.record(world_.clock.steady_ns() - begun);
  world_.memory.call_ended(call->line.size(), call->output.text.size(),
                           call->tool->traits.lane == tools::Lane::kHeavy);
  std::vector<session::Order::Ticket> ready;
  call->session->order().finished(call->access, ready);
  auto landed = KeptAnswers::finish(world_.kept, *call, result);
  answer(std::move(call), result);
  resume(std::move(landed));
  start_ready(ready);
}

void ToolRunner::decline(std::unique_ptr<Call> call, const Error& error) {
  answer(std::move(call), Failure(error));
}

Result<void> ToolRunner::prepare(Call& call) {
  TRY_ASSIGN(const std::string_view handle, read_handle(call.arguments));
  TRY_ASSIGN(call.max_tokens, read_budget(call, world_.limits));
  const tools::Traits& traits = call.tool->traits;
  call.lane = lane_of(call);
  call.access = access_of(call);
  call.wall_ms = world_.clock.wall_ms();
  TRY_ASSIGN(call.session, traits.closes_session     ? world_.sessions.find_to_close(handle)
                           : traits.looks_up_session ? world_.sessions.known(handle, call.wall_ms)
                                                     : world_.sessions.find(handle, call.wall_ms));
  return {};
}

// A clock is read once for a call that runs where it arrives: a reading costs as much as a lock.
std::int64_t ToolRunner::now_ms(const Call& call) const {
  return call.tracked ? world_.clock.wall_ms() : call.wall_ms;
}

// On a worker, since it may wait for the disk; here where there is none.
void ToolRunner::store_use() {
  const pool::Job job = {
      [](void* sessions) { static_cast<session::Sessions*>(sessions)->store_use(); },
      &world_.sessions};
  if (!world_.pool.post(pool::Lane::kHeavy, job)) world_.sessions.store_use();
}

Result<void> ToolRunner::invoke(Call& call) {
  call.output.clear();
  if (call.session->closed()) {
    return fail(Code::kNotFound,
                "the session was closed by an earlier call; leave 'session' out, or call "
                "session_open");
  }
  if (world_.sessions.note_use(*call.session, now_ms(call))) store_use();
  if (call.tool->traits.effect == tools::Effect::kWrites && call.session->read_only()) {
    return fail(Code::kDenied, "the session is read-only; '{}' would write",
                call.tool->traits.name);
  }
  if (call.tool->traits.lane == tools::Lane::kHeavy) TRY(world_.memory.admit_heavy());
  // One stat: else a root that was moved away would be served from its old inode for ever.
  if (tools::touches_tree(call.tool->traits.group)) TRY(call.session->workspace().check_root());
  const std::shared_ptr<search::Catalogue> catalogue =
      world_.kept != nullptr ? world_.kept->catalogue(call) : nullptr;
  tools::ToolContext context{.session = *call.session,
                             .files = call.session->workspace(),
                             .git = call.session->git(),
                             .sessions = world_.sessions,
                             .store = world_.store,
                             .line_indexes = world_.line_indexes,
                             .changes = world_.changes,
                             .pool = world_.pool,
                             .cancel = *call.cancel,
                             .clock = world_.clock,
                             .progress = call.progress,
                             .server = world_.facts,
                             .ledger = call.session->ledger(),
                             .catalogue = catalogue.get(),
                             .revisions = world_.revisions,
                             .max_tokens = call.max_tokens};
  return call.tool->call(call.arguments, context, call.output);
}

void ToolRunner::encode(Call& call, const Result<void>& result) const {
  std::string& out = call.answer;
  out.clear();
  open_result(out, call.request.id, call.request.revision, /*members_follow=*/true);
  out.append(kContent);
  if (!result) {
    out.append(kText);
    json::append_string(out, result.error().message);
    out.append(R"(}],"isError":true)");
    close_result(out);
    return;
  }
  // One text block first: some clients show only the first block.
  const char* separator = "";
  if (!call.output.text.empty() || call.output.images.empty()) {
    out.append(kText);
    json::append_string(out, call.output.text);
    out.push_back('}');
    separator = ",";
  }
  for (const tools::Image& image : call.output.images) {
    out.append(separator).append(R"({"type":"image","data":")");
    json::append_base64(out, image.bytes);
    out.append(R"(","mimeType":")").append(image.mime_type).append(R"("})");
    separator = ",";
  }
  out.push_back(']');
  if (!call.output.structured.empty() && call.request.revision >= Revision::k2025_06_18) {
    out.append(kStructured).append(call.output.structured);
  }
  close_result(out);
}

void ToolRunner::answer(std::unique_ptr<Call> call, const Result<void>& result) {
  metrics::CallRow& row = world_.metrics.row(call->tool_index);
  call->progress.close();
  // Before the answer is sent: the client may use the id again once it has read it. A cancel that
  // found the call in flight came first, and nothing may follow it.
  world_.in_flight.remove(*call);
  if (call->reply.cancelled()) {
    row.cancelled.fetch_add(1, std::memory_order_relaxed);
    call->reply.drop();
  } else {
    encode(*call, result);
    if (call->answer.size() > standard<std::size_t>(Limit::kAnswerBytes)) {
      encode(*call, fail(Code::kTooLarge,
                         "the answer has {} bytes, more than a client can take; ask for less",
                         call->answer.size()));
    }
    if (!result) row.errors.fetch_add(1, std::memory_order_relaxed);
    row.bytes.fetch_add(call->answer.size(), std::memory_order_relaxed);
    const bool sent = call->reply.send(call->answer);
    if (sent && result && call->output.on_sent) call->output.on_sent();
  }
  world_.calls.give_back(std::move(call));
}

}  // namespace quarry::mcp
