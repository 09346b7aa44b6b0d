#include "server/revision/revision.h"
#include "server/sandbox/workspace.h"
#include "server/search/list_entries.h"
#include "tools/tool.h"

namespace quarry::tools {
namespace {

struct Args {
  std::string_view path = ".";
  std::int64_t depth = 1;
  std::int64_t limit = 200;
  std::int64_t offset = 0;
  bool sizes = false;
  bool include_ignored = false;
  std::optional<std::string_view> ref;
};

constexpr auto kFields = json::fields(
    json::field<&Args::path>("path").optional().synonyms(
        "dir_path", "file_path", "directory", "target_directory", "target_file", "relative_path"),
    json::field<&Args::depth>("depth").optional().range(1, 20).synonyms("max_depth", "maxDepth"),
    json::field<&Args::limit>("limit").optional().range(1, 20'000),
    json::field<&Args::offset>("offset").optional().range(0, 1'000'000'000),
    json::field<&Args::sizes>("sizes").optional(),
    json::field<&Args::include_ignored>("include_ignored").optional().synonyms("includeIgnored"),
    json::field<&Args::ref>("ref").synonyms("revision", "commit"));

Result<void> run(const Args& args, ToolContext& context, ToolOutput& output) {
  search::ListQuery query;
  TRY_ASSIGN(query.path, context.files.parse(args.path));
  query.depth = static_cast<int>(args.depth);
  query.limit = static_cast<std::uint64_t>(args.limit);
  query.offset = static_cast<std::uint64_t>(args.offset);
  query.sizes = args.sizes;
  query.include_ignored = args.include_ignored;
  TRY_ASSIGN(const std::unique_ptr<revision::Revision> revision,
             revision::Revision::open_if_named(
                 args.ref, {context.files, context.git, context.store, context.revisions},
                 context.cancel));
  query.max_bytes = static_cast<std::size_t>(context.max_tokens) * 4;
  TRY_ASSIGN(search::ListAnswer answer,
             search::list_entries(query, {context.files, context.pool, context.cancel,
                                          context.clock, context.catalogue, revision.get()}));
  output.keep = !args.ref && answer.repeatable && context.files.plain(query.path);
  output.text = std::move(answer.text);
  return {};
}

// The git helper is waited for.
bool needs_worker(json::Value arguments) {
  return bool(arguments.find_any({"ref", "revision", "commit"}));
}

}  // namespace

extern const Tool list_directory;
// Quick: one or two levels of a usual tree take well under 5 ms, and ListQuery::kMaxEntries
// bounds what a deep listing can take.
constinit const Tool list_directory = make_tool<Args, kFields, run>({
    .name = "list_directory",
    .group = Group::kFiles,
    .lane = Lane::kQuick,
    .effect = Effect::kReads,
    .deadline = std::chrono::seconds(10),
    .depends = Depends::kTree,
    .heavy = needs_worker,
});

}  // namespace quarry::tools
