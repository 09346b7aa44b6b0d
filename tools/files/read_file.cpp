#include <algorithm>
#include <optional>

#include "server/base/utf8.h"
#include "server/files/read.h"
#include "server/sandbox/workspace.h"
#include "tools/tool.h"

namespace quarry::json {
template <>
inline constexpr std::array<std::string_view, 3> enum_names<files::ReadMode> = {"auto", "text",
                                                                                "image"};
}  // namespace quarry::json

namespace quarry::tools {
namespace {

struct Args {
  std::optional<std::string_view> path;
  std::vector<std::string_view> paths;
  std::int64_t offset = 1;
  std::int64_t limit = files::kDefaultLines;
  std::int64_t tail = 0;
  files::ReadMode mode = files::ReadMode::kAuto;
  std::optional<std::string_view> encoding;
  std::optional<std::int64_t> start_line, end_line;
};

constexpr std::int64_t kMostLines = 1'000'000'000;

constexpr auto kFields = json::fields(
    json::field<&Args::path>("path").synonyms("file_path", "filePath", "target_file",
                                              "relative_path", "file"),
    json::field<&Args::paths>("paths").optional().synonyms("file_paths", "filePaths", "files"),
    json::field<&Args::offset>("offset").optional().range(1, kMostLines),
    json::field<&Args::limit>("limit")
        .optional()
        .range(1, 1'000'000)
        .synonyms("length", "max_lines"),
    json::field<&Args::tail>("tail").optional().range(0, 1'000'000),
    json::field<&Args::mode>("mode").optional(),
    json::field<&Args::encoding>("encoding").synonyms("charset"),
    json::field<&Args::start_line>("start_line")
        .hidden()
        .range(1, kMostLines)
        .synonyms("startLine"),
    json::field<&Args::end_line>("end_line").hidden().range(1, kMostLines).synonyms("endLine"));

constexpr std::size_t kMostPaths = 100;
// Below this a further file would show little more than its header.
constexpr std::size_t kLeastShare = 400;

Result<files::ReadRequest> make_request(const Args& args) {
  files::ReadRequest request{
      .offset = args.offset, .limit = args.limit, .tail = args.tail, .mode = args.mode};
  if (args.encoding) {
    request.encoding = files::find_charset(*args.encoding);
    if (!request.encoding) {
      return fail(Code::kInvalidArgs, "unknown encoding '{}'; known are {}", *args.encoding,
                  files::charset_names());
    }
  }
  if (args.start_line || args.end_line) {
    request.offset = args.start_line.value_or(1);
    if (args.end_line) {
      if (*args.end_line < request.offset) {
        return fail(Code::kInvalidArgs, "end_line {} is before start_line {}", *args.end_line,
                    request.offset);
      }
      request.limit = *args.end_line - request.offset + 1;
    }
  }
  if (request.tail > 0 && request.offset > 1) {
    return fail(Code::kInvalidArgs, "give offset or tail, not both: tail counts from the end");
  }
  // A limit that the caller chose bounds a tail too.
  if (request.limit != files::kDefaultLines) request.tail = std::min(request.tail, request.limit);
  return request;
}

Result<void> read_one(const ToolContext& context, std::string_view text,
                      const files::ReadRequest& request, ToolOutput& output) {
  TRY_ASSIGN(const sandbox::Path path,
             context.files.parse(text, request.name_path ? "paths" : "path"));
  TRY_ASSIGN(std::optional<files::Picture> picture,
             files::read_file({context.files, context.line_indexes}, path, request, context.cancel,
                              output.text));
  if (picture) output.images.push_back({std::move(picture->bytes), picture->mime_type});
  return {};
}

// Each file takes at most its share of what is left; what it does not need goes to the next ones.
Result<void> read_several(const Args& args, files::ReadRequest request, const ToolContext& context,
                          ToolOutput& output) {
  const std::size_t budget = request.max_bytes;
  request.name_path = true;
  std::optional<Error> first_error;
  std::size_t failed = 0;
  std::size_t done = 0;
  std::size_t images = 0;
  for (; done < args.paths.size(); ++done) {
    TRY(context.cancel.check());
    const std::size_t left = budget - std::min(budget, output.text.size());
    request.max_bytes = left / (args.paths.size() - done);
    if (done > 0 && request.max_bytes < kLeastShare) {
      if (left < kLeastShare) break;
      request.max_bytes = kLeastShare;
    }
    if (done > 0) output.text.push_back('\n');
    Result<void> read = read_one(context, args.paths[done], request, output);
    if (!read) {
      if (read.error().code == Code::kCancelled) return read;
      ++failed;
      utf8::append_escaped_name(output.text, args.paths[done]);
      output.text.append(": not read: ").append(read.error().message).push_back('\n');
      if (!first_error) first_error = std::move(read).error();
    }
    if (output.images.size() > images) {
      images = output.images.size();
      request.max_image_bytes -= output.images.back().bytes.size();
    }
  }
  if (failed == args.paths.size()) {
    return Failure(Error{first_error->code, std::move(output.text)});
  }
  if (done < args.paths.size()) {
    output.text.append("\nnot read, the answer is full; call again with paths:");
    for (; done < args.paths.size(); ++done) {
      output.text.push_back('\n');
      utf8::append_escaped_name(output.text, args.paths[done]);
    }
  }
  return {};
}

Result<void> run(const Args& args, ToolContext& context, ToolOutput& output) {
  if (args.path.has_value() == !args.paths.empty()) {
    return fail(
        Code::kInvalidArgs, "{}",
        args.path ? "give path or paths, not both" : "missing argument 'path' (or 'paths')");
  }
  if (args.paths.size() > kMostPaths) {
    return fail(Code::kInvalidArgs, "{} paths are too many; at most {} in one call",
                args.paths.size(), kMostPaths);
  }
  TRY_ASSIGN(files::ReadRequest request, make_request(args));
  request.max_bytes = static_cast<std::size_t>(context.max_tokens) * 4;
  if (args.path) {
    TRY(read_one(context, *args.path, request, output));
  } else {
    TRY(read_several(args, request, context, output));
  }
  while (output.text.ends_with('\n')) output.text.pop_back();
  return {};
}

}  // namespace

extern const Tool read_file;
constinit const Tool read_file = make_tool<Args, kFields, run>(
    {.name = "read_file", .group = Group::kFiles, .lane = Lane::kQuick, .effect = Effect::kReads});

}  // namespace quarry::tools
