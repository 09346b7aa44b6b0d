#include <algorithm>
#include <string>

#include "server/base/utf8.h"
#include "server/git/client.h"
#include "server/git/dates.h"
#include "server/sandbox/workspace.h"
#include "tools/tool.h"

namespace quarry::tools {
namespace {

enum class Format : std::uint8_t { kOneline, kFull, kStat };

struct Args {
  std::string_view ref = "HEAD";
  std::optional<std::string_view> path;
  std::int64_t max_count = 20;
  std::int64_t skip = 0;
  std::optional<std::string_view> since, until, author, grep;
  bool follow = true;
  Format format = Format::kOneline;
};

}  // namespace
}  // namespace quarry::tools

template <>
inline constexpr std::array quarry::json::enum_names<quarry::tools::Format> =
    std::to_array<std::string_view>({"oneline", "full", "stat"});

namespace quarry::tools {
namespace {

constexpr auto kFields = json::fields(
    json::field<&Args::ref>("ref").optional().synonyms("branch", "revision", "rev"),
    json::field<&Args::path>("path").synonyms("file_path", "filePath", "file"),
    json::field<&Args::max_count>("max_count")
        .optional()
        .range(1, 10'000)
        .synonyms("limit", "n", "count", "maxCount"),
    json::field<&Args::skip>("skip").optional().range(0, 100'000'000).synonyms("offset"),
    json::field<&Args::since>("since").synonyms("after", "start_timestamp"),
    json::field<&Args::until>("until").synonyms("before", "end_timestamp"),
    json::field<&Args::author>("author"),
    json::field<&Args::grep>("grep").synonyms("message", "query"),
    json::field<&Args::follow>("follow").optional(),
    json::field<&Args::format>("format").optional());

std::string shown(std::string_view name) {
  std::string text;
  utf8::append_escaped_name(text, name);
  return text;
}

// Text of a commit on one line: no control characters.
std::string one_line(std::string_view text) {
  std::string line;
  utf8::append_repaired(line, text);
  std::ranges::replace_if(
      line, [](char c) { return (c >= 0 && c < ' ') || c == 127; }, ' ');
  return line;
}

std::string refs_of(const git::Commit& commit) {
  std::string text;
  for (const std::string& name : commit.refs) text += (text.empty() ? "" : ", ") + shown(name);
  return text.empty() ? text : " (" + text + ")";
}

// A message's first paragraph on one line, as git has it.
std::string subject_of(std::string_view message) {
  std::string subject;
  while (!message.empty()) {
    std::string_view line = message.substr(0, message.find('\n'));
    message.remove_prefix(std::min(line.size() + 1, message.size()));
    while (line.ends_with(' ') || line.ends_with('\t') || line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    if (line.empty()) {
      if (subject.empty()) continue;
      break;
    }
    if (!subject.empty()) subject += ' ';
    subject += line;
  }
  return one_line(subject);
}

void append_short(const git::Commit& commit, std::string& out) {
  out += commit.id.substr(0, 10) + ' ' + git::format_day(commit.author_time, commit.author_offset) +
         ' ' + one_line(commit.author_name) + ": " + subject_of(commit.message) + refs_of(commit) +
         '\n';
}

void append_files(const git::Commit& commit, std::string& out) {
  for (const git::FileStat& file : commit.files) {
    out += fmt::format("  {} ", file.code);
    if (!file.old_path.empty()) out += shown(file.old_path) + " -> ";
    out += shown(file.path);
    out += file.binary ? std::string(" binary\n")
                       : fmt::format(" +{} -{}\n", file.added, file.removed);
  }
}

void append_full(const git::Commit& commit, std::string& out) {
  out += "commit " + commit.id + refs_of(commit) + '\n';
  if (commit.parents.size() > 1) {
    out += "merge:  ";
    for (const std::string& parent : commit.parents) out += parent.substr(0, 10) + ' ';
    out.back() = '\n';
  }
  const auto person = [&](const char* role, const std::string& name, const std::string& email) {
    out += role + one_line(name) + " <" + one_line(email) + ">\n";
  };
  person("author: ", commit.author_name, commit.author_email);
  if (commit.committer_name != commit.author_name) {
    person("committer: ", commit.committer_name, commit.committer_email);
  }
  out += "date:   " + git::format_time(commit.author_time, commit.author_offset) + "\n\n";
  std::string_view rest = commit.message;
  while (rest.ends_with('\n')) rest.remove_suffix(1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (end > 0) out.append("    ").append(rest.substr(0, end));
    out += '\n';
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  out += '\n';
}

Result<git::LogOptions> options_of(const Args& args, const ToolContext& ctx) {
  git::LogOptions options;
  options.ref = args.ref;
  if (args.path) {
    TRY_ASSIGN(const sandbox::Path path, ctx.files.parse(*args.path));
    options.path = path.text();
  }
  options.max_count = static_cast<std::uint32_t>(args.max_count);
  options.skip = static_cast<std::uint32_t>(args.skip);
  const std::int64_t now = ctx.clock.wall_ms() / 1000;
  if (args.since) {
    TRY_ASSIGN(options.since, git::parse_date(*args.since, now, git::DayIs::kDayStart, "since"));
  }
  if (args.until) {
    TRY_ASSIGN(options.until, git::parse_date(*args.until, now, git::DayIs::kDayEnd, "until"));
  }
  options.author = args.author.value_or("");
  options.grep = args.grep.value_or("");
  options.follow = args.follow;
  options.stat = args.format == Format::kStat;
  return options;
}

Result<void> run(const Args& args, ToolContext& ctx, ToolOutput& out) {
  TRY_ASSIGN(const git::LogOptions options, options_of(args, ctx));
  TRY_ASSIGN(const git::Log log, ctx.git.log(options, ctx.cancel));
  const auto budget = static_cast<std::size_t>(std::max<std::int64_t>(ctx.max_tokens, 100) * 4);
  std::size_t printed = 0;
  std::string one;
  for (const git::Commit& commit : log.commits) {
    one.clear();
    if (args.format == Format::kFull) {
      append_full(commit, one);
    } else {
      append_short(commit, one);
      append_files(commit, one);
    }
    if (out.text.size() + one.size() > budget) {
      if (printed > 0) break;
      one = std::string(utf8::clip(one, budget)) + "\n... (this commit is cut at max_tokens)\n";
    }
    out.text += one;
    ++printed;
  }
  if (log.commits.empty()) {
    out.text += args.skip > 0 ? "no further commits match\n" : "no commits match\n";
  }
  if (printed < log.commits.size() || log.more) {
    out.text += fmt::format(
        "more commits match; call git_log again with the same arguments and "
        "skip={}\n",
        args.skip + static_cast<std::int64_t>(printed));
  } else if (log.shallow_boundary) {
    out.text +=
        "history ends here because the clone is shallow; 'git fetch --unshallow' gets the "
        "rest\n";
  }
  return {};
}

}  // namespace

extern const Tool git_log;
constinit const Tool git_log =
    make_tool<Args, kFields, run>({.name = "git_log",
                                   .group = Group::kGitRead,
                                   .lane = Lane::kHeavy,
                                   .deadline = std::chrono::seconds(20)});

}  // namespace quarry::tools
