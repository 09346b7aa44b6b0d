#include "server/analysis/project_part.h"

#include "server/analysis/contested.h"
#include "server/analysis/ecosystem/stored_facts.h"
#include "server/analysis/languages.h"
#include "server/analysis/manifest/value.h"
#include "server/analysis/project/gather.h"

namespace quarry::analysis {
namespace {

// A reader goes by the file's name too, so facts are kept under it.
std::string maker_name(std::string_view kind, std::string_view of) {
  return std::string("project ").append(kind).append(" ").append(of);
}

constexpr std::uint64_t kMaxSourceBytes = 1UL << 20U;

class Tree {
 public:
  explicit Tree(const PartInput& input) : input_(input), index_(input.survey.index) {
    files_.reserve(index_.files().size());
    const Neighbours neighbours = source_neighbours();
    for (std::size_t i = 0; i < index_.files().size(); ++i) {
      const git::TrackedFile& file = index_.files()[i];
      if (!is_regular(file)) continue;
      const PathClass& path_class = input.survey.classes[i];
      project::File one{index_.below_top(file.path), file.size, {}, true, true};
      one.source = path_class.share == Share::kSource;
      // A lock file is generated and a wrapper is another project's, but both tell of this one.
      const bool by_attributes = path_class.rule == ".gitattributes";
      one.own_place = one.source || (!path_class.by_directory &&
                                     (!by_attributes || path_class.share == Share::kGenerated));
      const auto language = language_among(file.path, neighbours);
      if (language && language_kind(*language) == LanguageKind::kProgramming) {
        one.language = language_name(*language);
      }
      files_.push_back(one);
    }
  }

  project::Project project() {
    return project::find_project(
        {files_,
         [this](const ecosystem::Reader& reader, std::string_view path) {
           return facts(reader, path);
         },
         [this](std::string_view language, std::string_view path) {
           return source(language, path);
         },
         [this](std::size_t count, const std::function<void(std::size_t)>& body) {
           input_.pool.fork_join(count, body, &input_.cancel);
         }});
  }

 private:
  Neighbours source_neighbours() const {
    Neighbours neighbours;
    neighbours.at_top = [this](std::string_view name) {
      return index_.find(index_.under_top(name)) != nullptr;
    };
    for (std::size_t i = 0; i < index_.files().size(); ++i) {
      const git::TrackedFile& file = index_.files()[i];
      const bool source = input_.survey.classes[i].share == Share::kSource;
      if (source && is_regular(file)) add_neighbour(neighbours, file.path);
    }
    return neighbours;
  }

  ecosystem::Facts facts(const ecosystem::Reader& reader, std::string_view path) const {
    ecosystem::Facts none;
    none.path = path;
    none.no_module = true;
    const git::TrackedFile* file = index_.find(index_.under_top(path));
    if (file == nullptr) return none;
    const std::string name = maker_name("manifest", base_name(path));
    const auto bytes = input_.cache.facts(
        {name, ecosystem::kFactsVersion}, *file, manifest::kMaxBytes,
        [&](std::string_view content) {
          return ecosystem::encode(ecosystem::read(reader, {path, content}));
        },
        input_.cancel);
    if (!bytes) {
      none.problems.push_back({0, "not read: " + bytes.error().message});
      return none;
    }
    auto known = ecosystem::decode_facts(*bytes);
    if (!known) return none;
    known->path = path;
    return std::move(*known);
  }

  std::optional<project::SourceFacts> source(std::string_view language,
                                             std::string_view path) const {
    const git::TrackedFile* file = index_.find(index_.under_top(path));
    if (file == nullptr) return std::nullopt;
    const std::string name = maker_name("source", language);
    const auto bytes = input_.cache.facts(
        {name, ecosystem::kFactsVersion}, *file, kMaxSourceBytes,
        [&](std::string_view content) {
          return ecosystem::encode(project::source_facts(language, content));
        },
        input_.cancel);
    if (!bytes) return std::nullopt;
    return ecosystem::decode_source_facts(*bytes);
  }

  const PartInput& input_;
  const FileIndex& index_;
  std::vector<project::File> files_;
};

// Paths of the directory that was asked for become paths of the root.
void place_under(project::Project& project, const FileIndex& index) {
  if (index.top().empty()) return;
  const auto path = [&](std::string& one) {
    if (!one.empty()) one = one == "." ? index.top() : index.under_top(one);
  };
  const auto all = [&](auto& list) {
    for (auto& one : list) path(one.at.path);
  };
  for (project::Module& module : project.modules) {
    path(module.path);
    for (project::Named* one : {&module.runtime, &module.manager, &module.licence}) {
      path(one->at.path);
    }
    path(module.at.path);
    path(module.aside);
    all(module.build_systems);
    all(module.frameworks);
    all(module.dependencies);
    all(module.entries);
    all(module.commands);
    all(module.ports);
    all(module.services);
    all(module.variables);
    for (auto* list : {&module.containers, &module.settings, &module.members}) {
      for (std::string& one : *list) path(one);
    }
  }
  all(project.ci);
  all(project.findings);
}

}  // namespace

Result<void> run_project_part(const PartInput& input, Report& report,
                              std::vector<std::string>& notes) {
  report.project = Tree(input).project();
  TRY(input.cancel.check());
  place_under(report.project, input.survey.index);
  if (const std::uint64_t rest = report.project.manifests_left_out; rest > 0) {
    notes.push_back(std::to_string(rest) + " manifests beyond the bound are not read");
  }
  return {};
}

}  // namespace quarry::analysis
