#include <algorithm>
#include <string>

#include "server/git/client.h"
#include "server/git/diff_text.h"
#include "server/sandbox/workspace.h"
#include "tools/tool.h"

template <>
inline constexpr std::array quarry::json::enum_names<quarry::git::DiffMode> =
    std::to_array<std::string_view>({"patch", "stat", "names"});

namespace quarry::tools {
namespace {

struct Args {
  std::optional<std::string_view> from, to;
  bool staged = false;
  std::optional<std::string_view> path;
  git::DiffMode mode = git::DiffMode::kPatch;
  std::int64_t context = 3;
  std::int64_t offset = 0;
  bool ignore_whitespace = false;
};

constexpr auto kFields =
    json::fields(json::field<&Args::from>("from").synonyms("ref", "base", "target", "commit"),
                 json::field<&Args::to>("to").synonyms("head"),
                 json::field<&Args::staged>("staged").optional().synonyms("cached"),
                 json::field<&Args::path>("path").synonyms("file_path", "filePath", "file"),
                 json::field<&Args::mode>("mode").optional(),
                 json::field<&Args::context>("context").optional().range(0, 10'000).synonyms(
                     "context_lines", "unified"),
                 json::field<&Args::offset>("offset").optional().range(0, 50'000).synonyms("skip"),
                 json::field<&Args::ignore_whitespace>("ignore_whitespace").optional());

Result<void> run(const Args& args, ToolContext& ctx, ToolOutput& out) {
  git::DiffOptions options;
  options.from = args.from.value_or("");
  options.to = args.to.value_or("");
  options.staged = args.staged;
  if (args.path) {
    TRY_ASSIGN(const sandbox::Path path, ctx.files.parse(*args.path));
    options.path = path.text();
  }
  options.context = static_cast<std::uint32_t>(args.context);
  options.ignore_whitespace = args.ignore_whitespace;
  options.patch = args.mode == git::DiffMode::kPatch;
  options.first_patch = static_cast<std::uint32_t>(args.offset);
  TRY_ASSIGN(const git::Diff diff, ctx.git.diff(options, ctx.cancel));
  const auto budget = static_cast<std::size_t>(std::max<std::int64_t>(ctx.max_tokens, 100) * 4);
  git::append_diff_text(diff,
                        {.mode = args.mode,
                         .offset = static_cast<std::size_t>(args.offset),
                         .max_bytes = budget,
                         .show_secrets = !ctx.files.hides(".env")},
                        out.text);
  return {};
}

}  // namespace

extern const Tool git_diff;
constinit const Tool git_diff =
    make_tool<Args, kFields, run>({.name = "git_diff",
                                   .group = Group::kGitRead,
                                   .lane = Lane::kHeavy,
                                   .deadline = std::chrono::seconds(20)});

}  // namespace quarry::tools
