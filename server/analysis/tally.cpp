#include "server/analysis/tally.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "server/analysis/content_rules.h"
#include "server/analysis/contested.h"
#include "server/analysis/languages.h"

namespace quarry::analysis {
namespace {

constexpr std::size_t kEvidence = 3;
constexpr std::size_t kCheckEvery = 4096;
constexpr std::string_view kChartLanguage = "Go template";
constexpr std::string_view kByContent = "marked as generated";

struct Sum {
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  std::uint64_t largest = 0;
  const git::TrackedFile* example = nullptr;

  void add(const git::TrackedFile& file, std::uint64_t size) {
    bytes += size;
    files += 1;
    if (example == nullptr || size > largest) {
      largest = size;
      example = &file;
    }
  }
};

// One reason to leave files out, with its sum per rule.
struct Heap {
  Sum sum;
  std::map<std::string, Sum, std::less<>> by_rule;

  void add(const git::TrackedFile& file, std::uint64_t size, std::string_view rule) {
    sum.add(file, size);
    auto at = by_rule.find(rule);
    if (at == by_rule.end()) at = by_rule.emplace(rule, Sum{}).first;
    at->second.add(file, size);
  }
};

class Tally {
 public:
  Tally(const Survey& survey, std::span<const Judged> judged, TreeFacts& facts)
      : survey_(survey), index_(survey.index), judged_(judged), facts_(facts) {
    neighbours_.at_top = [this](std::string_view name) {
      return index_.find(index_.under_top(name)) != nullptr;
    };
  }

  Result<void> run(const CancelToken& cancel) {
    for (std::size_t i = 0; i < judged_.size(); ++i) {
      if (i % kCheckEvery == 0) TRY(cancel.check());
      const git::TrackedFile& file = index_.files()[i];
      if (file.mode == kSubmoduleMode) ++facts_.submodules;
      if (!is_regular(file)) continue;
      ++facts_.files;
      facts_.bytes += judged_[i].size;
      count(file, judged_[i], survey_.classes[i]);
    }
    count_undecided();
    finish();
    return {};
  }

 private:
  void count(const git::TrackedFile& file, const Judged& judged, const PathClass& path_class) {
    if (path_class.share != Share::kSource) {
      Heap& heap = left_out_[static_cast<std::size_t>(path_class.share)];
      if (path_class.by_directory) {
        heap.add(file, judged.size, index_.under_top(path_class.rule) + "/");
      } else {
        heap.add(file, judged.size, path_class.rule);
      }
      return;
    }
    const Overrides says = survey_.attributes.of(file.path);
    if (judged.verdict.generated && says.generated != false) {
      left_out_[static_cast<std::size_t>(Share::kGenerated)].add(file, judged.size, kByContent);
      return;
    }
    std::string_view name = base_name(file.path);
    if (name.ends_with(".in")) name.remove_suffix(3);
    const std::string_view extension = extension_of(name);
    if (!extension.empty()) ++neighbours_.by_extension[extension];
    const auto named = says.language ? find_language_by_alias(*says.language) : std::nullopt;
    if (is_of_chart(file.path)) {
      of_charts_ = true;
      count_language(*find_language(kChartLanguage), file, judged.size, says.detectable);
    } else if (named) {
      count_language(*named, file, judged.size, says.detectable);
    } else if (judged.verdict.language != Verdict::kNone) {
      if (has_content_rules(extension)) ++decided_[extension][judged.verdict.language];
      count_language(judged.verdict.language, file, judged.size, says.detectable);
    } else if (judged.verdict.undecided) {
      undecided_[extension].push_back(&judged);
    } else {
      unrecognised_.add(file, judged.size, extension.empty() ? "no extension" : extension);
    }
  }

  // templates/_helpers.tpl of a Helm chart, whose modeline says Mustache by habit.
  bool is_of_chart(std::string_view path) const {
    const std::size_t at = path.rfind("templates/");
    if (!path.ends_with(".tpl") || at == std::string_view::npos) return false;
    return index_.find(std::string(path.substr(0, at)).append("Chart.yaml")) != nullptr;
  }

  void count_language(LanguageId id, const git::TrackedFile& file, std::uint64_t size,
                      std::optional<bool> detectable) {
    const LanguageKind kind = language_kind(id);
    const bool code = kind == LanguageKind::kProgramming || kind == LanguageKind::kMarkup;
    if (detectable.value_or(code)) {
      languages_[id].add(file, size);
    } else {
      data_.add(file, size, code ? ".gitattributes" : language_name(id));
    }
  }

  // By the tree, else by the other files of the extension.
  std::optional<LanguageId> decide(std::string_view extension) const {
    const auto same = decided_.find(extension);
    const bool by_tree = extension == ".h" || same == decided_.end();
    if (by_tree) return decide_contested(extension, neighbours_);
    return std::ranges::max_element(same->second, {}, [](const auto& one) { return one.second; })
        ->first;
  }

  void count_undecided() {
    for (const auto& [extension, files] : undecided_) {
      const auto id = decide(extension);
      for (const Judged* judged : files) {
        const git::TrackedFile& file =
            index_.files()[static_cast<std::size_t>(judged - judged_.data())];
        if (id) {
          count_language(*id, file, judged->size, survey_.attributes.of(file.path).detectable);
        } else {
          unrecognised_.add(file, judged->size, extension);
        }
      }
    }
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
    // Charts are programs in a language of templates.
    const auto code = std::ranges::find_if(facts_.languages, [this](const LanguageFact& one) {
      return one.kind == "programming" || (of_charts_ && one.name == kChartLanguage);
    });
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

  const Survey& survey_;
  const FileIndex& index_;
  std::span<const Judged> judged_;
  Neighbours neighbours_;
  std::map<LanguageId, Sum> languages_;
  std::map<std::string_view, std::vector<const Judged*>> undecided_;
  std::map<std::string_view, std::map<LanguageId, std::uint64_t>> decided_;  // by content
  std::array<Heap, 4> left_out_;
  Heap data_;
  Heap unrecognised_;
  bool of_charts_ = false;
  TreeFacts& facts_;
};

}  // namespace

Result<void> tally(const Survey& survey, std::span<const Judged> judged, TreeFacts& facts,
                   const CancelToken& cancel) {
  return Tally(survey, judged, facts).run(cancel);
}

}  // namespace quarry::analysis
