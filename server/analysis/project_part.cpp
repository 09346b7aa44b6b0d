#include "server/analysis/project_part.h"

#include <algorithm>

#include "server/analysis/contested.h"
#include "server/analysis/ecosystem/stored_facts.h"
#include "server/analysis/languages.h"
#include "server/analysis/manifest/value.h"
#include "server/analysis/project/gather.h"
#include "server/analysis/tally.h"
#include "server/base/secret_names.h"

namespace quarry::analysis {
namespace {

// A reader goes by the file's name too, so facts are kept under it.
std::string maker_name(std::string_view kind, std::string_view of) {
  return std::string("project ").append(kind).append(" ").append(of);
}

constexpr std::uint64_t kMaxSourceBytes = 1UL << 20U;

// The programming language of a file as the languages of the tree have counted it; by its path
// where that part has failed.
std::string_view language_in(const PartInput& input, std::uint32_t at) {
  const LanguageMemory& known = input.memory.languages;
  const std::size_t files = input.survey.index.files().size();
  const auto language =
      known.judged.size() == files
          ? language_of(input.survey, at, known.judged[at], known.choices)
          : language_among(input.survey.index.files()[at].path, input.survey.neighbours);
  if (!language || language_kind(*language) != LanguageKind::kProgramming) return {};
  return language_name(*language);
}

std::vector<project::File> files_of(const PartInput& input) {
  const Survey& survey = input.survey;
  const FileIndex& index = survey.index;
  std::vector<project::File> files;
  files.reserve(index.files().size());
  for (std::size_t i = 0; i < index.files().size(); ++i) {
    const git::TrackedFile& file = index.files()[i];
    if (!is_regular(file)) continue;
    const PathClass& path_class = survey.classes[i];
    project::File one{index.below_top(file.path), file.size, {}, true, true};
    one.source = path_class.share == Share::kSource;
    // A lock file is generated and a wrapper is another project's, but both tell of this one.
    const bool by_attributes = path_class.rule == ".gitattributes";
    one.own_place = one.source || (!path_class.by_directory &&
                                   (!by_attributes || path_class.share == Share::kGenerated));
    one.documents = path_class.share == Share::kDocumentation && path_class.by_directory;
    one.language = language_in(input, static_cast<std::uint32_t>(i));
    files.push_back(one);
  }
  return files;
}

// Settings that no tool shows (base/secret_names.h).
bool is_for_secrets(std::string_view path) {
  return base_name(path).starts_with(".env") && names_secret(path);
}

// What would tell of a module, and is not read for what it is.
bool is_linked_manifest(const git::TrackedFile& file, std::string_view path) {
  if (file.mode != kSymlinkMode) return false;
  const ecosystem::Reader* reader = ecosystem::find_reader(path);
  return reader != nullptr && (reader->role == ecosystem::Role::kModule ||
                               (reader->role == ecosystem::Role::kContainer && reader->read));
}

// Says of files that they are not read, the first few of a kind.
std::vector<project::Finding> find_unread(const Survey& survey) {
  constexpr int kMost = 3;
  std::vector<project::Finding> found;
  int secrets = 0;
  int links = 0;
  for (std::size_t i = 0; i < survey.index.files().size(); ++i) {
    const git::TrackedFile& file = survey.index.files()[i];
    const std::string_view path = survey.index.below_top(file.path);
    const bool own = !survey.classes[i].by_directory;
    if (own && is_for_secrets(path) && secrets < kMost) {
      ++secrets;
      found.push_back({{std::string(path), 0}, "not read, a file for secrets"});
    } else if (own && links < kMost && is_linked_manifest(file, path)) {
      ++links;
      found.push_back({{std::string(path), 0}, "not read, a symbolic link"});
    }
  }
  return found;
}

class ProjectReader {
 public:
  explicit ProjectReader(const PartInput& input)
      : input_(input), index_(input.survey.index), memory_(input.memory.project) {}

  void find() {
    memory_ = {};
    memory_.files = files_of(input_);
    input_.memory.choices = input_.memory.languages.choices;
    project::find_project(tree(), memory_);
    memory_.unread = find_unread(input_.survey);
  }

  bool renew(const std::vector<std::uint32_t>& changed) {
    if (input_.memory.choices != input_.memory.languages.choices) return false;
    std::vector<std::string_view> directories;
    bool unread = false;
    for (const std::uint32_t number : changed) {
      const FileIndex::Directory& directory = index_.directories()[number];
      directories.push_back(index_.below_top(directory.path));
      unread = unread || std::ranges::any_of(memory_.unread, [&](const project::Finding& one) {
                 return project::directory_of(one.at.path) == directories.back();
               });
      for (const std::uint32_t at : index_.members(directory)) {
        const git::TrackedFile& file = index_.files()[at];
        const std::string_view path = index_.below_top(file.path);
        unread = unread || file.mode == kSymlinkMode || is_for_secrets(path);
        const auto known = std::ranges::lower_bound(memory_.files, path, {}, &project::File::path);
        if (known == memory_.files.end() || known->path != path) continue;
        if (known->language != language_in(input_, at)) return false;
        known->size = file.size;
      }
    }
    if (unread) memory_.unread = find_unread(input_.survey);
    const project::Tree now = tree();
    return project::renew_project(now, directories, memory_);
  }

 private:
  project::Tree tree() const {
    return {
        memory_.files,
        [this](const ecosystem::Reader& reader, std::string_view path) {
          return facts(reader, path);
        },
        [this](std::string_view language, std::string_view path) { return source(language, path); },
        [this](std::size_t count, const std::function<void(std::size_t)>& body) {
          input_.pool.fork_join(count, body, &input_.cancel);
        }};
  }

  ecosystem::Facts facts(const ecosystem::Reader& reader, std::string_view path) const {
    ecosystem::Facts none;
    none.path = path;
    none.no_module = true;
    const git::TrackedFile* file = index_.find(index_.under_top(path));
    if (file == nullptr) return none;
    const std::string name = maker_name("manifest", base_name(path));
    const auto bytes = input_.cache.facts(
        {name, ecosystem::kFactsVersion}, *file,
        reader.role == ecosystem::Role::kLock ? manifest::kMaxLockBytes : manifest::kMaxBytes,
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
  project::Memory& memory_;
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
  for (auto& shared : project.modules) {
    project::Module module = *shared;
    path(module.path);
    for (project::Named* one : {&module.runtime, &module.manager, &module.licence}) {
      path(one->at.path);
    }
    path(module.at.path);
    path(module.member_of.path);
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
    shared = std::make_shared<const project::Module>(std::move(module));
  }
  all(project.ci);
  all(project.findings);
}

}  // namespace

Result<void> run_project_part(const PartInput& input, Report& report,
                              std::vector<std::string>& notes) {
  ProjectReader reader(input);
  if (input.changed == nullptr || !reader.renew(*input.changed)) reader.find();
  TRY(input.cancel.check());
  report.project = input.memory.project.project;
  const std::vector<project::Finding>& unread = input.memory.project.unread;
  report.project.findings.insert(report.project.findings.end(), unread.begin(), unread.end());
  place_under(report.project, input.survey.index);
  if (const std::uint64_t rest = report.project.manifests_left_out; rest > 0) {
    notes.push_back(std::to_string(rest) + " manifests beyond the bound are not read");
  }
  return {};
}

}  // namespace quarry::analysis
