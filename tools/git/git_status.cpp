#include <algorithm>
#include <string>

#include "server/base/utf8.h"
#include "server/git/client.h"
#include "server/sandbox/workspace.h"
#include "tools/tool.h"

namespace quarry::tools {
namespace {

struct Args {
  std::optional<std::string_view> path;
  bool ignored = false;
};

constexpr auto kFields = json::fields(
    json::field<&Args::path>("path").synonyms("file_path", "filePath", "dir_path"),
    json::field<&Args::ignored>("ignored").optional().synonyms("include_ignored", "show_ignored"));

// A row costs its path three times at most: twice in the record, once in the text.
constexpr std::int64_t kBytesPerRow = 120;

struct Section {
  const char* name;
  const std::vector<git::StatusEntry>& rows;
  std::uint64_t count;
  bool in_index;  // one letter stands in the first column, as git's short form has it
};

std::string shown(const std::string& path) {
  std::string text;
  utf8::append_escaped_name(text, path);
  return text;
}

std::string columns(const std::string& code, bool in_index) {
  if (code.size() == 2) return code;
  if (code == "?" || code == "!") return code + code;
  return in_index ? code + " " : " " + code;
}

void append_rows(const Section& section, std::string& text) {
  if (section.count == 0) return;
  text += fmt::format("{} ({}):\n", section.name, section.count);
  for (const git::StatusEntry& row : section.rows) {
    text += columns(row.code, section.in_index) + " ";
    if (!row.old_path.empty()) text += shown(row.old_path) + " -> ";
    text += shown(row.path) + "\n";
  }
  if (section.count > section.rows.size()) {
    text += fmt::format("... {} more\n", section.count - section.rows.size());
  }
}

void append_head(const git::Status& status, std::string& text) {
  text += "## ";
  text += status.detached ? "HEAD (detached at " + status.head.substr(0, 10) + ")"
                          : shown(status.branch);
  if (status.unborn) text += " (no commit yet)";
  if (!status.upstream.empty()) text += "..." + shown(status.upstream);
  if (status.upstream_gone) text += " [gone]";
  if (status.ahead > 0 && status.behind > 0) {
    text += fmt::format(" [ahead {}, behind {}]", status.ahead, status.behind);
  } else if (status.ahead > 0) {
    text += fmt::format(" [ahead {}]", status.ahead);
  } else if (status.behind > 0) {
    text += fmt::format(" [behind {}]", status.behind);
  }
  text += '\n';
  if (!status.operation.empty()) text += "in progress: " + status.operation + "\n";
}

void write_rows(json::Writer& writer, const Section& section) {
  writer.key(section.name).begin_array();
  for (const git::StatusEntry& row : section.rows) {
    writer.begin_object();
    writer.field("code", row.code).field("path", shown(row.path));
    if (!row.old_path.empty()) writer.field("old_path", shown(row.old_path));
    writer.end_object();
  }
  writer.end_array();
}

Result<void> run(const Args& args, ToolContext& ctx, ToolOutput& out) {
  git::StatusOptions options;
  if (args.path) {
    TRY_ASSIGN(const sandbox::Path path, ctx.files.parse(*args.path));
    options.path = path.text();
  }
  options.ignored = args.ignored;
  options.limit = static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(ctx.max_tokens * 4 / kBytesPerRow, 20, 5000));
  TRY_ASSIGN(const git::Status status, ctx.git.status(options, ctx.cancel));

  const Section sections[] = {
      {"conflicts", status.conflicts, status.conflict_count, true},
      {"staged", status.staged, status.staged_count, true},
      {"unstaged", status.unstaged, status.unstaged_count, false},
      {"untracked", status.untracked, status.untracked_count, true},
      {"ignored", status.ignored, status.ignored_count, true},
  };
  bool clean = true, truncated = false;
  append_head(status, out.text);
  json::Writer writer(out.structured);
  writer.begin_object();
  writer.field("branch", shown(status.branch)).field("head", status.head);
  writer.field("detached", status.detached).field("unborn", status.unborn);
  writer.field("upstream", shown(status.upstream));
  if (status.upstream_gone) writer.field("upstream_gone", true);
  writer.field("ahead", status.ahead);
  writer.field("behind", status.behind).field("operation", status.operation);
  for (const Section& section : sections) {
    const bool ignored = std::string_view(section.name) == "ignored";
    if (!ignored || args.ignored) {
      append_rows(section, out.text);
      write_rows(writer, section);
    }
    if (!ignored && section.count > 0) clean = false;
    if (section.count > section.rows.size()) truncated = true;
  }
  writer.key("counts").begin_object();
  for (const Section& section : sections) writer.field(section.name, section.count);
  writer.end_object().field("clean", clean).field("truncated", truncated).end_object();
  if (clean) out.text += options.path.empty() ? "clean\n" : "clean below this path\n";
  if (truncated) out.text += "rows were left out; narrow with path or raise max_tokens\n";
  return {};
}

}  // namespace

extern const Tool git_status;
constinit const Tool git_status =
    make_tool<Args, kFields, run>({.name = "git_status",
                                   .group = Group::kGitRead,
                                   .lane = Lane::kHeavy,
                                   .deadline = std::chrono::seconds(10)});

}  // namespace quarry::tools
