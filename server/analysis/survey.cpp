#include "server/analysis/survey.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <set>

#include "server/analysis/languages.h"
#include "server/base/utf8.h"

namespace quarry::analysis {
namespace {

constexpr std::string_view kAttributesFile = ".gitattributes";
constexpr std::size_t kChunk = 64;  // directories that a worker classifies at a time

std::string escaped(std::string_view name) {
  std::string shown;
  utf8::append_escaped_name(shown, name);
  return shown;
}

Result<void> read_attributes(Survey& survey, const Contents& contents, const CancelToken& cancel) {
  const FileIndex& index = survey.index;
  for (std::uint32_t i = 0; i < index.files().size(); ++i) {
    const git::TrackedFile& file = index.files()[i];
    if (!file.path.ends_with(kAttributesFile) || base_name(file.path) != kAttributesFile) continue;
    const auto content = contents.read(file, Attributes::kMaxBytes, cancel);
    TRY(cancel.check());
    survey.attribute_files.emplace_back(i, content ? content->identity : 0);
    std::string_view directory = file.path;
    directory.remove_suffix(std::min(directory.size(), kAttributesFile.size() + 1));
    if (!content) {
      survey.notes.push_back(escaped(file.path) +
                             " is not taken into account: " + content.error().message);
    } else if (!survey.attributes.add(directory, content->bytes)) {
      survey.notes.push_back(escaped(file.path) + " has too many lines; its end is not read");
    }
  }
  return {};
}

void add_weight(WeakNames& names, std::uint8_t weighs, std::uint64_t bytes) {
  if ((weighs & 1U) != 0) names.own += bytes;
  for (std::size_t share = 0; share < names.weak.size(); ++share) {
    if ((weighs & (2U << share)) != 0) names.weak[share] += bytes;
  }
}

std::array<bool, 4> counted_of(const WeakNames& names) {
  std::array<bool, 4> counted{};
  for (const Share share : {Share::kVendored, Share::kGenerated, Share::kDocumentation}) {
    const std::uint64_t bytes = names.weak[static_cast<std::size_t>(share)];
    counted[static_cast<std::size_t>(share)] =
        share == Share::kGenerated ? names.own == 0 && bytes > 0 : bytes / 20 > names.own;
  }
  return counted;
}

class Classifier {
 public:
  explicit Classifier(Survey& survey) : survey_(survey), index_(survey.index) {
    for (const git::TrackedFile& file : index_.files()) add_stylesheet(file.path);
  }

  void classify(const FileIndex::Directory& directory) {
    const PathClass of_directory = classify_directory(index_.below_top(directory.path));
    for (const std::uint32_t at : index_.members(directory)) {
      const git::TrackedFile& file = index_.files()[at];
      if (!is_regular(file)) continue;
      PathClass path_class = of_directory;
      if (path_class.share == Share::kSource) path_class = class_of_name(file.path);
      path_class = overridden(file.path, path_class);
      survey_.classes[at] = path_class;
      const bool own = path_class.share == Share::kSource;
      if (!(own || path_class.weak) || !is_code(file)) continue;
      std::uint8_t& weighs = survey_.weak_names.weighs[at];
      if (own) weighs |= 1U;
      if (path_class.weak) weighs |= static_cast<std::uint8_t>(2U << unsigned(path_class.share));
    }
  }

  // A bundle often outweighs what it was made from: generated code counts only where there is no
  // other.
  void decide_weak() {
    WeakNames& names = survey_.weak_names;
    for (std::size_t i = 0; i < index_.files().size(); ++i) {
      add_weight(names, names.weighs[i], index_.files()[i].size);
    }
    names.counted = counted_of(names);
    for (const Share share : {Share::kVendored, Share::kGenerated, Share::kDocumentation}) {
      if (names.counted[static_cast<std::size_t>(share)]) count_weak(share);
    }
  }

 private:
  static bool is_code(const git::TrackedFile& file) {
    const auto id = language_by_path(file.path);
    return id && (language_kind(*id) == LanguageKind::kProgramming ||
                  language_kind(*id) == LanguageKind::kMarkup);
  }

  PathClass class_of_name(std::string_view path) const {
    const std::string_view name = base_name(path);
    for (const std::string_view sibling : siblings_that_generate(name)) {
      std::string beside(path.substr(0, path.size() - name.size()));
      if (index_.find(beside.append(sibling)) != nullptr) return {Share::kGenerated, false, name};
    }
    if (is_compiled_css(path)) return {Share::kGenerated, false, "*.css of a stylesheet"};
    return classify_name(name);
  }

