#include "server/base/utf8.h"
#include "server/change/changes.h"
#include "server/edit/patch.h"
#include "server/sandbox/workspace.h"
#include "server/session/session.h"
#include "tools/files/patch_tree.h"
#include "tools/files/receipt.h"
#include "tools/tool.h"

namespace quarry::tools {
namespace {

struct Args {
  std::string_view patch;
  bool dry_run = false;
  std::string_view path;
};

constexpr auto kFields =
    json::fields(json::field<&Args::patch>("patch").synonyms(
                     "input", "diff", "patch_text", "patchText", "unified_diff", "content"),
                 json::field<&Args::dry_run>("dry_run").optional().synonyms("dryRun", "preview"),
                 json::field<&Args::path>("path").hidden().synonyms("file_path", "filePath",
                                                                    "target_file", "file"));

constexpr std::size_t kMostErrors = 5;

// What all parts make, or what is wrong with those that make nothing.
Result<std::string> plan_all(PatchTree& tree, std::size_t parts, std::size_t budget) {
  std::string said;
  std::string wrong;
  std::optional<Code> code;
  std::size_t failed = 0;
  std::size_t left_out = 0;
  for (std::size_t at = 0; at < parts; ++at) {
    std::string line;
    const auto planned = tree.plan(at, line);
    if (planned) {
      // Of a file whose hunks say too much the first line is said.
      if (said.size() + line.size() > budget) {
        const std::size_t end = line.find('\n') + 1;
        if (end < line.size()) {
          line.resize(end);
          line += "  how its hunks fit is left out (max_tokens reached)\n";
        }
      }
      if (said.size() + line.size() <= budget || said.empty()) {
        said += line;
      } else {
        ++left_out;
      }
      continue;
    }
    const Error& error = planned.error();
    if (error.code == Code::kCancelled || error.code == Code::kTimeout) return Failure(error);
    code = code.value_or(error.code);
    if (++failed <= kMostErrors) wrong += error.message + "\n";
  }
  if (failed > kMostErrors) wrong += fmt::format("and {} more\n", failed - kMostErrors);
  if (code && parts > 1) {
    return fail(*code, "{}{} of {} files of the patch do not apply; nothing was changed", wrong,
                failed, parts);
  }
  if (code) return fail(*code, "{}nothing was changed", wrong);
  if (left_out > 0) said += fmt::format("... and {} more files\n", left_out);
  return said;
}

// Hunks whose file stands beside them instead of in front.
Result<void> check_named(const Args& args) {
  const std::size_t first = args.patch.find_first_not_of(" \t\r\n");
  if (args.path.empty() || first == args.patch.npos) return {};
  if (!args.patch.substr(first).starts_with("@@")) return {};
  std::string shown;
  utf8::append_escaped_name(shown, args.path.substr(0, sandbox::Path::kMaxBytes));
  const bool numbered = args.patch.substr(first).starts_with("@@ -");
  return fail(Code::kInvalidArgs,
              "the patch itself names its files, there is no argument 'path': put {} before its "
              "first line",
              numbered
                  ? fmt::format("the lines '--- a/{}' and '+++ b/{}'", shown, shown)
                  : fmt::format("the lines '*** Begin Patch' and '*** Update File: {}'", shown));
}

Result<void> run(const Args& args, ToolContext& context, ToolOutput& output) {
  TRY(check_named(args));
  TRY_ASSIGN(const std::vector<edit::FilePatch> patches, edit::parse_patch(args.patch));
  change::Change change(context.changes, context.files,
                        {.session = context.session.handle(), .tool = "apply_patch"},
                        context.cancel);
  PatchTree tree(context, change);
  TRY(tree.open(patches));
  TRY_ASSIGN(const std::string said,
             plan_all(tree, patches.size(), static_cast<std::size_t>(context.max_tokens) * 4));
  TRY(tree.emit());
  const std::size_t files = patches.size();
  output.text = fmt::format("{} {} {}\n{}", args.dry_run ? "would patch" : "patched", files,
                            files == 1 ? "file" : "files", said);
  if (change.steps() == 0) {
    output.text += "nothing is different; nothing was changed\n";
    return {};
  }
  if (args.dry_run) return change.try_out();
  TRY_ASSIGN(const change::Receipt receipt, change.commit());
  append_receipt(output.text, receipt);
  return {};
}

}  // namespace

extern const Tool apply_patch;
constinit const Tool apply_patch = make_tool<Args, kFields, run>({
    .name = "apply_patch",
    .group = Group::kFiles,
    .lane = Lane::kHeavy,
    .order = Order::kAlone,
    .effect = Effect::kWrites,
    .deadline = std::chrono::seconds(30),
});

}  // namespace quarry::tools
