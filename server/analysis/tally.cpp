#include "server/analysis/tally.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "server/analysis/contested.h"
#include "server/analysis/languages.h"
#include "server/analysis/manifest_tally.h"
#include "server/analysis/path_class.h"

namespace quarry::analysis {
namespace {

constexpr std::uint32_t kSymlink = 0120000;
constexpr std::uint32_t kSubmodule = 0160000;
constexpr std::uint32_t kExecutable = 0100755;
constexpr std::size_t kEvidence = 3;
constexpr std::size_t kCheckEvery = 4096;

struct Sum {
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  std::uint64_t largest = 0;
  const git::TrackedFile* example = nullptr;

  void add(const git::TrackedFile& file) {
    bytes += file.size;
    files += 1;
    if (example == nullptr || file.size > largest) {
      largest = file.size;
      example = &file;
    }
  }
};

// One reason to leave files out, with its sum per rule.
struct Heap {
  Sum sum;
  std::map<std::string, Sum, std::less<>> by_rule;

  void add(const git::TrackedFile& file, std::string_view rule) {
    sum.add(file);
    auto at = by_rule.find(rule);
    if (at == by_rule.end()) at = by_rule.emplace(rule, Sum{}).first;
    at->second.add(file);
  }
};

struct Classified {
  const git::TrackedFile* file;
  PathClass path_class;
};

class Tally {
 public:
  Tally(std::span<const git::TrackedFile> files, std::string_view top, const ReadHead& read_head)
      : files_(files), top_(top), read_head_(read_head) {
    neighbours_.at_top = [this](std::string_view name) { return has_file(under_top(name)); };
  }

  Result<TreeFacts> run(const CancelToken& cancel) {
    TRY(classify(cancel));
    decide_weak();
    TRY(count(cancel));
    count_contested();
    TRY(count_scripts(cancel));
    finish();
    return std::move(facts_);
  }

 private:
  std::string under_top(std::string_view name) const {
    std::string path(top_);
    if (!path.empty()) path.push_back('/');
    return path.append(name);
  }

  std::string_view below_top(const git::TrackedFile& file) const {
    return std::string_view(file.path).substr(top_.empty() ? 0 : top_.size() + 1);
  }

  bool has_file(std::string_view path) const {
    return std::ranges::binary_search(files_, path, {}, &git::TrackedFile::path);
  }

  PathClass class_of_name(std::string_view path) const {
    const std::string_view name = base_name(path);
    for (const std::string_view sibling : siblings_that_generate(name)) {
      std::string beside(path.substr(0, path.size() - name.size()));
      if (has_file(beside.append(sibling))) return {Share::kGenerated, false, name};
    }
    return classify_name(name);
  }

  Result<void> classify(const CancelToken& cancel) {
    std::string_view directory;  // files come sorted: most share their directory with the last
    PathClass of_directory;
    classified_.reserve(files_.size());
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (i % kCheckEvery == 0) TRY(cancel.check());
      const git::TrackedFile& file = files_[i];
      if (!top_.empty() && !(file.path.size() > top_.size() && file.path.starts_with(top_) &&
                             file.path[top_.size()] == '/')) {
        continue;
      }
      if (file.mode == kSubmodule) ++facts_.submodules;
      if (file.mode == kSubmodule || file.mode == kSymlink) continue;
      ++facts_.files;
      facts_.bytes += file.size;
      const std::string_view path = below_top(file);
      const std::size_t slash = path.rfind('/');
      const std::string_view parent = slash == std::string_view::npos ? "" : path.substr(0, slash);
      if (i == 0 || parent != directory || classified_.empty()) {
        directory = parent;
        of_directory = classify_directory(parent);
      }
      PathClass path_class = of_directory;
      if (path_class.share == Share::kSource) path_class = class_of_name(file.path);
      classified_.push_back({&file, path_class});
    }
    return {};
  }

  static bool is_code(const git::TrackedFile& file) {
    const auto id = language_by_path(file.path);
    return id && (language_kind(*id) == LanguageKind::kProgramming ||
                  language_kind(*id) == LanguageKind::kMarkup);
  }

  // A tree whose code lies mostly under a weak name keeps its own code there.
  void decide_weak() {
    std::uint64_t own = 0;
    std::array<std::uint64_t, 4> weak{};
    for (const Classified& one : classified_) {
      if (!is_code(*one.file)) continue;
      if (one.path_class.share == Share::kSource) own += one.file->size;
      if (one.path_class.weak)
        weak[static_cast<std::size_t>(one.path_class.share)] += one.file->size;
    }
    for (const Share share : {Share::kVendored, Share::kGenerated, Share::kDocumentation}) {
      const std::uint64_t bytes = weak[static_cast<std::size_t>(share)];
      // A bundle often outweighs what it was made from; only where there is nothing else, it
      // counts.
      const bool most = share == Share::kGenerated ? own == 0 && bytes > 0 : bytes / 20 > own;
      if (!most) continue;
      std::string_view rule;
      for (Classified& one : classified_) {
        if (!one.path_class.weak || one.path_class.share != share) continue;
        if (rule.empty()) rule = one.path_class.rule;
        one.path_class = class_of_name(one.file->path);
      }
      facts_.notes.push_back("most of the code lies in " + under_top(rule) +
                             "/ and the like, which is therefore counted");
    }
  }