  // a.scss makes a.css, beside it or in a folder for what is made. "_a.scss" is only included.
  void add_stylesheet(std::string_view path) {
    static constexpr auto kExtensions =
        std::to_array<std::string_view>({".scss", ".sass", ".less", ".styl"});
    const std::string_view name = base_name(path);
    const std::string_view extension = extension_of(name);
    if (std::ranges::find(kExtensions, extension) == kExtensions.end()) return;
    if (name.starts_with('_')) return;
    sheets_.insert(path.substr(0, path.size() - extension.size()));
    sheet_names_.insert(name.substr(0, name.size() - extension.size()));
  }

  bool is_compiled_css(std::string_view path) const {
    if (!path.ends_with(".css")) return false;
    const std::string_view stem = path.substr(0, path.size() - 4);
    if (sheets_.contains(stem)) return true;
    return stem.find("css/") != std::string_view::npos && sheet_names_.contains(base_name(stem));
  }

  PathClass overridden(std::string_view path, PathClass path_class) const {
    if (survey_.attributes.empty()) return path_class;
    const Overrides says = survey_.attributes.of(path);
    struct Row {
      Share share;
      const std::optional<bool>& says;
    };
    for (const Row& row :
         {Row{Share::kVendored, says.vendored}, Row{Share::kGenerated, says.generated},
          Row{Share::kDocumentation, says.documentation}}) {
      if (!row.says) continue;
      if (*row.says) return {row.share, false, kAttributesFile};
      // Said not to be: source, as far as this goes, whatever its directory is called.
      if (path_class.share == row.share) path_class = {};
    }
    return path_class;
  }

  void count_weak(Share share) {
    std::string_view rule;
    for (std::size_t i = 0; i < index_.files().size(); ++i) {
      PathClass& path_class = survey_.classes[i];
      if (!path_class.weak || path_class.share != share) continue;
      if (rule.empty()) rule = path_class.rule;
      const std::string_view path = index_.files()[i].path;
      path_class = overridden(path, class_of_name(path));
    }
    survey_.notes.push_back("most of the code lies in " + index_.under_top(rule) +
                            "/ and the like, which is therefore counted");
  }

  Survey& survey_;
  const FileIndex& index_;
  std::set<std::string_view> sheets_;       // paths of stylesheets that are compiled, without ends
  std::set<std::string_view> sheet_names_;  // their names
};

void find_neighbours(Survey& survey) {
  std::set<std::string_view> at_top;
  for (std::size_t i = 0; i < survey.index.files().size(); ++i) {
    const git::TrackedFile& file = survey.index.files()[i];
    const std::string_view path = survey.index.below_top(file.path);
    if (path.find('/') == std::string_view::npos) at_top.insert(path);
    const bool source = survey.classes[i].share == Share::kSource;
    if (source && is_regular(file)) add_neighbour(survey.neighbours, file.path);
  }
  survey.neighbours.at_top = [names = std::move(at_top)](std::string_view name) {
    return names.contains(name);
  };
}

}  // namespace

Result<Survey> make_survey(FileIndex index, const Contents& contents, pool::Pool& pool,
                           const CancelToken& cancel) {
  Survey survey;
  survey.index = std::move(index);
  survey.classes.resize(survey.index.files().size());
  survey.weak_names.weighs.resize(survey.index.files().size());
  for (const git::TrackedFile& file : survey.index.files()) {
    if (file.mode == kSubmoduleMode) ++survey.submodules;
    if (is_regular(file)) ++survey.files;
  }
  TRY(read_attributes(survey, contents, cancel));
  Classifier classifier(survey);
  const auto directories = survey.index.directories();
  pool.fork_join((directories.size() + kChunk - 1) / kChunk,
                 [&](std::size_t chunk) {
                   const std::size_t end = std::min(directories.size(), (chunk + 1) * kChunk);
                   for (std::size_t i = chunk * kChunk; i < end; ++i) {
                     classifier.classify(directories[i]);
                   }
                 },
                 &cancel);
  TRY(cancel.check());
  classifier.decide_weak();
  find_neighbours(survey);
  return survey;
}

bool renew_survey(Survey& survey, const Contents& contents, std::span<const FileState> states) {
  for (const auto& [file, identity] : survey.attribute_files) {
    if (identity == 0 || contents.identity(survey.index.files()[file]) != identity) return false;
  }
  WeakNames& names = survey.weak_names;
  for (const FileState& state : states) {
    const git::TrackedFile& file = survey.index.files()[state.file];
    // Sums of unsigned numbers: what is taken away was added before.
    add_weight(names, names.weighs[state.file], state.size - file.size);
    survey.index.set_state(state.file, state.size, state.mode);
  }
  return counted_of(names) == names.counted;
}

}  // namespace quarry::analysis
