#include "server/session/sessions.h"
#include "tools/session/render.h"
#include "tools/tool.h"

namespace quarry::tools {
namespace {

struct Args {
  std::string_view root;
  std::string_view label;
  bool read_only = false;
  bool ledger = false;
  std::optional<std::int64_t> ttl_s;
};

constexpr auto kFields = json::fields(
    json::field<&Args::root>("root").optional().synonyms("path", "directory", "repo_path"),
    json::field<&Args::label>("label").optional().synonyms("name"),
    json::field<&Args::read_only>("read_only").optional().synonyms("readOnly"),
    json::field<&Args::ledger>("ledger").optional(),
    json::field<&Args::ttl_s>("ttl_s").range(1, 31'536'000).synonyms("ttl"));

Result<void> run(const Args& args, ToolContext& context, ToolOutput& output) {
  TRY_ASSIGN(const session::Opened opened, context.sessions.open({.root = std::string(args.root),
                                                                  .label = std::string(args.label),
                                                                  .read_only = args.read_only,
                                                                  .ledger = args.ledger,
                                                                  .ttl_s = args.ttl_s}));
  json::Writer out(output.structured);
  out.begin_object();
  append_session(out, opened.session->record());
  out.field("durable", opened.durable);
  if (const std::string why = context.sessions.memory_note(); !why.empty()) {
    out.field("note", "kept in memory, and gone when this server ends: " + why);
  }
  out.end_object();
  output.text = output.structured;
  return {};
}

}  // namespace

extern const Tool session_open;
constinit const Tool session_open = make_tool<Args, kFields, run>(
    {.name = "session_open", .group = Group::kSessions, .effect = Effect::kKeepsState});

}  // namespace quarry::tools
