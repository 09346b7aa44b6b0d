#include "server/analysis/analyze.h"

#include <algorithm>
#include <array>

#include "server/analysis/list_files.h"
#include "server/analysis/stored.h"
#include "server/analysis/tally.h"
#include "server/base/log.h"
#include "server/base/utf8.h"

namespace quarry::analysis {
namespace {

using sandbox::Path;
using sandbox::Stamp;

constexpr std::string_view kIndex = ".git/index";
constexpr std::size_t kHeadBytes = 256;

class GitRepository final : public Repository {
 public:
  explicit GitRepository(git::GitClient& git) : git_(git) {}
  Result<std::vector<git::TrackedFile>> tracked_files(const CancelToken& cancel) override {
    return git_.tracked_files(cancel);
  }
  Result<git::RepositoryFacts> facts(const CancelToken& cancel) override {
    return git_.facts(cancel);
  }

 private:
  git::GitClient& git_;
};

// A path of the index as a Path. The index is foreign: what is no path below the root is none.
std::optional<Path> path_of(std::string_view raw) {
  Path path;
  while (true) {
    const std::size_t end = std::min(raw.find('/'), raw.size());
    const std::string_view name = raw.substr(0, end);
    if (name.empty() || name == "." || name == ".." || name.size() > Path::kMaxComponentBytes ||
        name.find('\0') != std::string_view::npos) {
      return std::nullopt;
    }
    path = path.child(name);
    if (end == raw.size()) return path;
    raw.remove_prefix(end + 1);
  }
}

std::optional<Stamp> stamp_of(const sandbox::Workspace& files, std::string_view raw) {
  const auto path = path_of(raw);
  if (!path) return std::nullopt;
  const auto metadata = files.target_metadata(*path);
  if (!metadata || metadata->kind != sandbox::Kind::kFile) return std::nullopt;
  return metadata->stamp;
}

bool stopped(const Error& error) {
  return error.code == Code::kCancelled || error.code == Code::kTimeout;
}

// One making of the tree's facts, and what they depend on.
class TreeMaker {
 public:
  TreeMaker(const Sources& sources, const Path& top, const CancelToken& cancel)
      : sources_(sources), top_(top), cancel_(cancel) {}

  Result<void> run(Report& report, bool refresh) {
    const std::optional<Stamp> index = stamp_of(sources_.files, kIndex);
    if (index && !refresh && take_cached(report)) return {};
    cacheable_ = index && sandbox::settled(*index, sources_.clock.wall_ms());

    TRY(list(report));
    TRY_ASSIGN(report.tree, tally(files_, top_.text(), reader(), cancel_));
    if (cacheable_ && report.tracked && stamp_of(sources_.files, kIndex) == index) {
      dependencies_.push_back({std::string(kIndex), index});
      keep(report.tree);
    }
    return {};
  }

 private:
  std::string key() const {
    std::string key = sources_.files.root();
    key.push_back('\0');
    return key.append(top_.text());
  }

  bool take_cached(Report& report) const {
    const auto bytes = sources_.store.get(store::Table::kAnalysis, key());
    if (!bytes) return false;
    std::optional<Stored> stored = decode(*bytes);
    if (!stored || stored->dependencies.empty()) return false;
    for (const Dependency& one : stored->dependencies) {
      if (stamp_of(sources_.files, one.path) != one.stamp) return false;
    }
    report.tree = std::move(stored->tree);
    report.tracked = true;
    report.cached = true;
    return true;
  }

  void keep(const TreeFacts& tree) {
    const auto put = sources_.store.put(store::Table::kAnalysis, key(),
                                        encode({tree, std::move(dependencies_)}));
    if (!put) log::debug("analysis not cached: {}", put.error().message);
  }

  Result<void> list(Report& report) {
    auto tracked = sources_.repository.tracked_files(cancel_);
    if (tracked && !tracked->empty()) {
      files_ = std::move(*tracked);
      report.tracked = true;
      return {};
    }
    if (!tracked && stopped(tracked.error())) return Failure(std::move(tracked).error());
    if (tracked) {
      report.notes.emplace_back("git tracks no files yet: the directory was walked");
    } else if (tracked.error().code == Code::kNotFound) {
      report.notes.emplace_back("no git repository: the directory was walked");
    } else {
      report.repeatable = false;
      report.notes.push_back("git's index cannot be read, so the directory was walked: " +
                             tracked.error().message);
    }
    TRY_ASSIGN(FileList walked, list_by_walk(sources_, top_, cancel_));
    files_ = std::move(walked.files);
    report.repeatable = report.repeatable && walked.repeatable;
    std::ranges::move(walked.notes, std::back_inserter(report.notes));
    return {};
  }

  ReadHead reader() {
    return [this](std::string_view raw) -> std::optional<std::string> {
      const auto path = path_of(raw);
      if (!path) return std::nullopt;
      const auto file = sources_.files.open_file(*path);
      dependencies_.push_back({std::string(raw), std::nullopt});
      if (!file) return std::nullopt;
      dependencies_.back().stamp = file->stamp();
      if (!sandbox::settled(file->stamp(), sources_.clock.wall_ms())) cacheable_ = false;
      std::array<char, kHeadBytes> head;
      const auto got = file->read_at(0, head);
      if (!got) {
        cacheable_ = false;
        return std::nullopt;
      }
      return std::string(head.data(), *got);
    };
  }

  const Sources& sources_;
  const Path& top_;
  const CancelToken& cancel_;
  bool cacheable_ = false;
  std::vector<git::TrackedFile> files_;
  std::vector<Dependency> dependencies_;
};

std::string shown(const Path& path) {
  std::string text;
  utf8::append_escaped_name(text, path.display());
  return text;
}

}  // namespace

Result<Report> analyze(const Sources& sources, const AnalyzeOptions& options,
                       const CancelToken& cancel) {
  if (!options.path.is_root()) {
    TRY_ASSIGN(const sandbox::Metadata metadata, sources.files.target_metadata(options.path));
    if (metadata.kind != sandbox::Kind::kDirectory) {
      return fail(Code::kInvalidArgs, "'{}' is not a directory; give the directory of a project",
                  shown(options.path));
    }
  }
  Report report;
  if (options.tree) {
    TRY(TreeMaker(sources, options.path, cancel).run(report, options.refresh));
  }
  if (options.git) {
    auto facts = sources.repository.facts(cancel);
    if (facts) {
      report.git = std::move(*facts);
    } else if (stopped(facts.error())) {
      return Failure(std::move(facts).error());
    } else {
      report.repeatable = report.repeatable && facts.error().code == Code::kNotFound;
      report.git_missing = facts.error().message;
    }
  }
  return report;
}

Result<Report> analyze(const sandbox::Workspace& files, git::GitClient& git, store::Store& store,
                       pool::Pool& pool, const Clock& clock, const AnalyzeOptions& options,
                       const CancelToken& cancel) {
  GitRepository repository(git);
  return analyze({files, repository, store, pool, clock}, options, cancel);
}

}  // namespace quarry::analysis
