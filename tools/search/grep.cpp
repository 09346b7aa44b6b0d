#include "server/search/grep.h"

#include <algorithm>
#include <string>

#include "server/revision/revision.h"
#include "server/sandbox/workspace.h"
#include "tools/tool.h"

namespace quarry::json {

template <>
inline constexpr std::array enum_names<search::OutputMode> =
    std::to_array<std::string_view>({"content", "files_with_matches", "count"});
template <>
inline constexpr std::array enum_names<search::GrepOrder> =
    std::to_array<std::string_view>({"path", "mtime"});

}  // namespace quarry::json

namespace quarry::tools {
namespace {

struct Args {
  std::string_view pattern;
  std::string_view path = ".";
  std::optional<std::string_view> glob;
  std::optional<std::string_view> type;
  search::OutputMode output_mode = search::OutputMode::kContent;
  search::GrepOrder sort = search::GrepOrder::kPath;
  std::optional<std::int64_t> context;
  std::optional<std::int64_t> before;
  std::optional<std::int64_t> after;
  bool ignore_case = false;
  bool fixed = false;
  bool word = false;
  bool multiline = false;
  std::int64_t head_limit = 100;
  std::int64_t offset = 0;
  bool include_ignored = false;
  std::optional<std::string_view> ref;
  std::optional<bool> case_sensitive;
  std::optional<bool> is_regexp;
  std::optional<bool> line_numbers;
  std::optional<bool> enclosing;
};

constexpr std::int64_t kMaxContext = 50;  // more is clamped, and the answer says so
constexpr std::int64_t kAnyContext = 1'000'000'000;

constexpr auto kFields = json::fields(
    json::field<&Args::pattern>("pattern").synonyms("query", "regex"),
    json::field<&Args::path>("path").optional().synonyms(
        "file_path", "filePath", "dir_path", "target_file", "relative_path", "target_directory"),
    json::field<&Args::glob>("glob").synonyms("include_pattern", "includePattern", "include"),
    json::field<&Args::type>("type"),
    json::field<&Args::output_mode>("output_mode").optional().synonyms("outputMode"),
    json::field<&Args::sort>("sort").optional(),
    json::field<&Args::context>("context").range(0, kAnyContext).synonyms("-C"),
    json::field<&Args::before>("before").range(0, kAnyContext).synonyms("-B"),
    json::field<&Args::after>("after").range(0, kAnyContext).synonyms("-A"),
    json::field<&Args::ignore_case>("ignore_case").optional().synonyms("-i", "ignoreCase"),
    json::field<&Args::fixed>("fixed").optional().synonyms("-F", "literal", "fixed_strings"),
    json::field<&Args::word>("word").optional().synonyms("-w"),
    json::field<&Args::multiline>("multiline").optional(),
    json::field<&Args::head_limit>("head_limit")
        .optional()
        .range(0, 10'000)
        .synonyms("max_results", "maxResults", "headLimit", "limit"),
    json::field<&Args::offset>("offset").optional().range(0, 1'000'000'000),
    json::field<&Args::include_ignored>("include_ignored")
        .optional()
        .synonyms("includeIgnored", "no_ignore", "includeIgnoredFiles"),
    json::field<&Args::ref>("ref").synonyms("revision", "commit"),
    json::field<&Args::case_sensitive>("case_sensitive").hidden().synonyms("caseSensitive"),
    json::field<&Args::is_regexp>("isRegexp").hidden().synonyms("is_regex"),
    json::field<&Args::line_numbers>("-n").hidden(),
    json::field<&Args::enclosing>("enclosing").hidden());

std::uint32_t clamped(std::int64_t lines) {
  return static_cast<std::uint32_t>(std::min(lines, kMaxContext));
}

Result<void> run(const Args& args, ToolContext& context, ToolOutput& output) {
  search::GrepQuery query;
  query.pattern = args.pattern;
  TRY_ASSIGN(query.path, context.files.parse(args.path));
  query.glob = args.glob.value_or("");
  query.type = args.type.value_or("");
  query.mode = args.output_mode;
  query.sort = args.sort;
  const std::int64_t around = args.context.value_or(0);
  const std::int64_t most = std::max({around, args.before.value_or(0), args.after.value_or(0)});
  query.before = clamped(args.before.value_or(around));
  query.after = clamped(args.after.value_or(around));
  query.match.ignore_case = args.ignore_case || !args.case_sensitive.value_or(true);
  query.match.fixed = args.fixed || !args.is_regexp.value_or(true);
  query.match.word = args.word;
  query.match.multiline = args.multiline;
  query.head_limit = static_cast<std::uint64_t>(args.head_limit);
  query.offset = static_cast<std::uint64_t>(args.offset);
  query.include_ignored = args.include_ignored;
  TRY_ASSIGN(const std::unique_ptr<revision::Revision> revision,
             revision::Revision::open_if_named(
                 args.ref, {context.files, context.git, context.store, context.revisions},
                 context.cancel));
  query.max_bytes = static_cast<std::size_t>(context.max_tokens) * 4;
  TRY_ASSIGN(search::GrepAnswer answer,
             search::grep(query, {context.files, context.pool, context.cancel, context.clock,
                                  context.catalogue, revision.get()}));
  output.keep = !args.ref && answer.repeatable && context.files.plain(query.path);
  output.text = std::move(answer.text);
  if (most > kMaxContext) {
    output.text += "note: " + std::to_string(kMaxContext) +
                   " lines of context at most; read_file shows more around a line\n";
  }
  if (args.enclosing.value_or(false)) {
    output.text += "note: enclosing is not known here; context shows the lines around a match\n";
  }
  return {};
}

}  // namespace

extern const Tool grep;
constinit const Tool grep = make_tool<Args, kFields, run>({
    .name = "grep",
    .group = Group::kSearch,
    .lane = Lane::kHeavy,
    .effect = Effect::kReads,
    .deadline = std::chrono::seconds(10),
    .depends = Depends::kTree,
});

}  // namespace quarry::tools
