#include "server/session/sessions.h"
#include "tools/tool.h"

namespace quarry::tools {
namespace {

struct Args {
  std::string_view session;
};

constexpr auto kFields = json::fields(json::field<&Args::session>("session"));

Result<void> run(const Args& args, ToolContext& context, ToolOutput& output) {
  TRY_ASSIGN(const store::Written written, context.sessions.close(args.session));
  json::Writer out(output.structured);
  out.begin_object().field("session", args.session).field("closed", true);
  out.field("durable", written.durable).end_object();
  output.text = output.structured;
  return {};
}

}  // namespace

extern const Tool session_close;
constinit const Tool session_close = make_tool<Args, kFields, run>({.name = "session_close",
                                                                    .group = Group::kSessions,
                                                                    .order = Order::kAlone,
                                                                    .effect = Effect::kKeepsState,
                                                                    .closes_session = true});

}  // namespace quarry::tools
