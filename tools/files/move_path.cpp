#include <array>

#include "server/change/changes.h"
#include "server/change/words.h"
#include "server/sandbox/workspace.h"
#include "server/session/session.h"
#include "tools/files/new_name.h"
#include "tools/files/receipt.h"
#include "tools/tool.h"

namespace quarry::tools {
namespace {

using change::shown_path;
using sandbox::Kind;
using sandbox::Path;
using Last = sandbox::Workspace::Last;

struct Args {
  std::string_view source;
  std::string_view destination;
  bool copy = false;
  bool overwrite = false;
};

constexpr auto kFields = json::fields(
    json::field<&Args::source>("source").synonyms("from", "path", "old_path", "source_path", "src"),
    json::field<&Args::destination>("destination")
        .synonyms("to", "new_path", "target", "destination_path", "dst", "dest"),
    json::field<&Args::copy>("copy").optional(),
    json::field<&Args::overwrite>("overwrite").optional().synonyms("force"));

// Where it goes, as given: into a directory when the argument ends with a slash.
Result<Path> target_of(const Args& args, const Path& source, const sandbox::Workspace& files) {
  TRY_ASSIGN(Path given, files.parse(args.destination, "destination"));
  if (args.destination.ends_with('/') || given.is_root()) given = given.child(source.name());
  return given;
}

// Whether a copy would leave what is there as it is. Of what is not shown nobody is told.
Result<bool> is_copied_already(const Path& from, const Path& to, change::Change& change,
                               const sandbox::Workspace& files) {
  TRY_ASSIGN(const auto there, change.read(to));
  TRY_ASSIGN(const auto source, change.read(from));
  if (!there || !source || source->metadata.kind != there->metadata.kind) return false;
  const bool file = source->metadata.kind == Kind::kFile;
  if (file && source->metadata.mode != there->metadata.mode) return false;
  if (file && !files.check_shown(to, there->bytes)) return false;
  return source->bytes == there->bytes;
}

Result<void> run(const Args& args, ToolContext& context, ToolOutput& output) {
  TRY_ASSIGN(const Path given, context.files.parse(args.source, "source"));
  if (given.is_root()) return fail(Code::kDenied, "the root itself is neither moved nor copied");
  TRY_ASSIGN(const Path from, context.files.real(given, Last::kItself));
  TRY_ASSIGN(const Path given_to, target_of(args, from, context.files));
  TRY_ASSIGN(const Path to, context.files.real(given_to, Last::kItself));
  if (from == to) {
    return fail(Code::kInvalidArgs, "source and destination are the same: '{}'", shown_path(from));
  }
  if (context.files.hides(from.text()) && !context.files.hides(to.text())) {
    return fail(Code::kDenied,
                "'{}' is a file for secrets, whose content '{}' would show; keep its name",
                shown_path(from), shown_path(to));
  }
  change::Change change(context.changes, context.files,
                        {.session = context.session.handle(), .tool = "move_path"}, context.cancel);
  // A copy may be taken of what must not be changed, so only what changes is locked then.
  if (args.copy) {
    TRY(change.lock(std::array{to}, std::array{given_to}));
  } else {
    TRY(change.lock(std::array{from, to}, std::array{given, given_to}));
  }
  const auto source = context.files.metadata(from);
  if (!source && source.error().code == Code::kNotFound) {
    TRY(context.files.open_file(from));  // says what may have been meant
  }
  TRY_ASSIGN(const sandbox::Metadata what, source);
  bool replaced = false;
  if (const auto there = context.files.metadata(to)) {
    if (there->kind == Kind::kDirectory) {
      return fail(Code::kConflict,
                  "'{}' is a directory that exists already; to put it inside, end the destination "
                  "with a slash: '{}/'",
                  shown_path(to), shown_path(to));
    }
    if (!args.overwrite || what.kind == Kind::kDirectory) {
      return fail(Code::kConflict, "'{}' exists already; {}", shown_path(to),
                  what.kind == Kind::kDirectory
                      ? "a directory takes no file's place: delete that first, with delete_path"
                      : "pass overwrite=true to replace it");
    }
    replaced = true;
  } else if (there.error().code != Code::kNotFound) {
    return Failure(there.error());
  } else if (from.text().find('\\') == std::string::npos) {
    TRY(check_new_name(context.files, to, "destination"));
  }
  if (args.copy && replaced) {
    TRY_ASSIGN(const bool copied, is_copied_already(from, to, change, context.files));
    if (copied) {
      output.text = fmt::format("{} is as {} already; nothing was changed\n", shown_path(to),
                                shown_path(from));
      return {};
    }
  }
  TRY(args.copy ? change.copy(from, to, replaced) : change.move(from, to, replaced));
  TRY_ASSIGN(const change::Receipt receipt, change.commit());
  const char* slash = what.kind == Kind::kDirectory ? "/" : "";
  output.text =
      fmt::format("{} {}{} to {}{}{}\n", args.copy ? "copied" : "moved", shown_path(from), slash,
                  shown_path(to), slash, replaced ? ", replacing what was there" : "");
  append_receipt(output.text, receipt);
  return {};
}

}  // namespace

extern const Tool move_path;
constinit const Tool move_path = make_tool<Args, kFields, run>({
    .name = "move_path",
    .group = Group::kFiles,
    .lane = Lane::kHeavy,
    .order = Order::kAlone,
    .effect = Effect::kWrites,
    .deadline = std::chrono::seconds(60),
});

}  // namespace quarry::tools
