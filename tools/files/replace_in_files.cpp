#include <set>

#include "server/base/utf8.h"
#include "server/change/changes.h"
#include "server/edit/diff.h"
#include "server/edit/flat_text.h"
#include "server/edit/line_ends.h"
#include "server/edit/splice.h"
#include "server/sandbox/workspace.h"
#include "server/search/coverage.h"
#include "server/search/replace_targets.h"
#include "server/session/session.h"
#include "tools/files/receipt.h"
#include "tools/files/text_file.h"
#include "tools/tool.h"

namespace quarry::tools {
namespace {

using sandbox::Path;

struct Args {
  std::string_view pattern;
  std::string_view replacement;
  std::string_view path = ".";
  std::string_view glob;
  bool regex = false;
  bool dry_run = true;
  std::optional<std::int64_t> expected_count;
};

constexpr auto kFields = json::fields(
    json::field<&Args::pattern>("pattern").synonyms("query", "search", "old_string", "oldText",
                                                    "find"),
    json::field<&Args::replacement>("replacement")
        .synonyms("replace", "new_string", "newText", "replace_with", "with"),
    json::field<&Args::path>("path").optional().synonyms("file_path", "filePath", "dir_path",
                                                         "directory"),
    json::field<&Args::glob>("glob").optional().synonyms("include_pattern", "includePattern",
                                                         "include", "file_pattern"),
    json::field<&Args::regex>("regex").optional().synonyms("isRegexp", "is_regex", "use_regex"),
    json::field<&Args::dry_run>("dry_run").optional().synonyms("dryRun", "preview"),
    json::field<&Args::expected_count>("expected_count")
        .range(0, 1'000'000'000)
        .synonyms("expectedCount", "expected_replacements", "expected"));

struct NewFile {
  std::size_t hits = 0;
  std::string bytes;
  std::string before;  // decoded
  std::string after;
  std::string note;
};

// The answer's part about single files, within the budget.
class FileList {
 public:
  FileList(std::size_t budget, bool diffs) : budget_(budget), diffs_(diffs) {}

  void add(const std::string& name, const NewFile& made) {
    if (text_.size() >= budget_) {
      ++left_out_;
      return;
    }
    text_ += fmt::format("{}: {}{}\n", name, search::counted(made.hits, "hit"), made.note);
    if (!diffs_) return;
    // Half of the budget is for the list of files.
    if (diff_bytes_ >= budget_ / 2) {
      ++without_diff_;
      return;
    }
    const std::size_t begin = text_.size();
    text_ += edit::unified_diff(made.before, made.after, budget_ / 2 - diff_bytes_, 1).text;
    diff_bytes_ += text_.size() - begin;
  }

  std::string finish() {
    if (left_out_ > 0) {
      text_ +=
          fmt::format("... and {} (max_tokens reached)\n", search::counted(left_out_, "more file"));
    }
    if (without_diff_ > 0) {
      text_ += fmt::format("the diffs of {} are left out; narrow path or glob to see them\n",
                           search::counted(without_diff_, "file"));
    }
    return std::move(text_);
  }

 private:
  const std::size_t budget_;
  const bool diffs_;
  std::string text_;
  std::size_t diff_bytes_ = 0;
  std::size_t left_out_ = 0;
  std::size_t without_diff_ = 0;
};

Result<std::vector<edit::Splice>> find_splices(const search::Replacer& replacer,
                                               const std::string& text, std::size_t& budget,
                                               search::MatchScratch& scratch) {
  std::vector<edit::Splice> splices;
  if (replacer.asks_for_returns()) {
    TRY_ASSIGN(std::vector<search::ReplacedPlace> places, replacer.replace(text, budget, scratch));
    for (search::ReplacedPlace& place : places) {
      splices.push_back({.begin = place.begin, .end = place.end, .with = std::move(place.with)});
    }
    return splices;
  }
  const edit::FlatText flat(text);
  TRY_ASSIGN(const std::vector<search::ReplacedPlace> places,
             replacer.replace(flat.text(), budget, scratch));
  edit::LineEnds ends(text);
  for (const search::ReplacedPlace& place : places) {
    edit::Splice splice{.begin = flat.original(place.begin), .end = flat.original(place.end)};
    splice.with = ends.fit(place.with, splice.begin, splice.end);
    splices.push_back(std::move(splice));
  }
  return splices;
}

Result<NewFile> replaced_file(const search::Replacer& replacer, std::string_view bytes,
                              const std::string& name, std::size_t& budget,
                              search::MatchScratch& scratch, const CancelToken& cancel) {
  TRY_ASSIGN(files::Decoded decoded, editable(bytes, std::nullopt, name));
  TRY_ASSIGN(const std::vector<edit::Splice> splices,
             find_splices(replacer, decoded.text, budget, scratch));
  NewFile made{.hits = splices.size()};
  if (splices.empty()) return made;
  TRY_ASSIGN(Spliced spliced, spliced_bytes(bytes, decoded, splices, cancel));
  made.bytes = std::move(spliced.bytes);
  made.note = std::move(spliced.note);
  made.after = edit::spliced(decoded.text, splices);
  made.before = std::move(decoded.text);
  return made;
}

struct Totals {
  std::size_t hits = 0;
  std::size_t files = 0;
};

// As change::Change::try_out() says it. A dry run plans no change: it shows also what is too much
// for one.
Result<void> check_changeable(ToolContext& context, const Path& path) {
  TRY_ASSIGN(const sandbox::Place place, context.files.place(path));
  const auto able = place.check_changeable();
  if (able) return {};
  return fail(able.error().code, "{}; nothing was changed", able.error().message);
}

// Plans every file; the answer's list of them.
Result<std::string> plan_all(const Args& args, const search::Replacer& replacer,
                             const std::vector<Path>& paths, ToolContext& context,
                             change::Change& change, Totals& totals) {
  const std::size_t budget = static_cast<std::size_t>(context.max_tokens) * 4;
  FileList list(budget > 1024 ? budget - 1024 : budget, args.dry_run);
  const search::Stop stop(context.cancel, context.clock);
  search::MatchScratch scratch(&stop);
  std::set<Path> asked;  // directories
  std::size_t expansion = context.changes.limits().size(Limit::kChangeBytes);
  for (const Path& path : paths) {
    TRY(context.cancel.check());
    TRY_ASSIGN(std::optional<change::Found> found, read_file_or_none(change, path));
    if (!found) continue;
    TRY(context.files.check_shown(path, found->bytes));
    std::string name;
    utf8::append_escaped_name(name, path.display());
    auto made = replaced_file(replacer, found->bytes, name, expansion, scratch, context.cancel);
    if (!made) return fail(made.error().code, "'{}': {}", name, made.error().message);
    if (made->hits == 0) continue;
    totals.hits += made->hits;
    ++totals.files;
    list.add(name, *made);
    if (made->bytes == found->bytes) continue;
    if (args.dry_run) {
      if (asked.insert(path.parent()).second) TRY(check_changeable(context, path));
      continue;
    }
    TRY(change.put(path, std::move(made->bytes)));
  }
  return list.finish();
}

// Those that a change may not touch are left out, and counted: by their real names, and all when
// the link `given` that leads to `real` may not be written through.
std::size_t leave_out_protected(std::vector<Path>& paths, const Path& given, const Path& real,
                                ToolContext& context) {
  const change::Protection& protection = context.changes.protection();
  const bool all = given != real && !protection.check(context.files, given);
  change::Protection::Known known;
  return std::erase_if(paths, [&](const Path& path) {
    return all || !protection.check(context.files, path, &known);
  });
}

// What may have been meant instead, when nothing was found.
std::string_view hint_for_none(const Args& args, const search::Replacer& replacer) {
  const auto has_any = [&](auto... words) { return (args.pattern.contains(words) || ...); };
  if (!args.regex && args.pattern.find_first_of("\\*+[(|^$") != std::string_view::npos) {
    return "the pattern was taken for plain text; set regex=true for a regex\n";
  }
  if (replacer.asks_for_returns()) {
    return "a pattern with \\r meets line ends as the files have them; without it, \\n stands for "
           "each of them\n";
  }
  if (args.regex && !replacer.matcher().multiline() &&
      has_any("\\s", "\\W", "\\D", "[^", "(?s", "\\pC")) {
    return "a match lies within one line unless the pattern has \\n\n";
  }
  return "";
}

Result<void> run(const Args& args, ToolContext& context, ToolOutput& output) {
  TRY_ASSIGN(const auto replacer,
             search::Replacer::compile(args.pattern, args.replacement, args.regex));
  TRY_ASSIGN(const Path given, context.files.parse(args.path));
  TRY_ASSIGN(const Path path, context.files.real(given, sandbox::Workspace::Last::kFollow));
  TRY_ASSIGN(search::ReplaceTargets targets,
             search::find_targets(
                 *replacer, path, args.glob,
                 {context.files, context.pool, context.cancel, context.clock, context.catalogue}));
  const std::size_t kept = leave_out_protected(targets.files, given, path, context);
  change::Change change(context.changes, context.files,
                        {.session = context.session.handle(), .tool = "replace_in_files"},
                        context.cancel);
  if (!args.dry_run && !targets.files.empty()) TRY(change.lock(targets.files));
  Totals totals;
  TRY_ASSIGN(const std::string list,
             plan_all(args, *replacer, targets.files, context, change, totals));
  const std::string sum =
      fmt::format("{} in {} of {} searched", search::counted(totals.hits, "hit"), totals.files,
                  search::counted(targets.files_searched, "file"));
  std::string coverage = targets.coverage;
  if (kept > 0) {
    coverage += fmt::format("{}{} protected", coverage.empty() ? "" : ", ", kept);
  }
  if (!coverage.empty()) coverage = fmt::format("not searched: {}\n", coverage);
  search::append_notes(coverage, targets.notes);
  if (args.expected_count && static_cast<std::uint64_t>(*args.expected_count) != totals.hits) {
    return fail(Code::kConflict, "{}, not {} as expected_count says; nothing was changed\n{}{}",
                sum, *args.expected_count, list, coverage);
  }
  if (totals.hits == 0) {
    output.text =
        fmt::format("{}; nothing was changed\n{}{}", sum, hint_for_none(args, *replacer), coverage);
    return {};
  }
  output.text =
      fmt::format("{} {}\n{}{}", args.dry_run ? "would replace" : "replaced", sum, list, coverage);
  if (args.regex && (args.replacement.contains("\\n") || args.replacement.contains("\\t"))) {
    output.text +=
        "the replacement has a backslash and a letter as text; for a line break or a tab "
        "send the character itself\n";
  }
  if (args.dry_run) {
    output.text += fmt::format(
        "nothing was changed; to replace, call again with dry_run=false and expected_count={}\n",
        totals.hits);
    return {};
  }
  if (change.steps() == 0) {
    output.text += "the replacements are what was there; nothing was changed\n";
    return {};
  }
  TRY_ASSIGN(const change::Receipt receipt, change.commit());
  append_receipt(output.text, receipt);
  return {};
}

}  // namespace

extern const Tool replace_in_files;
constinit const Tool replace_in_files = make_tool<Args, kFields, run>({
    .name = "replace_in_files",
    .group = Group::kFiles,
    .lane = Lane::kHeavy,
    .order = Order::kAlone,
    .effect = Effect::kWrites,
    .deadline = std::chrono::seconds(60),
});

}  // namespace quarry::tools
