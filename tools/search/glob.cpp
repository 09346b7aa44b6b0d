#include "server/revision/revision.h"
#include "server/sandbox/workspace.h"
#include "server/search/find_files.h"
#include "tools/tool.h"

namespace quarry::json {

template <>
inline constexpr std::array enum_names<search::FileOrder> =
    std::to_array<std::string_view>({"mtime", "path"});

}  // namespace quarry::json

namespace quarry::tools {
namespace {

struct Args {
  std::string_view pattern;
  std::string_view path = ".";
  std::int64_t limit = 100;
  std::int64_t offset = 0;
  search::FileOrder sort = search::FileOrder::kMtime;
  bool include_ignored = false;
  std::optional<std::string_view> ref;
};

constexpr auto kFields = json::fields(
    json::field<&Args::pattern>("pattern").synonyms("glob_pattern", "query", "find_path", "glob"),
    json::field<&Args::path>("path").optional().synonyms("dir_path", "target_directory",
                                                         "relative_path"),
    json::field<&Args::limit>("limit").optional().range(0, 10'000).synonyms(
        "head_limit", "max_results", "maxResults"),
    json::field<&Args::offset>("offset").optional().range(0, 1'000'000'000),
    json::field<&Args::sort>("sort").optional(),
    json::field<&Args::include_ignored>("include_ignored")
        .optional()
        .synonyms("includeIgnored", "no_ignore"),
    json::field<&Args::ref>("ref").synonyms("revision", "commit"));

Result<void> run(const Args& args, ToolContext& context, ToolOutput& output) {
  search::FindQuery query;
  query.pattern = args.pattern;
  TRY_ASSIGN(query.path, context.files.parse(args.path));
  query.sort = args.sort;
  query.limit = static_cast<std::uint64_t>(args.limit);
  query.offset = static_cast<std::uint64_t>(args.offset);
  query.include_ignored = args.include_ignored;
  TRY_ASSIGN(const std::unique_ptr<revision::Revision> revision,
             revision::Revision::open_if_named(
                 args.ref, {context.files, context.git, context.store, context.revisions},
                 context.cancel));
  query.max_bytes = static_cast<std::size_t>(context.max_tokens) * 4;
  TRY_ASSIGN(search::FindAnswer answer,
             search::find_files(query, {context.files, context.pool, context.cancel, context.clock,
                                        context.catalogue, revision.get()}));
  output.keep = !args.ref && answer.repeatable && context.files.plain(query.path);
  output.text = std::move(answer.text);
  return {};
}

}  // namespace

extern const Tool glob;
constinit const Tool glob = make_tool<Args, kFields, run>({
    .name = "glob",
    .group = Group::kSearch,
    .lane = Lane::kHeavy,
    .effect = Effect::kReads,
    .deadline = std::chrono::seconds(10),
    .depends = Depends::kTree,
});

}  // namespace quarry::tools
