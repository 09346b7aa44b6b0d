#include <algorithm>

#include "server/base/utf8.h"
#include "server/session/sessions.h"
#include "tools/session/render.h"
#include "tools/tool.h"

namespace quarry::tools {
namespace {

struct Args {
  std::string_view session;
  std::string_view label;
  std::string_view root;
  std::vector<std::string_view> keys;
  std::int64_t limit = 50;
  std::int64_t offset = 0;
};

constexpr auto kFields = json::fields(
    json::field<&Args::session>("session").optional(),
    json::field<&Args::label>("label").optional(),
    json::field<&Args::root>("root").optional().synonyms("path", "directory"),
    json::field<&Args::keys>("keys").optional().synonyms("key"),
    json::field<&Args::limit>("limit").optional().range(1, 1000).synonyms("max_results"),
    json::field<&Args::offset>("offset").optional().range(0, 1'000'000'000));

// The answer's budget, less what stands around the state.
std::size_t state_budget(std::int64_t max_tokens) {
  constexpr std::int64_t kAround = 1024;
  constexpr std::int64_t kLeast = 512;
  return static_cast<std::size_t>(std::max(max_tokens * 4 - kAround, kLeast));
}

void append_state(json::Writer& out, const session::StateView& view, bool one_key) {
  out.key("state").begin_object();
  bool all = true;
  for (const session::StateEntry& entry : view.entries) {
    all = all && entry.shown;
    if (entry.shown) out.field(entry.name, entry.value);
  }
  out.end_object();
  out.field("state_bytes", view.record.state_bytes);
  if (!all) {
    out.key("not_shown").begin_array();
    for (const session::StateEntry& entry : view.entries) {
      if (entry.shown) continue;
      out.begin_object().field("key", entry.name).field("bytes", entry.size).end_object();
    }
    out.end_array();
    out.field("note", "too large for one answer with the others: ask with keys, one at a time");
  }
  if (!view.missing.empty()) {
    out.key("missing").begin_array();
    for (const std::string& name : view.missing) out.string(name);
    out.end_array();
  }
  if (view.next_key) out.field("next_offset", *view.next_key);
  if (one_key && !view.entries.empty() && view.entries.front().next_offset != 0) {
    out.field("bytes", view.entries.front().size);
    out.field("next_offset", view.entries.front().next_offset);
  }
}

Result<void> one(const Args& args, ToolContext& context, json::Writer& out) {
  const Result<session::StateView> found =
      context.sessions.state(context.session, {.keys = args.keys,
                                               .offset = static_cast<std::uint64_t>(args.offset),
                                               .max_bytes = state_budget(context.max_tokens)});
  if (!found) return hand_on(found.error());
  const session::StateView& view = *found;
  out.key("sessions").begin_array().begin_object();
  append_session(out, view.record);
  out.end_object().end_array();
  out.field("total", 1);
  out.field("calls", context.session.calls());
  const std::string branch =
      context.session.branch().name(context.session.workspace(), context.clock);
  if (!branch.empty()) {
    std::string shown;
    utf8::append_escaped_name(shown, branch);
    out.field("branch", shown);
  }
  if (view.record.keys > 0 || !args.keys.empty()) append_state(out, view, args.keys.size() == 1);
  return {};
}

Result<void> list(const Args& args, ToolContext& context, json::Writer& out) {
  if (!args.keys.empty()) {
    return fail(Code::kInvalidArgs,
                "argument 'keys' names state of one session; give 'session' as well");
  }
  TRY_ASSIGN(const session::Listed listed,
             context.sessions.list({.label = std::string(args.label),
                                    .root = std::string(args.root),
                                    .limit = static_cast<std::size_t>(args.limit),
                                    .offset = static_cast<std::size_t>(args.offset)}));
  out.key("sessions").begin_array();
  for (const session::Record& record : listed.records) {
    out.begin_object();
    append_session(out, record);
    out.end_object();
  }
  out.end_array();
  out.field("total", static_cast<std::uint64_t>(listed.total));
  if (listed.next_offset) out.field("next_offset", static_cast<std::uint64_t>(*listed.next_offset));
  return {};
}

Result<void> run(const Args& args, ToolContext& context, ToolOutput& output) {
  json::Writer out(output.structured);
  out.begin_object();
  TRY(args.session.empty() ? list(args, context, out) : one(args, context, out));
  out.end_object();
  output.text = output.structured;
  return {};
}

}  // namespace

extern const Tool session_status;
constinit const Tool session_status = make_tool<Args, kFields, run>(
    {.name = "session_status", .group = Group::kSessions, .looks_up_session = true});

}  // namespace quarry::tools
