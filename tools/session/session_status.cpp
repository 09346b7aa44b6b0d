#include "server/base/utf8.h"
#include "server/session/sessions.h"
#include "tools/session/render.h"
#include "tools/tool.h"

namespace quarry::tools {
namespace {

struct Args {
  std::string_view session;
  std::string_view label;
  std::int64_t limit = 50;
  std::int64_t offset = 0;
};

constexpr auto kFields = json::fields(
    json::field<&Args::session>("session").optional(),
    json::field<&Args::label>("label").optional(),
    json::field<&Args::limit>("limit").optional().range(1, 1000).synonyms("max_results"),
    json::field<&Args::offset>("offset").optional().range(0, 1'000'000));

// The name of the checked-out branch as .git/HEAD has it; empty when detached or not at hand.
std::string branch_of(const sandbox::Workspace& workspace) {
  const auto path = workspace.parse(".git/HEAD");
  if (!path) return {};
  const auto file = workspace.open_file(*path);
  std::string head;
  if (!file || !file->read_all(head, 4096)) return {};
  static constexpr std::string_view kPrefix = "ref: refs/heads/";
  if (!head.starts_with(kPrefix)) return {};
  head.erase(0, kPrefix.size());
  while (!head.empty() && (head.back() == '\n' || head.back() == ' ')) head.pop_back();
  std::string shown;
  utf8::append_escaped_name(shown, head);
  return shown;
}

Result<void> run(const Args& args, ToolContext& context, ToolOutput& output) {
  json::Writer out(output.structured);
  out.begin_object();
  if (!args.session.empty()) {
    const session::Session& session = context.session;
    out.key("sessions").begin_array();
    append_session(out, session.record());
    out.end_array();
    out.field("total", 1);
    out.field("calls", session.calls());
    const std::string branch = branch_of(session.workspace());
    if (!branch.empty()) out.field("branch", branch);
  } else {
    TRY_ASSIGN(const session::Listed listed,
               context.sessions.list({.label = std::string(args.label),
                                      .limit = static_cast<std::size_t>(args.limit),
                                      .offset = static_cast<std::size_t>(args.offset)}));
    out.key("sessions").begin_array();
    for (const session::Record& record : listed.records) append_session(out, record);
    out.end_array();
    out.field("total", static_cast<std::uint64_t>(listed.total));
    const auto next = static_cast<std::uint64_t>(args.offset) + listed.records.size();
    if (next < listed.total) out.field("next_offset", next);
  }
  out.end_object();
  output.text = output.structured;
  return {};
}

}  // namespace

extern const Tool session_status;
constinit const Tool session_status =
    make_tool<Args, kFields, run>({.name = "session_status", .group = Group::kSessions});

}  // namespace quarry::tools
