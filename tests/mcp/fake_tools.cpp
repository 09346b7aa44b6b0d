#include "tests/mcp/fake_tools.h"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "server/base/guarded.h"
#include "server/sandbox/workspace.h"
#include "server/session/sessions.h"

namespace quarry::test {
namespace {

using tools::Lane;
using tools::ToolContext;
using tools::ToolOutput;

std::atomic<int> begun{0};
std::atomic<int> ended{0};
std::atomic<bool> gate_open{false};
Guarded<std::string> happened;

void nap(std::int64_t milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

struct Text {
  std::string_view text;
  std::int64_t ms = 0;
};
struct Count {
  std::int64_t count = 0;
};
struct Nothing {
  std::optional<std::string_view> text;
};
constexpr auto kText = json::fields(json::field<&Text::text>("text"),
                                    json::field<&Text::ms>("ms").optional().range(0, 5000));
constexpr auto kCount = json::fields(json::field<&Count::count>("count").range(0, 100));
constexpr auto kNothing = json::fields(json::field<&Nothing::text>("text"));

Result<void> echo(const Text& args, ToolContext& /*context*/, ToolOutput& output) {
  output.text = args.text;
  return {};
}

Result<void> note(const Text& args, ToolContext& /*context*/, ToolOutput& output) {
  happened.lock()->append(args.text).append("(");
  nap(args.ms);
  happened.lock()->append(args.text).append(")");
  output.text = args.text;
  return {};
}

Result<void> linger(const Nothing& /*args*/, ToolContext& context, ToolOutput& /*output*/) {
  begun.fetch_add(1);
  while (true) {
    if (auto stop = context.cancel.check(); !stop) {
      if (stop.error().code == Code::kCancelled) ended.fetch_add(1);
      return stop;
    }
    nap(1);
  }
}

Result<void> gate(const Nothing& args, ToolContext& /*context*/, ToolOutput& output) {
  begun.fetch_add(1);
  if (args.text) {
    output.on_sent = [text = std::string(*args.text)] { happened.lock()->append(text); };
  }
  for (int i = 0; i < 10'000 && !gate_open.load(); ++i) nap(1);
  return {};
}

struct Begin {
  bool read_only = false;
};
constexpr auto kBegin = json::fields(json::field<&Begin::read_only>("read_only").optional());

Result<void> begin(const Begin& args, ToolContext& context, ToolOutput& output) {
  TRY_ASSIGN(const auto opened, context.sessions.open({.read_only = args.read_only}));
  output.text = opened.session->handle();
  return {};
}

Result<void> steps(const Count& args, ToolContext& context, ToolOutput& output) {
  for (std::int64_t i = 1; i <= args.count; ++i) {
    nap(210);
    context.progress.report(i, args.count, "step");
  }
  output.text = "done";
  return {};
}

Result<void> throws(const Nothing& /*args*/, ToolContext& /*context*/, ToolOutput& /*output*/) {
  throw std::runtime_error("a library gave up");
}

Result<void> where(const Nothing& /*args*/, ToolContext& context, ToolOutput& output) {
  output.text = context.files.root();
  return {};
}

using namespace std::chrono_literals;
constexpr tools::Tool kBeginSession = tools::make_tool<Begin, kBegin, begin>(
    {.name = "begin_session", .lane = Lane::kQuick, .effect = tools::Effect::kKeepsState});
constexpr tools::Tool kEcho =
    tools::make_tool<Text, kText, echo>({.name = "echo", .lane = Lane::kQuick});
constexpr tools::Tool kGate =
    tools::make_tool<Nothing, kNothing, gate>({.name = "gate", .lane = Lane::kHeavy});
constexpr tools::Tool kScribble = tools::make_tool<Text, kText, note>(
    {.name = "scribble", .order = tools::Order::kAlone, .effect = tools::Effect::kWrites});
constexpr tools::Tool kLinger = tools::make_tool<Nothing, kNothing, linger>(
    {.name = "linger", .lane = Lane::kHeavy, .deadline = 300ms});
constexpr tools::Tool kLook =
    tools::make_tool<Text, kText, note>({.name = "look", .lane = Lane::kHeavy});
constexpr tools::Tool kModify = tools::make_tool<Text, kText, note>(
    {.name = "modify", .lane = Lane::kHeavy, .order = tools::Order::kAlone});
constexpr tools::Tool kSteps =
    tools::make_tool<Count, kCount, steps>({.name = "steps", .lane = Lane::kHeavy});
constexpr tools::Tool kThrows =
    tools::make_tool<Nothing, kNothing, throws>({.name = "throws", .lane = Lane::kHeavy});
constexpr tools::Tool kWhere =
    tools::make_tool<Nothing, kNothing, where>({.name = "where", .group = tools::Group::kFiles});

constexpr tools::Entry kEntries[] = {{&kBeginSession, R"({"name":"begin_session"})"},
                                     {&kEcho, R"({"name":"echo","inputSchema":{"type":"object"}})"},
                                     {&kGate, R"({"name":"gate"})"},
                                     {&kLinger, R"({"name":"linger"})"},
                                     {&kLook, R"({"name":"look"})"},
                                     {&kModify, R"({"name":"modify"})"},
                                     {&kScribble, R"({"name":"scribble"})"},
                                     {&kSteps, R"({"name":"steps"})"},
                                     {&kThrows, R"({"name":"throws"})"},
                                     {&kWhere, R"({"name":"where"})"}};

}  // namespace

std::span<const tools::Entry> fake_tools() {
  return kEntries;
}
void open_gate(bool open) {
  gate_open.store(open);
}
std::string take_log() {
  return std::exchange(*happened.lock(), {});
}
int lingering() {
  return begun.load();
}
int lingered() {
  return ended.load();
}

}  // namespace quarry::test
