#include <algorithm>

#include "server/base/utf8.h"
#include "server/change/changes.h"
#include "server/edit/diff.h"
#include "server/sandbox/workspace.h"
#include "server/session/session.h"
#include "tools/files/text_file.h"
#include "tools/tool.h"

namespace quarry::tools {
namespace {

using journal::Step;

struct Args {
  std::int64_t count = 1;
  std::string_view change_id;
  bool dry_run = false;
};

constexpr auto kFields =
    json::fields(json::field<&Args::count>("count").optional().range(1, 100).synonyms("n", "steps"),
                 json::field<&Args::change_id>("change_id").optional().synonyms("id", "changeId"),
                 json::field<&Args::dry_run>("dry_run").optional().synonyms("dryRun"));

constexpr std::size_t kShownSteps = 20;  // of one change

void append_step(std::string& out, const Step& step, const change::Undone& undone) {
  std::string path;
  utf8::append_escaped_name(path, step.path);
  if (step.kind == Step::Kind::kMove) {
    std::string to;
    utf8::append_escaped_name(to, step.to);
    out += fmt::format("  {} moved back to {}\n", to, path);
    return;
  }
  if (undone.kept.count(step.path) != 0) {
    out += fmt::format("  {}/ kept: something else is in it\n", path);
    return;
  }
  const char* what = step.kind == Step::Kind::kDirectory ? "/" : "";
  const char* done = !step.before ? "removed" : step.after ? "put back as it was" : "made again";
  out += fmt::format("  {}{} {}\n", path, what, done);
}

// What the step does to the text of its file, within `room` bytes, which it takes from.
void append_diff(std::string& out, const Step& step, const change::Undone& undone,
                 std::size_t& room) {
  for (const change::Rewritten& file : undone.rewritten) {
    if (file.path != step.path || room == 0) continue;
    const auto now = editable(file.now, std::nullopt, step.path);
    const auto then = editable(file.then, std::nullopt, step.path);
    if (!now || !then) return;
    const std::string diff = edit::unified_diff(now->text, then->text, room, 1).text;
    out += diff;
    room -= std::min(room, diff.size());
    return;
  }
}

void append(std::string& out, const change::Undone& undone, bool dry_run, std::size_t& room) {
  if (!undone.refusal.empty()) {
    out += fmt::format("change {} ({}) not undone: {}{}{}\n", undone.id, undone.tool,
                       undone.refusal, undone.way_on.empty() ? "" : "; ", undone.way_on);
    return;
  }
  out += fmt::format("change {} ({}) {}\n", undone.id, undone.tool,
                     dry_run ? "would be undone" : "undone");
  std::size_t shown = 0;
  for (std::size_t i = undone.steps.size(); i-- > 0 && shown < kShownSteps; ++shown) {
    append_step(out, undone.steps[i], undone);
    append_diff(out, undone.steps[i], undone, room);
  }
  if (undone.steps.size() > shown) {
    out += fmt::format("  and {} more\n", undone.steps.size() - shown);
  }
  if (!dry_run) {
    out += fmt::format("  to take this back: undo with change_id={}\n", undone.undo_id);
  }
}

Result<void> run(const Args& args, ToolContext& context, ToolOutput& output) {
  const change::UndoRequest request{.session = context.session.handle(),
                                    .count = static_cast<std::size_t>(args.count),
                                    .id = std::string(args.change_id),
                                    .dry_run = args.dry_run};
  TRY_ASSIGN(const std::vector<change::Undone> undone,
             context.changes.undo(context.files, request, context.cancel));
  std::string text;
  if (!undone.front().passed_over.empty()) {
    text = fmt::format("change {} deleted files for good and stays; the one before it:\n",
                       undone.front().passed_over);
  }
  // At most half of the answer.
  auto room = diff_bytes(args.dry_run, static_cast<std::size_t>(context.max_tokens) * 2);
  for (const change::Undone& one : undone) append(text, one, args.dry_run, room);
  if (undone.front().refusal.empty()) {
    if (!undone.back().refusal.empty()) {
      text += fmt::format("{} of {} undone\n", undone.size() - 1, args.count);
    } else if (args.change_id.empty() && undone.size() < request.count) {
      text += "there are no more changes of this session\n";
    }
    output.text = std::move(text);
    return {};
  }
  text.pop_back();
  return fail(Code::kConflict, "{}", text);
}

}  // namespace

extern const Tool undo;
constinit const Tool undo = make_tool<Args, kFields, run>({
    .name = "undo",
    .group = Group::kFiles,
    .lane = Lane::kHeavy,
    .order = Order::kAlone,
    .effect = Effect::kWrites,
    .deadline = std::chrono::seconds(60),
});

}  // namespace quarry::tools
