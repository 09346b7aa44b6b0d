#include <array>

#include "server/base/hash.h"
#include "server/base/utf8.h"
#include "server/change/changes.h"
#include "server/edit/locate.h"
#include "server/files/text.h"
#include "server/sandbox/workspace.h"
#include "server/session/session.h"
#include "tools/files/receipt.h"
#include "tools/files/received.h"
#include "tools/files/text_file.h"
#include "tools/tool.h"

namespace quarry::tools {

enum class LineEndChoice : std::uint8_t { kKeep, kLf, kCrlf, kCr };

}  // namespace quarry::tools

template <>
inline constexpr std::array quarry::json::enum_names<quarry::tools::LineEndChoice> = {
    std::string_view("keep"), std::string_view("lf"), std::string_view("crlf"),
    std::string_view("cr")};

namespace quarry::tools {
namespace {

struct Args {
  std::string_view path;
  std::optional<std::string_view> content;
  std::string_view expected_hash;
  bool create_only = false;
  bool append = false;
  LineEndChoice eol = LineEndChoice::kKeep;
  std::string_view encoding;
};

constexpr auto kFields = json::fields(
    json::field<&Args::path>("path").synonyms("file_path", "filePath", "target_file",
                                              "relative_path", "file"),
    json::field<&Args::content>("content").synonyms("contents", "text", "file_text", "code_edit"),
    json::field<&Args::expected_hash>("expected_hash").optional().synonyms("expectedHash"),
    json::field<&Args::create_only>("create_only").optional().synonyms("createOnly"),
    json::field<&Args::append>("append").optional(),
    json::field<&Args::eol>("eol").optional().synonyms("line_ends", "line_endings"),
    json::field<&Args::encoding>("encoding").optional().synonyms("charset"));

using sandbox::Path;

// `content` with its line ends as wanted; kept as they come when it has any but "\n".
std::string with_ends(std::string_view content, LineEndChoice choice, std::string_view old_text) {
  if (choice == LineEndChoice::kKeep) {
    if (content.find('\r') != std::string_view::npos) return std::string(content);
    const files::TextShape shape = files::find_shape(old_text);
    if (shape.ends == files::LineEnds::kCrlf) {
      choice = LineEndChoice::kCrlf;
    } else if (shape.ends == files::LineEnds::kCr) {
      choice = LineEndChoice::kCr;
    } else {
      return std::string(content);
    }
  }
  const std::string_view end = choice == LineEndChoice::kCrlf ? "\r\n"
                               : choice == LineEndChoice::kCr ? "\r"
                                                              : "\n";
  std::string out;
  for (std::size_t i = 0; i < content.size(); ++i) {
    if (content[i] == '\r') {
      if (i + 1 < content.size() && content[i + 1] == '\n') ++i;
      out.append(end);
    } else if (content[i] == '\n') {
      out.append(end);
    } else {
      out.push_back(content[i]);
    }
  }
  return out;
}

Result<void> make_directory(const Path& path, ToolContext& context, ToolOutput& output) {
  change::Change change(context.changes, context.files,
                        {.session = context.session.handle(), .tool = "write_file"},
                        context.cancel);
  TRY(change.lock(std::array{path}));
  std::string shown;
  utf8::append_escaped_name(shown, path.display());
  if (const auto there = context.files.metadata(path)) {
    if (there->kind != sandbox::Kind::kDirectory) {
      return fail(Code::kConflict, "'{}' exists already and is no directory", shown);
    }
    output.text = fmt::format("directory {}/ exists already; nothing was changed\n", shown);
    return {};
  }
  TRY(change.make_directory(path));
  TRY_ASSIGN(const change::Receipt receipt, change.commit());
  output.text = fmt::format("made directory {}/\n", shown);
  append_receipt(output.text, receipt);
  return {};
}

struct NewContent {
  std::string bytes;   // of the file
  std::string text;    // the same, decoded
  std::string before;  // the text that was there
};

// What the file shall hold: in the encoding of what it replaces, unless another is asked for.
Result<NewContent> new_content(const Args& args, const std::optional<change::Found>& found,
                               const std::string& shown) {
  const std::string_view content = *args.content;
  TRY_ASSIGN(const std::optional<files::Charset> wanted, charset_of(args.encoding));
  files::Charset charset = wanted.value_or(files::Charset());
  NewContent made;
  if (found) {
    const std::optional<files::Charset> none;
    const auto old = editable(found->bytes, args.append ? wanted : none, shown);
    if (!old && args.append) return Failure(old.error());
    if (old) {
      made.before = old->text;
      // A file that held nothing says nothing about its encoding.
      if (!wanted && !found->bytes.empty()) charset = old->charset;
      if (args.append) charset = old->charset;
    }
  }
  const std::string with = with_ends(content, args.eol, made.before);
  TRY_ASSIGN(const std::string encoded, files::encode(with, charset));
  if (args.append && found) {
    made.bytes = found->bytes + encoded;
    made.text = made.before + with;
  } else {
    made.bytes = std::string(charset.bom()) + encoded;
    made.text = with;
  }
  return made;
}

Result<void> run(const Args& args, ToolContext& context, ToolOutput& output) {
  TRY_ASSIGN(const Path given, context.files.parse(args.path));
  TRY_ASSIGN(const Path path, context.files.real(given, sandbox::Workspace::Last::kFollow));
  if (args.path.ends_with('/')) {
    if (args.content && !args.content->empty()) {
      return fail(
          Code::kInvalidArgs,
          "argument 'path' ends with a slash, which makes a directory: leave 'content' out, "
          "or give the file's name");
    }
    return make_directory(path, context, output);
  }
  std::string shown;
  utf8::append_escaped_name(shown, path.display());
  if (path.is_root()) return fail(Code::kInvalidArgs, "'.' is the root itself; name a file");
  if (!args.content) {
    return fail(Code::kInvalidArgs,
                "missing required argument 'content'; \"\" makes an empty file");
  }
  change::Change change(context.changes, context.files,
                        {.session = context.session.handle(), .tool = "write_file"},
                        context.cancel);
  TRY(change.lock(std::array{path}, std::array{given}));
  TRY_ASSIGN(const std::optional<change::Found> found, read_file_or_none(change, path));
  if (found && args.create_only) {
    return fail(Code::kConflict, "'{}' exists already, and create_only was given", shown);
  }
  if (!args.expected_hash.empty() && !found) {
    return fail(Code::kConflict, "'{}' does not exist, but expected_hash was given", shown);
  }
  const std::string_view before = found ? std::string_view(found->bytes) : std::string_view();
  TRY(check_hash(args.expected_hash, before, shown));
  TRY_ASSIGN(NewContent made, new_content(args, found, shown));
  if (found && before == made.bytes) {
    output.text = fmt::format("{} has this content already; nothing was changed\n", shown);
    return {};
  }
  if (found) {
    std::string rendered;
    append_edit(rendered, fmt::format("{} {}", args.append ? "appended to" : "updated", shown),
                made.before, made.text, content_hash(made.bytes), 0);
    output.text = rendered.substr(0, rendered.find('\n') + 1);
  } else {
    const files::TextShape shape = files::find_shape(made.text);
    output.text = fmt::format("created {}: {} {}, {} bytes, hash {}\n", shown, shape.lines,
                              shape.lines == 1 ? "line" : "lines", made.bytes.size(),
                              content_hash(made.bytes));
  }
  if (args.encoding.empty()) {
    note_change(context, path, {.before = before, .after = made.bytes, .sent_whole = !args.append},
                output);
  }
  TRY(change.put(path, std::move(made.bytes)));
  TRY_ASSIGN(const change::Receipt receipt, change.commit());
  append_receipt(output.text, receipt);
  return {};
}

}  // namespace

extern const Tool write_file;
constinit const Tool write_file = make_tool<Args, kFields, run>({
    .name = "write_file",
    .group = Group::kFiles,
    .lane = Lane::kHeavy,
    .order = Order::kAlone,
    .effect = Effect::kWrites,
    .deadline = std::chrono::seconds(20),
});

}  // namespace quarry::tools
