#include <algorithm>
#include <array>

#include "server/base/hash.h"
#include "server/base/utf8.h"
#include "server/change/changes.h"
#include "server/edit/locate.h"
#include "server/files/text.h"
#include "server/sandbox/workspace.h"
#include "server/session/session.h"
#include "tools/files/new_name.h"
#include "tools/files/receipt.h"
#include "tools/files/received.h"
#include "tools/files/text_file.h"
#include "tools/tool.h"

namespace quarry::tools {
namespace {

enum class LineEndChoice : std::uint8_t { kKeep, kLf, kCrlf, kCr };

struct Args {
  std::string_view path;
  std::optional<std::string_view> content;
  std::string_view expected_hash;
  bool create_only = false;
  bool append = false;
  std::string_view eol = "keep";
  std::string_view encoding;
};

constexpr auto kFields = json::fields(
    json::field<&Args::path>("path").synonyms("file_path", "filePath", "target_file",
                                              "relative_path", "file"),
    json::field<&Args::content>("content").synonyms("contents", "text", "file_text"),
    json::field<&Args::expected_hash>("expected_hash").optional().synonyms("expectedHash"),
    json::field<&Args::create_only>("create_only").optional().synonyms("createOnly"),
    json::field<&Args::append>("append").optional(),
    json::field<&Args::eol>("eol").optional().synonyms("line_ends", "line_endings"),
    json::field<&Args::encoding>("encoding").optional().synonyms("charset"));

using sandbox::Path;

// In any case, or as the characters themselves.
Result<LineEndChoice> choice_of(std::string_view eol) {
  std::string folded(eol);
  std::transform(folded.begin(), folded.end(), folded.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (folded == "keep") return LineEndChoice::kKeep;
  if (folded == "lf" || folded == "\n") return LineEndChoice::kLf;
  if (folded == "crlf" || folded == "\r\n") return LineEndChoice::kCrlf;
  if (folded == "cr" || folded == "\r") return LineEndChoice::kCr;
  std::string shown;
  utf8::append_escaped_name(shown, eol.substr(0, 20));
  return fail(Code::kInvalidArgs, "argument 'eol' must be one of keep, lf, crlf, cr, not '{}'",
              shown);
}

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

Result<void> make_directory(const Path& given, const Path& path, ToolContext& context,
                            ToolOutput& output) {
  change::Change change(context.changes, context.files,
                        {.session = context.session.handle(), .tool = "write_file"},
                        context.cancel);
  TRY(change.lock(std::array{path}, std::array{given}));
  std::string shown;
  utf8::append_escaped_name(shown, path.display());
  if (const auto there = context.files.metadata(path)) {
    if (there->kind != sandbox::Kind::kDirectory) {
      return fail(Code::kConflict, "'{}' exists already and is no directory", shown);
    }
    output.text = fmt::format("directory {}/ exists already; nothing was changed\n", shown);
    return {};
  }
  TRY(check_new_name(context.files, path));
  TRY(change.make_directory(path));
  TRY_ASSIGN(const change::Receipt receipt, change.commit());
  output.text = fmt::format("made directory {}/\n", shown);
  append_receipt(output.text, receipt);
  return {};
}

struct NewContent {
  std::string bytes;    // of the file
  std::string text;     // the same, decoded
  std::string before;   // the text that was there
  std::string recoded;  // ", encoding utf-8 to gbk" when that is another, or that it is a guess
};

constexpr std::string_view kContentMark = "\xEF\xBB\xBF";

std::string full_name(const files::Charset& charset) {
  return fmt::format("{}{}", charset.name(), charset.bom().empty() ? "" : " with BOM");
}

// The content was made of what read_file shows, where bytes that are no character are U+FFFD.
Result<void> check_undamaged(std::string_view content, const files::Decoded& old,
                             const std::string& shown) {
  if (!old.damaged || content.find(kReplacement) == content.npos) return {};
  return fail(Code::kInvalidArgs,
              "'{}' has bytes that are no {}, and content has the character U+FFFD that read_file "
              "shows for them: change the rest with edit_file, which keeps them, or give encoding",
              shown, old.charset.name());
}

// What the file shall hold: in the encoding of what it replaces, unless another is asked for.
// `hidden`: nothing is told of what it replaces.
Result<NewContent> new_content(const Args& args, const std::optional<change::Found>& found,
                               bool hidden, const std::string& shown) {
  std::string_view content = *args.content;
  TRY_ASSIGN(const LineEndChoice choice, choice_of(args.eol));
  TRY_ASSIGN(const std::optional<files::Charset> wanted, charset_of(args.encoding));
  files::Charset charset = wanted.value_or(files::Charset());
  NewContent made;
  if (found) {
    const std::optional<files::Charset> none;
    const auto old = editable(found->bytes, args.append ? wanted : none, shown);
    if (!old && args.append) return Failure(old.error());
    if (old) {
      made.before = old->text;
      if (!args.append && !wanted && !hidden) TRY(check_undamaged(content, *old, shown));
      // A file that held nothing says nothing about its encoding.
      if (!wanted && !found->bytes.empty()) charset = old->charset;
      if (args.append) charset = old->charset;
      if (!wanted) made.recoded = guess_note(*old, content);
      if (full_name(charset) != full_name(old->charset) && !found->bytes.empty()) {
        made.recoded =
            fmt::format(", encoding {} to {}", full_name(old->charset), full_name(charset));
      }
    }
  }
  // A mark that the content brings along is the one that the file has anyway.
  const bool starts = !args.append || !found || found->bytes.empty();
  if (starts && !charset.bom().empty() && content.starts_with(kContentMark)) {
    content.remove_prefix(kContentMark.size());
  }
  const std::string with = with_ends(content, choice, made.before);
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
    return make_directory(given, path, context, output);
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
  if (!found) TRY(check_new_name(context.files, path));
  if (found && args.create_only) {
    return fail(Code::kConflict, "'{}' exists already; leave create_only out to replace it", shown);
  }
  if (!args.expected_hash.empty() && !found) {
    return fail(Code::kConflict, "'{}' does not exist, but expected_hash was given", shown);
  }
  const std::string_view before = found ? std::string_view(found->bytes) : std::string_view();
  // Neither its hash nor what of it was guessed right.
  const bool hidden = found && !context.files.check_shown(path, before);
  TRY(check_hash(args.expected_hash, before, shown, hidden));
  TRY_ASSIGN(NewContent made, new_content(args, found, hidden, shown));
  if (hidden) {
    output.text =
        fmt::format("{} {}, a file for secrets\n", args.append ? "appended to" : "updated", shown);
  } else if (found && before == made.bytes) {
    output.text = fmt::format("{} has this content already; nothing was changed\n", shown);
    return {};
  } else if (found) {
    std::string rendered;
    append_edit(
        rendered,
        fmt::format("{} {}{}", args.append ? "appended to" : "updated", shown, made.recoded),
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
