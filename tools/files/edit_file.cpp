#include <array>

#include "server/base/hash.h"
#include "server/base/utf8.h"
#include "server/change/changes.h"
#include "server/edit/locate.h"
#include "server/json/document.h"
#include "server/sandbox/workspace.h"
#include "server/session/session.h"
#include "tools/files/elsewhere.h"
#include "tools/files/new_name.h"
#include "tools/files/receipt.h"
#include "tools/files/received.h"
#include "tools/files/text_file.h"
#include "tools/tool.h"

namespace quarry::tools {
namespace {

using edit::Replacement;

struct Args {
  std::string_view path;
  std::optional<std::string_view> old_string;
  std::optional<std::string_view> new_string;
  bool replace_all = false;
  json::Value edits;
  bool dry_run = false;
  std::string_view expected_hash;
  std::string_view encoding;
  std::optional<std::int64_t> expected_replacements;
};

constexpr auto kFields = json::fields(
    json::field<&Args::path>("path").synonyms("file_path", "filePath", "target_file",
                                              "relative_path", "file"),
    json::field<&Args::old_string>("old_string")
        .synonyms("oldString", "old_str", "oldText", "old_text", "search"),
    json::field<&Args::new_string>("new_string")
        .synonyms("newString", "new_str", "newText", "new_text", "replace"),
    json::field<&Args::replace_all>("replace_all").optional().synonyms("replaceAll"),
    json::field<&Args::edits>("edits").optional().synonyms("replacements", "changes"),
    json::field<&Args::dry_run>("dry_run").optional().synonyms("dryRun", "preview"),
    json::field<&Args::expected_hash>("expected_hash").optional().synonyms("expectedHash"),
    json::field<&Args::encoding>("encoding").optional().synonyms("charset"),
    json::field<&Args::expected_replacements>("expected_replacements")
        .hidden()
        .range(1, 1'000'000)
        .synonyms("expectedReplacements", "expected_count"));

struct One {
  std::string_view old_string;
  std::string_view new_string;
  bool replace_all = false;
  std::string_view path;
};

constexpr auto kEditFields =
    json::fields(json::field<&One::old_string>("old_string")
                     .synonyms("oldString", "old_str", "oldText", "old_text", "search"),
                 json::field<&One::new_string>("new_string")
                     .synonyms("newString", "new_str", "newText", "new_text", "replace"),
                 json::field<&One::replace_all>("replace_all").optional().synonyms("replaceAll"),
                 json::field<&One::path>("path").hidden().synonyms("file_path", "filePath",
                                                                   "target_file", "file"));

constexpr std::size_t kMostEdits = 1000;

// `edits` as it was meant: a list that was sent as text is read (into `read`, which outlives it).
Result<json::Value> list_of(const Args& args, json::Document& read) {
  if (!args.edits.is(json::Type::kString)) return args.edits;
  json::Parser parser;
  const auto parsed = read.parse_copy(parser, args.edits.string());
  if (parsed) return read.root();
  return fail(Code::kInvalidArgs,
              "argument 'edits' must be an array of objects; its text is no JSON: {}",
              parsed.error().message);
}

// An edit may name the file once more.
Result<void> check_same_file(const One& one, const Args& args, const sandbox::Workspace& files) {
  if (one.path.empty()) return {};
  TRY_ASSIGN(const sandbox::Path own, files.parse(one.path));
  TRY_ASSIGN(const sandbox::Path path, files.parse(args.path));
  if (own == path) return {};
  return fail(Code::kInvalidArgs,
              "it names another file than 'path'; one call edits one file, apply_patch several");
}

Result<std::vector<Replacement>> edits_of(const Args& args, const sandbox::Workspace& files,
                                          json::Document& read) {
  std::vector<Replacement> edits;
  TRY_ASSIGN(const json::Value list, list_of(args, read));
  const bool listed = list && !list.is(json::Type::kNull);
  if (listed == (args.old_string || args.new_string)) {
    return fail(Code::kInvalidArgs,
                "give either 'old_string' and 'new_string', or 'edits', a list of such pairs");
  }
  if (!listed) {
    if (!args.old_string || !args.new_string) {
      return fail(Code::kInvalidArgs, "missing required argument '{}'",
                  args.old_string ? "new_string" : "old_string");
    }
    const bool several = args.expected_replacements.value_or(1) > 1;
    edits.push_back({*args.old_string, *args.new_string, args.replace_all || several});
    return edits;
  }
  const bool one_object = list.is(json::Type::kObject);
  if (!one_object &&
      (!list.is(json::Type::kArray) || list.size() == 0 || list.size() > kMostEdits)) {
    return fail(Code::kInvalidArgs, "argument 'edits' must be an array of 1 to {} objects",
                kMostEdits);
  }
  std::size_t number = 0;
  for (json::Value item = one_object ? list : list.first(); item;
       item = one_object ? json::Value() : list.after(item)) {
    ++number;
    One one{.old_string = {}, .new_string = {}, .replace_all = args.replace_all, .path = {}};
    if (!item.is(json::Type::kObject)) {
      return fail(Code::kInvalidArgs, "edit {}: an object with 'old_string' and 'new_string'",
                  number);
    }
    if (const auto bound = json::bind(kEditFields, item, one); !bound) {
      return fail(bound.error().code, "edit {}: {}", number, bound.error().message);
    }
    if (const auto same = check_same_file(one, args, files); !same) {
      return fail(same.error().code, "edit {}: {}", number, same.error().message);
    }
    edits.push_back({one.old_string, one.new_string, one.replace_all});
  }
  return edits;
}

// An empty old text makes a file, as the habit is.
bool makes_file(const std::vector<Replacement>& edits) {
  return edits.size() == 1 && edits.front().old_text.empty() && !edits.front().new_text.empty();
}

Result<void> run(const Args& args, ToolContext& context, ToolOutput& output) {
  json::Document read;
  TRY_ASSIGN(const std::vector<Replacement> edits, edits_of(args, context.files, read));
  TRY_ASSIGN(const sandbox::Path given, context.files.parse(args.path));
  TRY_ASSIGN(const sandbox::Path path,
             context.files.real(given, sandbox::Workspace::Last::kFollow));
  std::string shown;
  utf8::append_escaped_name(shown, path.display());
  if (context.files.hides(path.text())) {
    return fail(Code::kDenied,
                "'{}' is a file for secrets: its content is not shown, and so it is not edited",
                shown);
  }
  change::Change change(context.changes, context.files,
                        {.session = context.session.handle(), .tool = "edit_file"}, context.cancel);
  TRY(change.lock(std::array{path}, std::array{given}));
  TRY_ASSIGN(const std::optional<change::Found> found, read_file_or_none(change, path));
  const bool fresh = makes_file(edits) && (!found || found->bytes.empty());
  if (!found && !fresh) {
    const auto missing = context.files.open_file(given);  // says what is wrong, and what is there
    if (!missing) return name_elsewhere(context, args.path, missing.error());
    return fail(Code::kConflict, "'{}' was made just now; call again", shown);
  }
  if (!found) TRY(check_new_name(context.files, path));
  const std::string_view before = found ? std::string_view(found->bytes) : std::string_view();
  TRY(context.files.check_shown(path, before));
  TRY(check_hash(args.expected_hash, before, shown));
  TRY_ASSIGN(const std::optional<files::Charset> charset, charset_of(args.encoding));
  TRY_ASSIGN(const files::Decoded decoded, editable(before, charset, shown));
  edit::Located located;
  if (fresh) {
    const std::size_t end = decoded.text.size();
    located.splices.push_back({.begin = end, .end = end, .with = std::string(edits[0].new_text)});
    located.replacements = 1;
  } else {
    auto places = edit::locate(decoded.text, edits, context.cancel);
    if (!places) {
      return fail(places.error().code, "'{}': {}", shown, places.error().message);
    }
    located = std::move(*places);
    const auto made = static_cast<std::int64_t>(located.replacements);
    if (args.expected_replacements.value_or(made) != made) {
      return fail(Code::kConflict,
                  "'{}': {} {}, not {} as expected_replacements says; nothing was changed", shown,
                  made, made == 1 ? "place" : "places", *args.expected_replacements);
    }
  }
  TRY_ASSIGN(Spliced after, spliced_bytes(before, decoded, located.splices, context.cancel));
  if (found && after.bytes == before) {
    output.text = fmt::format("the edits leave {} as it is; nothing was changed\n", shown);
    return {};
  }
  const std::string head = fmt::format("{} {}{}: {} {}",
                                       args.dry_run ? "would edit"
                                       : fresh      ? "created"
                                                    : "edited",
                                       shown, after.note, located.replacements,
                                       located.replacements == 1 ? "place" : "places");
  append_edit(output.text, head, decoded.text, edit::spliced(decoded.text, located.splices),
              content_hash(after.bytes),
              diff_bytes(args.dry_run, static_cast<std::size_t>(context.max_tokens) * 4));
  if (!args.dry_run && args.encoding.empty()) {
    note_change(context, path, {.before = before, .after = after.bytes, .sent_whole = false},
                output);
  }
  TRY(change.put(path, std::move(after.bytes)));
  if (args.dry_run) return change.try_out();
  TRY_ASSIGN(const change::Receipt receipt, change.commit());
  append_receipt(output.text, receipt);
  return {};
}

}  // namespace

extern const Tool edit_file;
constinit const Tool edit_file = make_tool<Args, kFields, run>({
    .name = "edit_file",
    .group = Group::kFiles,
    .lane = Lane::kHeavy,
    .order = Order::kAlone,
    .effect = Effect::kWrites,
    .deadline = std::chrono::seconds(20),
});

}  // namespace quarry::tools
