#include "server/analysis/render.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "server/base/figures.h"
#include "server/base/utf8.h"

namespace quarry::analysis {
namespace {

class Lines {
 public:
  explicit Lines(std::string& out) : out_(out), begin_(out.size()) {}

  Lines& line(std::string_view text = {}) {
    if (out_.size() > begin_) out_.push_back('\n');
    out_.append(text);
    return *this;
  }
  Lines& text(std::string_view text) {
    out_.append(text);
    return *this;
  }
  Lines& name(std::string_view text) {
    utf8::append_escaped_name(out_, text);
    return *this;
  }
  Lines& count(std::uint64_t value, std::string_view one, std::string_view many) {
    append_count(out_, value);
    return text(value == 1 ? one : many);
  }
  Lines& size(std::uint64_t bytes) {
    append_size(out_, bytes);
    return *this;
  }
  Lines& percent(std::uint32_t permille) {
    if (permille == 0) return text("<0.1 %");
    append_integer(out_, permille / 10);
    out_.push_back('.');
    out_.push_back(static_cast<char>('0' + permille % 10));
    return text(" %");
  }

 private:
  std::string& out_;
  std::size_t begin_;
};

template <class List>
void append_names(Lines& lines, const List& names, std::size_t most, std::uint64_t all) {
  const std::size_t shown = std::min(most, names.size());
  for (std::size_t i = 0; i < shown; ++i) lines.text(i == 0 ? "" : ", ").name(names[i]);
  if (all > shown) lines.text(shown == 0 ? "" : ", ").count(all - shown, " more", " more");
}

void append_languages(Lines& lines, const Report& report, const RenderOptions& options) {
  const TreeFacts& tree = report.tree;
  if (tree.languages.empty()) {
    lines.line("languages: no file of a known programming or markup language");
  } else {
    lines.line("languages (by bytes of programming and markup):");
  }
  const std::size_t shown = std::min(options.max_rows, tree.languages.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const LanguageFact& fact = tree.languages[i];
    lines.line("  ").text(fact.name).text(" ").percent(fact.permille).text(", ").size(fact.bytes);
    lines.text(", ").count(fact.files, " file", " files").text(", largest ").name(fact.evidence);
  }
  if (shown < tree.languages.size()) {
    const auto rest = tree.languages.begin() + static_cast<std::ptrdiff_t>(shown);
    lines.line("  ").count(tree.languages.size() - shown, " more: ", " more: ");
    for (auto fact = rest; fact != tree.languages.end(); ++fact) {
      if (fact - rest == 12) {
        lines.text(", ...");
        break;
      }
      lines.text(fact == rest ? "" : ", ").text(fact->name);
    }
  }
  for (const LeftOut& fact : tree.left_out) {
    lines.line("left out, ").text(fact.reason).text(": ");
    lines.count(fact.files, " file, ", " files, ").size(fact.bytes).text(" (");
    append_names(lines, fact.evidence, fact.evidence.size(), 0);
    lines.text(")");
  }
  if (tree.submodules > 0) {
    lines.line("not looked into: ").count(tree.submodules, " submodule", " submodules");
  }
}

void append_manifests(Lines& lines, const TreeFacts& tree, const RenderOptions& options) {
  lines.line(tree.manifests.empty() ? "manifests: none found" : "manifests:");
  const std::size_t shown = std::min(options.max_rows, tree.manifests.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const ManifestFact& fact = tree.manifests[i];
    lines.line("  ").text(fact.build_system).text(" (").text(fact.role).text("): ");
    append_names(lines, fact.paths, options.max_paths, fact.count);
  }
  if (shown < tree.manifests.size()) {
    lines.line("  ").count(tree.manifests.size() - shown, " more kind", " more kinds");
  }
  if (tree.manifests_left_out > 0) {
    lines.line("  ").count(tree.manifests_left_out, " more lies", " more lie");
    lines.text(" in vendored, generated or documentation directories");
  }
}

void append_git(Lines& lines, const Report& report) {
  if (!report.git) {
    lines.line("git: ").text(report.git_missing);
    return;
  }
  const git::RepositoryFacts& facts = *report.git;
  lines.line("git: ");
  if (facts.unborn) {
    lines.text("no commit yet");
    if (!facts.branch.empty()) lines.text(" on ").name(facts.branch);
  } else {
    lines.text(facts.detached ? "detached" : "branch ");
    if (!facts.detached) lines.name(facts.branch);
    lines.text(" at ").text(std::string_view(facts.head).substr(0, 12)).text(" (.git/HEAD), ");
    lines.text(utc_time(facts.last_commit_time)).text(" ").name(facts.last_commit_subject);
  }
  lines.line("  ").count(facts.branches, " branch, ", " branches, ");
  lines.count(facts.tags, " tag", " tags");
  if (facts.stashes > 0) lines.text(", ").count(facts.stashes, " stash", " stashes");
  if (facts.worktrees > 0) {
    lines.text(", ").count(facts.worktrees, " linked worktree", " linked worktrees");
  }
  if (facts.shallow) lines.text(", shallow (.git/shallow)");
  if (facts.bare) lines.text(", bare");
  for (const auto& [name, url] : facts.remotes) {
    lines.line("  remote ").name(name).text(" ").name(url).text(" (.git/config)");
  }
}

}  // namespace

std::string_view name_of(Origin origin) {
  static constexpr std::array<std::string_view, 3> kNames = {"walk", "git index", "git revision"};
  return kNames[static_cast<std::size_t>(origin)];
}

std::string utc_time(std::int64_t unix_seconds) {
  const auto seconds = static_cast<std::time_t>(unix_seconds);
  std::tm parts{};
  std::array<char, 40> text{};
  if (gmtime_r(&seconds, &parts) == nullptr) return "unknown time";
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

void append_text(std::string& out, const Report& report, const RenderOptions& options) {
  Lines lines(out);
  const TreeFacts& tree = report.tree;
  if (options.languages || options.manifests || options.project.any()) {
    lines.line().name(options.path.display()).text(": ");
    if (options.languages && !tree.main_language.empty()) {
      const auto fact = std::ranges::find(tree.languages, tree.main_language, &LanguageFact::name);
      lines.text("mainly ").text(tree.main_language).text(" (").percent(fact->permille);
      lines.text(" of the code); ");
    }
    lines.count(tree.files, "", "");
    if (report.origin != Origin::kRevision) {
      lines.text(report.origin == Origin::kIndex ? " tracked" : " walked");
    }
    lines.text(tree.files == 1 ? " file, " : " files, ").size(tree.bytes);
    if (!report.commit.empty()) {
      lines.text(" at ").text(std::string_view(report.commit).substr(0, 12));
    }
  }
  if (options.project.any()) project::append_text(out, report.project, options.project);
  if (options.languages) append_languages(lines, report, options);
  if (options.manifests) append_manifests(lines, tree, options);
  if (options.git) append_git(lines, report);
  for (const std::string& note : tree.notes) lines.line("note: ").name(note);
  for (const std::string& note : report.notes) lines.line("note: ").name(note);
}

}  // namespace quarry::analysis
