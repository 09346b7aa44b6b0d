#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "server/base/utf8.h"
#include "server/files/read.h"
#include "server/json/document.h"
#include "server/revision/revision.h"
#include "server/search/find_files.h"
#include "tools/files/elsewhere.h"
#include "tools/files/read_one.h"
#include "tools/tool.h"

namespace quarry::json {
template <>
inline constexpr std::array<std::string_view, 4> enum_names<files::ReadMode> = {"auto", "text",
                                                                                "hex", "image"};
}  // namespace quarry::json

namespace quarry::tools {
namespace {

struct Args {
  std::optional<std::string_view> path;
  std::vector<std::string_view> paths;
  std::optional<std::int64_t> offset;
  std::int64_t limit = files::kDefaultLines;
  std::int64_t tail = 0;
  files::ReadMode mode = files::ReadMode::kAuto;
  bool force = false;
  std::optional<std::string_view> encoding, ref;
  std::optional<std::int64_t> start_line, end_line;
  json::Value view_range;
};

constexpr std::int64_t kMostLines = 1'000'000'000;
constexpr std::int64_t kMostBytes = std::int64_t{1} << 50U;

constexpr auto kFields = json::fields(
    json::field<&Args::path>("path").synonyms("file_path", "filePath", "target_file",
                                              "relative_path", "file", "absolute_path"),
    json::field<&Args::paths>("paths").optional().synonyms("file_paths", "filePaths", "files"),
    json::field<&Args::offset>("offset").range(-1'000'000, kMostBytes),
    json::field<&Args::limit>("limit")
        .optional()
        .range(1, 1'000'000)
        .synonyms("length", "max_lines", "head"),
    json::field<&Args::tail>("tail").optional().range(0, 1'000'000),
    json::field<&Args::mode>("mode").optional(), json::field<&Args::force>("force").optional(),
    json::field<&Args::encoding>("encoding").synonyms("charset"),
    json::field<&Args::ref>("ref").synonyms("revision", "commit"),
    json::field<&Args::start_line>("start_line")
        .hidden()
        .range(1, kMostLines)
        .synonyms("startLine", "start"),
    json::field<&Args::end_line>("end_line")
        .hidden()
        .range(1, kMostLines)
        .synonyms("endLine", "end"),
    json::field<&Args::view_range>("view_range")
        .hidden()
        .synonyms("viewRange", "line_range", "range", "lines"));

constexpr std::size_t kMostPaths = 100;
// Of the files of one call that are missing, those whose name is looked for elsewhere.
constexpr std::size_t kMostNamedElsewhere = 3;
// Below this a further file would show little more than its header.
constexpr std::size_t kLeastShare = 400;

// Lines as other servers' arguments give them: from 1, the last one included; 0: the end.
struct LineRange {
  std::int64_t first = 1;
  std::int64_t last = 0;
};

// Two numbers with whatever separates them, in brackets or not; or one, for both.
bool read_ends(std::string_view text, std::vector<std::int64_t>& ends) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  std::string plain(text);
  std::erase(plain, ' ');
  ends.resize(2);
  const char* const end = plain.data() + plain.size();
  auto read = std::from_chars(plain.data(), end, ends[0]);
  ends[1] = ends[0];
  if (read.ec == std::errc() && read.ptr != end) {
    read = std::from_chars(read.ptr + 1, end, ends[1]);
  }
  return read.ec == std::errc() && read.ptr == end;
}

// [first, last], also as text, or "first-last"; a last of -1 is the end.
Result<LineRange> read_view_range(json::Value range) {
  std::vector<std::int64_t> ends;
  bool two = false;
  if (range.is(json::Type::kString)) {
    two = read_ends(range.string(), ends);
  } else if (range.is(json::Type::kArray)) {
    for (json::Value end = range.first(); end; end = range.after(end)) {
      if (const auto line = end.integer()) ends.push_back(*line);
    }
    two = range.size() == 2 && ends.size() == 2;
  }
  if (!two || ends[0] < 1 || (ends[1] != -1 && ends[1] < ends[0])) {
    return fail(Code::kInvalidArgs,
                "view_range must be [first line, last line], from 1, or use offset and limit");
  }
  return LineRange{ends[0], std::max<std::int64_t>(ends[1], 0)};
}

// What stands for offset and limit, when it is given.
Result<std::optional<LineRange>> find_range(const Args& args) {
  const bool viewed = args.view_range && !args.view_range.is(json::Type::kNull);
  if (!viewed && !args.start_line && !args.end_line) return std::optional<LineRange>();
  const char* const name = viewed ? "view_range" : args.start_line ? "start_line" : "end_line";
  if (args.mode == files::ReadMode::kHex) {
    return fail(Code::kInvalidArgs,
                "{} counts lines, and mode=hex has none; give offset and limit in bytes", name);
  }
  if (args.tail > 0 || args.offset.value_or(1) < 1) {
    return fail(Code::kInvalidArgs, "give {} or tail, not both: tail counts from the end", name);
  }
  if (viewed && (args.start_line || args.end_line)) {
    return fail(Code::kInvalidArgs, "give view_range or start_line and end_line, not both");
  }
  // Some clients give every argument that they know its default.
  if ((viewed || args.start_line) && args.offset.value_or(1) != 1) {
    return fail(Code::kInvalidArgs, "give offset or {}, not both", name);
  }
  if (viewed) {
    TRY_ASSIGN(const LineRange range, read_view_range(args.view_range));
    return std::optional(range);
  }
  const LineRange range{args.start_line.value_or(args.offset.value_or(1)),
                        args.end_line.value_or(0)};
  if (args.end_line && range.last < range.first) {
    return fail(Code::kInvalidArgs, "end_line {} is before {} {}", range.last,
                args.start_line ? "start_line" : "line", range.first);
  }
  return std::optional(range);
}

Result<files::ReadRequest> make_request(const Args& args) {
  files::ReadRequest request{
      .limit = args.limit, .tail = args.tail, .mode = args.mode, .ref = args.ref.value_or("")};
  const bool hex = args.mode == files::ReadMode::kHex;
  TRY_ASSIGN(const std::optional<LineRange> range, find_range(args));
  request.offset = args.offset.value_or(hex ? 0 : 1);
  if (request.offset < 0) {
    if (hex || request.tail > 0) {
      return fail(Code::kInvalidArgs, "argument 'offset' is negative{}",
                  hex ? "; bytes are counted from 0" : "; give offset or tail, not both");
    }
    // So many last lines.
    request.tail = -request.offset;
    request.offset = 1;
  }
  if (!hex && request.offset < 1) {
    return fail(Code::kInvalidArgs,
                "argument 'offset' is a line and the first is 1; for the last lines use tail");
  }
  if (range) {
    request.offset = range->first;
    if (range->last > 0) {
      const std::int64_t lines = range->last - range->first + 1;
      request.limit =
          args.limit == files::kDefaultLines ? lines : std::min<std::int64_t>(args.limit, lines);
    }
  }
  if (args.ref && args.ref->empty()) {
    return fail(Code::kInvalidArgs, "argument 'ref' is empty; leave it out to read the tree");
  }
  if (args.encoding) {
    request.encoding = files::find_charset(*args.encoding);
    if (!request.encoding) {
      return fail(Code::kInvalidArgs, "unknown encoding '{}'; known are {}", *args.encoding,
                  files::charset_names());
    }
  }
  if (request.tail > 0 && args.offset.value_or(0) > 1) {
    return fail(Code::kInvalidArgs, "give offset or tail, not both: tail counts from the end");
  }
  // A limit that the caller chose bounds a tail too.
  if (request.limit != files::kDefaultLines) request.tail = std::min(request.tail, request.limit);
  return request;
}

bool has_glob(std::string_view text) {
  return text.find_first_of("*?{") != text.npos;
}

// One by this very name, whatever characters it has.
bool is_file(std::string_view path, const ToolContext& context) {
  const auto parsed = context.files.parse(path);
  if (!parsed) return false;
  const auto found = context.files.target_metadata(*parsed);
  return found && found->kind == sandbox::Kind::kFile;
}

// Whether it is a glob: what is there by that name is none. A revision is not asked.
bool names_several(std::string_view path, bool in_revision, const ToolContext& context) {
  return has_glob(path) && (in_revision || !is_file(path, context));
}

// What `paths` names, each file once: globs are matched in the tree, without what is ignored, or in
// the revision.
struct Wanted {
  std::string path;
  std::string problem;  // instead of a file: why `path` names none, or not all it could
};

Result<std::vector<Wanted>> find_wanted(const Args& args, const ToolContext& context) {
  std::vector<Wanted> wanted;
  std::set<std::string, std::less<>> named;
  const auto want = [&](std::string_view path) {
    const auto parsed = context.files.parse(path);
    const bool again = parsed && !named.insert(parsed->text()).second;
    if (!again) wanted.push_back({std::string(path), {}});
  };
  // In the tree what is there by that name is no glob; a revision is not asked, and has routes
  // named [id] as often.
  const auto may_be_glob = [&](std::string_view path) {
    return has_glob(path) || (!args.ref && path.find('[') != path.npos);
  };
  std::unique_ptr<revision::Revision> revision;  // once there is a glob to match in it
  for (const std::string_view path : args.paths) {
    if (!may_be_glob(path) || (!args.ref && is_file(path, context))) {
      want(path);
      continue;
    }
    if (!revision) {
      TRY_ASSIGN(revision,
                 revision::Revision::open_if_named(
                     args.ref, {context.files, context.git, context.store, context.revisions},
                     context.cancel));
    }
    search::FindQuery query;
    query.pattern = path;
    query.sort = search::FileOrder::kPath;
    query.limit = kMostPaths;
    query.max_bytes = kMostPaths * 8192;  // as long as paths can be
    auto found = search::find_files(query, {context.files, context.pool, context.cancel,
                                            context.clock, context.catalogue, revision.get()});
    if (!found) {
      if (found.error().code == Code::kCancelled) return Failure(found.error());
      wanted.push_back({std::string(path), std::move(found).error().message});
      continue;
    }
    const std::uint64_t listed = std::min<std::uint64_t>(found->matched, kMostPaths);
    std::string_view rest = found->text;
    for (std::uint64_t i = 0; i < listed; ++i) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      want(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (found->matched == 0) {
      wanted.push_back(
          {std::string(path),
           args.ref
               ? "no file of the revision matches"
               : "no file matches; glob with include_ignored=true looks at ignored files too"});
    } else if (found->matched > listed || !found->complete) {
      wanted.push_back(
          {std::string(path), fmt::format("more than {} files match; narrow it", listed)});
    }
  }
  return wanted;
}

// Each file takes at most its share of what is left; what it does not need goes to the next ones.
Result<void> read_several(const Args& args, files::ReadRequest request, const ToolContext& context,
                          ToolOutput& output) {
  TRY_ASSIGN(const std::vector<Wanted> wanted, find_wanted(args, context));
  const std::size_t budget = request.max_bytes;
  request.name_path = true;
  std::optional<Error> first_error;
  std::size_t failed = 0;
  std::size_t done = 0;
  std::size_t images = 0;
  for (; done < wanted.size(); ++done) {
    TRY(context.cancel.check());
    const std::size_t left = budget - std::min(budget, output.text.size());
    if (done > 0 && left < kLeastShare) break;
    request.max_bytes = std::max(left / (wanted.size() - done), std::min(left, kLeastShare));
    if (done > 0) output.text.push_back('\n');
    const std::string& problem = wanted[done].problem;
    Result<void> read = problem.empty()
                            ? read_one(context, wanted[done].path, request, args.force, output)
                            : fail(Code::kNotFound, "{}", problem);
    if (!read) {
      if (read.error().code == Code::kCancelled) return read;
      ++failed;
      utf8::append_escaped_name(output.text, wanted[done].path);
      // Each look for a name costs a walk of the tree.
      const bool plain = args.ref || failed > kMostNamedElsewhere;
      const Failure why =
          plain ? hand_on(read.error()) : name_elsewhere(context, wanted[done].path, read.error());
      output.text.append(": not read: ").append(why.value().message).push_back('\n');
      if (!first_error) first_error = std::move(read).error();
    }
    if (output.images.size() > images) {
      images = output.images.size();
      request.max_image_bytes -= output.images.back().bytes.size();
    }
  }
  if (failed == wanted.size()) {
    return Failure(Error{first_error->code, std::move(output.text)});
  }
  if (done < wanted.size()) {
    output.text.append("\nnot read, the answer is full; call again with paths:");
    for (; done < wanted.size(); ++done) {
      output.text.push_back('\n');
      utf8::append_escaped_name(output.text, wanted[done].path);
    }
  }
  return {};
}

// A list that was sent as text.
void read_list(json::Document& read, std::vector<std::string_view>& paths) {
  if (paths.size() != 1 || !paths.front().starts_with('[')) return;
  json::Parser parser;
  if (!read.parse_copy(parser, paths.front()) || !read.root().is(json::Type::kArray)) return;
  std::vector<std::string_view> found;
  for (json::Value item = read.root().first(); item; item = read.root().after(item)) {
    if (!item.is(json::Type::kString)) return;
    found.push_back(item.string());
  }
  if (!found.empty()) paths = std::move(found);
}

Result<void> run(const Args& given, ToolContext& context, ToolOutput& output) {
  Args args = given;
  json::Document list;
  read_list(list, args.paths);
  if (args.path.has_value() == !args.paths.empty()) {
    return fail(
        Code::kInvalidArgs, "{}",
        args.path ? "give path or paths, not both" : "missing argument 'path' (or 'paths')");
  }
  if (args.path && names_several(*args.path, args.ref.has_value(), context)) {
    args.paths.push_back(*args.path);
    args.path.reset();
  }
  if (args.paths.size() > kMostPaths) {
    return fail(Code::kInvalidArgs, "{} paths are too many; at most {} in one call",
                args.paths.size(), kMostPaths);
  }
  TRY_ASSIGN(files::ReadRequest request, make_request(args));
  request.max_bytes = static_cast<std::size_t>(context.max_tokens) * 4;
  if (args.path) {
    const auto read = read_one(context, *args.path, request, args.force, output);
    if (!read)
      return args.ref ? hand_on(read.error()) : name_elsewhere(context, *args.path, read.error());
  } else {
    TRY(read_several(args, request, context, output));
  }
  while (output.text.ends_with('\n')) output.text.pop_back();
  return {};
}

// A line that far on may take a while to be found in a large file.
constexpr std::int64_t kFarLine = 100'000;

// A revision is read by another process, globs walk the tree, and far lines are looked for.
bool needs_worker(json::Value arguments) {
  if (arguments.find_any({"ref", "revision", "commit"})) return true;
  const auto is_far = [](json::Value line) { return line.integer().value_or(0) > kFarLine; };
  if (is_far(arguments.find("offset"))) return true;
  if (is_far(arguments.find_any({"start_line", "startLine", "start"}))) return true;
  const auto has_globs = [](json::Value paths) {
    // As a list it begins with a bracket.
    return paths && (has_glob(paths.raw()) || paths.raw().find('[', 1) != std::string_view::npos);
  };
  if (has_globs(arguments.find_any({"paths", "file_paths", "filePaths", "files"}))) return true;
  const json::Value path = arguments.find_any(
      {"path", "file_path", "filePath", "target_file", "relative_path", "file", "absolute_path"});
  return path && (path.is(json::Type::kArray) ? has_globs(path) : has_glob(path.raw()));
}

}  // namespace

extern const Tool read_file;
constinit const Tool read_file = make_tool<Args, kFields, run>({
    .name = "read_file",
    .group = Group::kFiles,
    .lane = Lane::kQuick,
    .effect = Effect::kReads,
    .heavy = needs_worker,
});

}  // namespace quarry::tools
