#include <algorithm>
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

constexpr std::size_t kPart = 5000;  // files and directories of one change, at most

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

// What was deleted.
struct Deleted {
  sandbox::Metadata what;
  std::size_t steps = 0;
  change::Receipt receipt;
  bool in_parts = false;  // not yet: it is for good and too much for one change
};

change::Change begin(const ToolContext& context) {
  return {context.changes,
          context.files,
          {.session = context.session.handle(), .tool = "delete_path"},
          context.cancel};
}

// In one change. It holds its lock no longer when this returns.
Result<Deleted> delete_at_once(const Args& args, const Path& given, const Path& path,
                               const std::string& shown, ToolContext& context) {
  change::Change change = begin(context);
  TRY(change.lock(std::array{path}, std::array{given}));
  const auto there = context.files.metadata(path);
  if (!there && there.error().code == Code::kNotFound) {
    TRY(context.files.open_file(path));  // says what may have been meant
  }
  Deleted deleted;
  TRY_ASSIGN(deleted.what, there);
  using Keep = change::Change::Keep;
  const Keep keep = args.permanent ? Keep::kNothing : Keep::kContent;
  if (deleted.what.kind != Kind::kDirectory) {
    TRY(with_hint(change.remove(path, keep), args.permanent));
  } else {
    TRY_ASSIGN(const std::size_t entries, count_entries(context.files, path));
    if (entries > 0 && !args.recursive) {
      return fail(Code::kConflict,
                  "directory '{}' is not empty ({} {}); pass recursive=true to delete it with all "
                  "that it holds",
                  shown, entries, entries == 1 ? "entry" : "entries");
    }
    const auto removed = change.remove_tree(path, keep);
    deleted.in_parts = args.permanent && !removed && removed.error().code == Code::kTooLarge;
    if (deleted.in_parts) return deleted;
    TRY(with_hint(removed, args.permanent));
  }
  deleted.steps = change.steps();
  TRY_ASSIGN(deleted.receipt, change.commit());
  return deleted;
}

// A tree of any size: what is deleted for good cannot be taken back when a part of it fails, in
// however many changes it is made.
Result<void> delete_in_parts(const Path& given, const Path& path, ToolContext& context,
                             Deleted& deleted) {
  const std::size_t part = std::min(kPart, context.changes.limits().size(Limit::kChangeFiles));
  for (bool whole = false; !whole;) {
    change::Change change = begin(context);
    TRY(change.lock(std::array{path}, std::array{given}));
    if (deleted.steps == 0) TRY(change.check_tree(path));
    TRY_ASSIGN(whole, change.remove_part(path, part));
    TRY_ASSIGN(deleted.receipt, change.commit());
    deleted.steps += change.steps();
  }
  return {};
}

Result<void> run(const Args& args, ToolContext& context, ToolOutput& output) {
  TRY_ASSIGN(const Path given, context.files.parse(args.path));
  if (given.is_root()) return fail(Code::kDenied, "the root itself is not deleted");
  TRY_ASSIGN(const Path path, context.files.real(given, sandbox::Workspace::Last::kItself));
  std::string shown;
  utf8::append_escaped_name(shown, path.text());
  TRY_ASSIGN(Deleted deleted, delete_at_once(args, given, path, shown, context));
  if (deleted.in_parts) {
    auto done = delete_in_parts(given, path, context, deleted);
    if (!done && deleted.steps == 0) return done;
    if (!done) {
      return fail(done.error().code,
                  "{}; before that {} files and directories below '{}' were deleted for good: call "
                  "again for the rest",
                  done.error().message, deleted.steps, shown);
    }
  }
  output.text = "deleted " + shown;
  if (deleted.what.kind == Kind::kDirectory) output.text += "/";
  if (deleted.steps > 1) output.text += fmt::format(" with {} below it", deleted.steps - 1);
  if (deleted.what.kind == Kind::kSymlink)
    output.text += " (a symbolic link; what it leads to is untouched)";
  if (deleted.what.kind == Kind::kFile && deleted.what.links > 1)
    output.text += " (a hard link; the file stays under its other names)";
  output.text += "\n";
  append_receipt(output.text, deleted.receipt);
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