  Result<void> count(const CancelToken& cancel) {
    for (std::size_t i = 0; i < classified_.size(); ++i) {
      if (i % kCheckEvery == 0) TRY(cancel.check());
      const auto& [file, path_class] = classified_[i];
      manifests_.add(*file, below_top(*file), path_class.share);
      if (path_class.share != Share::kSource) {
        left_out_[static_cast<std::size_t>(path_class.share)].add(
            *file, path_class.by_directory ? under_top(path_class.rule) + "/"
                                           : std::string(path_class.rule));
        continue;
      }
      count_source(*file);
    }
    return {};
  }

  void count_source(const git::TrackedFile& file) {
    std::string_view name = base_name(file.path);
    if (name.ends_with(".in")) name.remove_suffix(3);
    const std::string_view extension = extension_of(name);
    if (!extension.empty()) ++neighbours_.by_extension[extension];
    if (is_contested(extension)) {
      contested_[extension].push_back(&file);
      return;
    }
    if (const auto id = language_by_path(file.path)) {
      count_language(*id, file);
    } else if (extension.empty() && file.mode == kExecutable && file.size > 2) {
      scripts_.push_back(&file);
    } else {
      unrecognised_.add(file, extension.empty() ? "no extension" : extension);
    }
  }

  void count_language(LanguageId id, const git::TrackedFile& file) {
    const LanguageKind kind = language_kind(id);
    if (kind == LanguageKind::kProgramming || kind == LanguageKind::kMarkup) {
      languages_[id].add(file);
    } else {
      data_.add(file, language_name(id));
    }
  }

  void count_contested() {
    for (const auto& [extension, files] : contested_) {
      const auto id = decide_contested(extension, neighbours_);
      for (const git::TrackedFile* file : files) {
        if (id) {
          count_language(*id, *file);
        } else {
          unrecognised_.add(*file, extension);
        }
      }
    }
  }

  Result<void> count_scripts(const CancelToken& cancel) {
    for (std::size_t i = 0; i < scripts_.size(); ++i) {
      std::optional<LanguageId> id;
      if (i < kMaxScripts) {
        TRY(cancel.check());
        const std::optional<std::string> head = read_head_(scripts_[i]->path);
        if (head) id = language_by_shebang(*head);
      }
      if (id) {
        count_language(*id, *scripts_[i]);
      } else {
        unrecognised_.add(*scripts_[i], "no extension");
      }
    }
    if (scripts_.size() > kMaxScripts) {
      facts_.notes.push_back("of " + std::to_string(scripts_.size()) +
                             " executable files without an extension the first " +
                             std::to_string(kMaxScripts) + " were opened to see their language");
    }
    return {};
  }

  void finish() {
    std::uint64_t total = 0;
    for (const auto& [id, sum] : languages_) total += sum.bytes;
    for (const auto& [id, sum] : languages_) {
      LanguageFact fact;
      fact.name = language_name(id);
      fact.kind = name_of(language_kind(id));
      fact.bytes = sum.bytes;
      fact.files = sum.files;
      fact.permille =
          total == 0 ? 0 : static_cast<std::uint32_t>((sum.bytes * 1000 + total / 2) / total);
      fact.evidence = sum.example->path;
      facts_.languages.push_back(std::move(fact));
    }
    std::ranges::stable_sort(facts_.languages, std::greater<>{}, &LanguageFact::bytes);
    const auto code = std::ranges::find(facts_.languages, "programming", &LanguageFact::kind);
    if (code != facts_.languages.end()) {
      facts_.main_language = code->name;
    } else if (!facts_.languages.empty()) {
      facts_.main_language = facts_.languages.front().name;
    }
    for (const Share share : {Share::kVendored, Share::kGenerated, Share::kDocumentation}) {
      leave_out(name_of(share), left_out_[static_cast<std::size_t>(share)]);
    }
    leave_out("data and prose", data_);
    leave_out("unrecognised", unrecognised_);
    manifests_.finish(facts_);
  }

  void leave_out(std::string_view reason, const Heap& heap) {
    if (heap.sum.files == 0) return;
    LeftOut fact{std::string(reason), heap.sum.bytes, heap.sum.files, {}};
    std::vector<std::pair<std::string_view, std::uint64_t>> rules;
    for (const auto& [rule, sum] : heap.by_rule) rules.emplace_back(rule, sum.bytes);
    std::ranges::stable_sort(rules, std::greater<>{}, &decltype(rules)::value_type::second);
    for (std::size_t i = 0; i < std::min(rules.size(), kEvidence); ++i) {
      fact.evidence.emplace_back(rules[i].first);
    }
    facts_.left_out.push_back(std::move(fact));
  }

  std::span<const git::TrackedFile> files_;
  std::string_view top_;
  const ReadHead& read_head_;
  std::vector<Classified> classified_;
  Neighbours neighbours_;
  std::map<LanguageId, Sum> languages_;
  std::map<std::string_view, std::vector<const git::TrackedFile*>> contested_;
  std::vector<const git::TrackedFile*> scripts_;
  std::array<Heap, 4> left_out_;
  Heap data_;
  Heap unrecognised_;
  ManifestTally manifests_;
  TreeFacts facts_;
};

}  // namespace

Result<TreeFacts> tally(std::span<const git::TrackedFile> files, std::string_view top,
                        const ReadHead& read_head, const CancelToken& cancel) {
  return Tally(files, top, read_head).run(cancel);
}

}  // namespace quarry::analysis
