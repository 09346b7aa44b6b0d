#include "server/session/sessions.h"
#include "tools/tool.h"

namespace quarry::tools {
namespace {

struct Args {
  std::string_view session;
  json::Value set;
  std::vector<std::string_view> unset;
  std::optional<std::string_view> label;
  std::optional<std::int64_t> ttl_s;
  std::optional<std::int64_t> expected_version;
};

constexpr auto kFields =
    json::fields(json::field<&Args::session>("session"),
                 json::field<&Args::set>("set").optional().synonyms("values", "state", "data"),
                 json::field<&Args::unset>("unset").optional().synonyms("delete", "remove"),
                 json::field<&Args::label>("label").synonyms("name"),
                 json::field<&Args::ttl_s>("ttl_s").range(1, 31'536'000).synonyms("ttl"),
                 json::field<&Args::expected_version>("expected_version")
                     .range(0, std::numeric_limits<std::int64_t>::max())
                     .synonyms("version", "if_version", "expectedVersion"));

// Text as it is; numbers and booleans as JSON writes them.
Result<std::string_view> text_of(json::Value member) {
  switch (member.type()) {
    case json::Type::kString:
      return member.string();
    case json::Type::kNumber:
    case json::Type::kBool:
      return member.raw();
    case json::Type::kNull:
      return fail(Code::kInvalidArgs,
                  "argument 'set': '{}' is null; to remove it, name it in 'unset'", member.key());
    default:
      return fail(Code::kInvalidArgs, "argument 'set': '{}' is {}; pass it as a string of JSON",
                  member.key(), json::describe(member.type()));
  }
}

Result<void> run(const Args& args, ToolContext& context, ToolOutput& output) {
  session::Changes changes;
  if (args.set && !args.set.is(json::Type::kNull)) {
    if (!args.set.is(json::Type::kObject)) {
      return fail(Code::kInvalidArgs, "argument 'set' must be an object of strings, got {}",
                  json::describe(args.set.type()));
    }
    changes.set.reserve(args.set.size());
    for (json::Value member = args.set.first(); member; member = args.set.after(member)) {
      TRY_ASSIGN(const std::string_view text, text_of(member));
      changes.set.emplace_back(member.key(), text);
    }
  }
  changes.unset = args.unset;
  changes.label = args.label;
  changes.ttl_s = args.ttl_s;
  if (args.expected_version) {
    changes.expected_version = static_cast<std::uint64_t>(*args.expected_version);
  }
  if (changes.set.empty() && changes.unset.empty() && !changes.label && !changes.ttl_s) {
    return fail(Code::kInvalidArgs, "nothing to change: give 'set', 'unset', 'label' or 'ttl_s'");
  }
  TRY_ASSIGN(const session::Updated updated, context.sessions.update(context.session, changes));
  json::Writer out(output.structured);
  out.begin_object();
  out.field("session", context.session.handle());
  out.field("version", updated.version);
  out.field("durable", updated.durable);
  out.end_object();
  output.text = output.structured;
  return {};
}

}  // namespace

extern const Tool session_update;
constinit const Tool session_update = make_tool<Args, kFields, run>({.name = "session_update",
                                                                     .group = Group::kSessions,
                                                                     .order = Order::kAlone,
                                                                     .effect = Effect::kKeepsState,
                                                                     .looks_up_session = true});

}  // namespace quarry::tools
