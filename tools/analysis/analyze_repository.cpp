#include <algorithm>
#include <optional>

#include "server/analysis/analyze.h"
#include "server/analysis/render.h"
#include "server/base/utf8.h"
#include "tools/tool.h"

namespace quarry::tools {
namespace {

struct Args {
  std::string_view path = ".";
  std::vector<std::string_view> sections;
  std::string_view ref;
  bool refresh = false;
};

constexpr auto kFields =
    json::fields(json::field<&Args::path>("path").optional().synonyms(
                     "repo_path", "repository_path", "directory"),
                 json::field<&Args::sections>("sections").optional(),
                 json::field<&Args::ref>("ref").optional().synonyms("revision", "branch", "commit"),
                 json::field<&Args::refresh>("refresh").optional());

struct Sections {
  bool languages = false;
  bool manifests = false;
  bool git = false;
  analysis::project::Show project{false, false, false, false, false, false,
                                  false, false, false, false, false, false};

  bool tree() const { return languages || manifests || project.any(); }
};

struct SectionName {
  std::string_view name;
  bool& (*member)(Sections& sections);
};
constexpr SectionName kSections[] = {
    {"languages", [](Sections& all) -> bool& { return all.languages; }},
    {"modules", [](Sections& all) -> bool& { return all.project.modules; }},
    {"frameworks", [](Sections& all) -> bool& { return all.project.frameworks; }},
    {"dependencies", [](Sections& all) -> bool& { return all.project.dependencies; }},
    {"entry_points", [](Sections& all) -> bool& { return all.project.entry_points; }},
    {"commands", [](Sections& all) -> bool& { return all.project.commands; }},
    {"ports", [](Sections& all) -> bool& { return all.project.ports; }},
    {"databases", [](Sections& all) -> bool& { return all.project.databases; }},
    {"environment", [](Sections& all) -> bool& { return all.project.environment; }},
    {"config", [](Sections& all) -> bool& { return all.project.config; }},
    {"containers", [](Sections& all) -> bool& { return all.project.containers; }},
    {"ci", [](Sections& all) -> bool& { return all.project.ci; }},
    {"tests", [](Sections& all) -> bool& { return all.project.tests; }},
    {"manifests", [](Sections& all) -> bool& { return all.manifests; }},
    {"git", [](Sections& all) -> bool& { return all.git; }},
};

[[gnu::cold]] Failure no_section(std::string_view name) {
  std::string shown;
  utf8::append_escaped_name(shown, utf8::clip(name, 100));
  std::string known;
  for (const SectionName& one : kSections) known.append(one.name).append(", ");
  return fail(Code::kInvalidArgs, "argument 'sections' has no '{}'; it takes {}all", shown, known);
}

Result<Sections> make_sections(const std::vector<std::string_view>& names) {
  Sections sections;
  const bool all = names.empty() || std::ranges::find(names, "all") != names.end();
  for (const std::string_view name : names) {
    const auto* known = std::ranges::find(kSections, name, &SectionName::name);
    if (known == std::end(kSections) && name != "all") return no_section(name);
    if (known != std::end(kSections)) known->member(sections) = true;
  }
  if (all) {
    for (const SectionName& one : kSections) one.member(sections) = true;
  }
  return sections;
}

constexpr std::int64_t kUsualTokens = 3000;

// How much of the longer lists an answer holds. The budget decides.
struct Depth {
  std::size_t languages, paths, rows, modules, items;
};
constexpr std::array<Depth, 7> kDepths = {{{400, 30, 12, 400, 2000},
                                           {120, 10, 12, 150, 400},
                                           {60, 5, 12, 60, 150},
                                           {60, 5, 12, 60, 30},
                                           {15, 2, 8, 20, 12},
                                           {5, 1, 4, 8, 5},
                                           {3, 1, 2, 3, 2}}};
// The first that is tried where nobody asked for more, so that the whole of a large monorepo is not
// rendered to be thrown away.
constexpr std::size_t kUsualDepth = 2;

analysis::project::Show show_of(const Sections& sections, const Depth& depth) {
  analysis::project::Show show = sections.project;
  show.most_modules = depth.modules;
  show.most_items = depth.items;
  return show;
}

template <class List>
void append_strings(json::Writer& out, std::string_view key, const List& list, std::size_t most) {
  out.key(key).begin_array();
  for (std::size_t i = 0; i < std::min(most, list.size()); ++i) {
    std::string shown;
    utf8::append_escaped_name(shown, list[i]);
    out.string(shown);
  }
  out.end_array();
}

void append_languages(json::Writer& out, const analysis::TreeFacts& tree, std::size_t most) {
  out.key("main_language");
  tree.main_language.empty() ? out.null() : out.string(tree.main_language);
  out.key("languages").begin_array();
  for (std::size_t i = 0; i < std::min(most, tree.languages.size()); ++i) {
    const analysis::LanguageFact& fact = tree.languages[i];
    std::string evidence;
    utf8::append_escaped_name(evidence, fact.evidence);
    out.begin_object().field("name", fact.name).field("type", fact.kind);
    out.field("percent", fact.permille / 10.0).field("bytes", fact.bytes);
    out.field("files", fact.files).field("evidence", evidence).end_object();
  }
  out.end_array().key("left_out").begin_array();
  for (const analysis::LeftOut& fact : tree.left_out) {
    out.begin_object().field("reason", fact.reason).field("files", fact.files);
    out.field("bytes", fact.bytes);
    append_strings(out, "evidence", fact.evidence, fact.evidence.size());
    out.end_object();
  }
  out.end_array();
}

void append_manifests(json::Writer& out, const analysis::TreeFacts& tree, const Depth& depth) {
  out.key("manifests").begin_array();
  for (const analysis::ManifestFact& fact : tree.manifests) {
    out.begin_object().field("kind", fact.kind).field("build_system", fact.build_system);
    out.field("role", fact.role).field("count", fact.count);
    append_strings(out, "paths", fact.paths, depth.paths);
    out.end_object();
  }
  out.end_array().field("manifests_left_out", tree.manifests_left_out);
}

void append_git(json::Writer& out, const analysis::Report& report) {
  out.key("git");
  if (!report.git) {
    out.null();
    return;
  }
  const git::RepositoryFacts& facts = *report.git;
  out.begin_object().field("head", facts.head).field("branch", facts.branch);
  out.field("evidence", ".git/HEAD").field("detached", facts.detached);
  out.field("unborn", facts.unborn).field("shallow", facts.shallow).field("bare", facts.bare);
  out.key("remotes").begin_array();
  for (const auto& [name, url] : facts.remotes) {
    out.begin_object().field("name", name).field("url", url).field("evidence", ".git/config");
    out.end_object();
  }
  out.end_array().field("branches", facts.branches).field("tags", facts.tags);
  out.field("stashes", facts.stashes).field("worktrees", facts.worktrees);
  if (!facts.unborn) {
    out.key("last_commit").begin_object();
    out.field("time", analysis::utc_time(facts.last_commit_time));
    out.field("subject", facts.last_commit_subject).end_object();
  }
  out.end_object();
}

void append_structured(std::string& text, const analysis::Report& report, const sandbox::Path& path,
                       const Sections& sections, const Depth& depth) {
  const analysis::TreeFacts& tree = report.tree;
  std::string shown;
  utf8::append_escaped_name(shown, path.display());
  json::Writer out(text);
  out.begin_object().field("path", shown);
  std::vector<std::string> notes = tree.notes;
  notes.insert(notes.end(), report.notes.begin(), report.notes.end());
  if (sections.tree()) {
    out.field("source", name_of(report.origin));
    if (!report.commit.empty()) out.field("commit", report.commit);
    out.field("files", tree.files).field("bytes", tree.bytes).field("submodules", tree.submodules);
  }
  if (sections.project.any()) {
    analysis::project::append_json(out, report.project, show_of(sections, depth));
  }
  if (sections.languages) {
    append_languages(out, tree, depth.languages);
    if (tree.languages.size() > depth.languages) {
      notes.push_back(std::to_string(tree.languages.size() - depth.languages) +
                      " smaller languages do not fit; a larger max_tokens shows them");
    }
  }
  if (sections.manifests) append_manifests(out, tree, depth);
  if (sections.git) {
    append_git(out, report);
    if (!report.git) notes.push_back("git: " + report.git_missing);
  }
  append_strings(out, "notes", notes, notes.size());
  out.end_object();
}

Result<void> run(const Args& args, ToolContext& context, ToolOutput& output) {
  TRY_ASSIGN(const Sections sections, make_sections(args.sections));
  TRY_ASSIGN(const sandbox::Path path, context.files.parse(args.path));
  TRY_ASSIGN(const analysis::Report report,
             analysis::analyze(context.files, context.git, context.store, context.pool,
                               context.clock, context.catalogue,
                               {.path = path,
                                .ref = std::string(args.ref),
                                .tree = sections.tree(),
                                .git = sections.git,
                                .refresh = args.refresh},
                               context.cancel));
  output.keep = report.repeatable && !args.refresh && context.files.plain(path);
  const std::size_t budget = static_cast<std::size_t>(context.max_tokens) * 4;
  const bool usual = args.sections.empty() && context.max_tokens <= kUsualTokens;
  for (std::size_t i = usual ? kUsualDepth : 0; i < kDepths.size(); ++i) {
    const Depth& depth = kDepths[i];
    output.text.clear();
    output.structured.clear();
    append_structured(output.structured, report, path, sections, depth);
    analysis::append_text(output.text, report,
                          {.path = path,
                           .languages = sections.languages,
                           .manifests = sections.manifests,
                           .git = sections.git,
                           .project = show_of(sections, depth),
                           .max_rows = depth.rows,
                           .max_paths = depth.paths});
    if (std::max(output.structured.size(), output.text.size()) <= budget) break;
  }
  return {};
}

}  // namespace

extern const Tool analyze_repository;
constinit const Tool analyze_repository =
    make_tool<Args, kFields, run>({.name = "analyze_repository",
                                   .group = Group::kAnalysis,
                                   .lane = Lane::kHeavy,
                                   .effect = Effect::kReads,
                                   .deadline = std::chrono::seconds(10),
                                   .depends = Depends::kTreeAndGit,
                                   .usual_tokens = kUsualTokens});

}  // namespace quarry::tools
