#include <array>

#include "server/base/utf8.h"
#include "server/change/changes.h"
#include "server/sandbox/workspace.h"
#include "server/session/session.h"
#include "tools/files/receipt.h"
#include "tools/tool.h"

namespace quarry::tools {
namespace {

using sandbox::Kind;
using sandbox::Path;

struct Args {
  std::string_view path;
  bool recursive = false;
  bool permanent = false;
};

constexpr auto kFields =
    json::fields(json::field<&Args::path>("path").synonyms("file_path", "filePath", "target_file",
                                                           "dir_path", "relative_path", "file"),
                 json::field<&Args::recursive>("recursive").optional(),
                 json::field<&Args::permanent>("permanent").optional());

Result<std::size_t> count_entries(const sandbox::Workspace& files, const Path& path) {
  TRY_ASSIGN(sandbox::Dir directory, files.open_directory(path));
  sandbox::Dir::Entry entry;
  std::size_t count = 0;
  while (true) {
    TRY_ASSIGN(const bool more, directory.next(entry));
    if (!more) return count;
    ++count;
  }
}

// Says what deletes what is too large to be kept, or is no file.
Result<void> with_hint(Result<void> removed, bool permanent) {
  if (removed || permanent) return removed;
  const Code code = removed.error().code;
  if (code != Code::kTooLarge && code != Code::kInvalidArgs) return removed;
  return fail(code, "{}; permanent=true deletes it without keeping it", removed.error().message);
}

Result<void> run(const Args& args, ToolContext& context, ToolOutput& output) {
  TRY_ASSIGN(const Path given, context.files.parse(args.path));
  if (given.is_root()) return fail(Code::kDenied, "the root itself is not deleted");
  TRY_ASSIGN(const Path path, context.files.real(given, sandbox::Workspace::Last::kItself));
  change::Change change(context.changes, context.files,
                        {.session = context.session.handle(), .tool = "delete_path"},
                        context.cancel);
  TRY(change.lock(std::array{path}, std::array{given}));
  const auto there = context.files.metadata(path);
  if (!there && there.error().code == Code::kNotFound) {
    TRY(context.files.open_file(path));  // says what may have been meant
  }
  TRY_ASSIGN(const sandbox::Metadata what, there);
  std::string shown;
  utf8::append_escaped_name(shown, path.text());
  using Keep = change::Change::Keep;
  const Keep keep = args.permanent ? Keep::kNothing : Keep::kContent;
  if (what.kind != Kind::kDirectory) {
    TRY(with_hint(change.remove(path, keep), args.permanent));
  } else {
    TRY_ASSIGN(const std::size_t entries, count_entries(context.files, path));
    if (entries > 0 && !args.recursive) {
      return fail(Code::kConflict,
                  "directory '{}' is not empty ({} {}); pass recursive=true to delete it with all "
                  "that it holds",
                  shown, entries, entries == 1 ? "entry" : "entries");
    }
    TRY(with_hint(change.remove_tree(path, keep), args.permanent));
  }
  const std::size_t steps = change.steps();
  TRY_ASSIGN(const change::Receipt receipt, change.commit());
  output.text = "deleted " + shown;
  if (what.kind == Kind::kDirectory) output.text += "/";
  if (steps > 1) output.text += fmt::format(" with {} below it", steps - 1);
  if (what.kind == Kind::kSymlink)
    output.text += " (a symbolic link; what it leads to is untouched)";
  output.text += "\n";
  append_receipt(output.text, receipt);
  return {};
}

}  // namespace

extern const Tool delete_path;
constinit const Tool delete_path = make_tool<Args, kFields, run>({
    .name = "delete_path",
    .group = Group::kFiles,
    .lane = Lane::kHeavy,
    .order = Order::kAlone,
    .effect = Effect::kWrites,
    .deadline = std::chrono::seconds(60),
});

}  // namespace quarry::tools
