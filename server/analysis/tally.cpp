#include "server/analysis/tally.h"

#include <algorithm>
#include <array>
#include <map>

#include "server/analysis/content_rules.h"
#include "server/analysis/contested.h"
#include "server/analysis/languages.h"

namespace quarry::analysis {
namespace {

constexpr std::size_t kEvidence = 3;
constexpr std::string_view kChartLanguage = "Go template";
constexpr std::string_view kByContent = "marked as generated";

// Why files are left out; the first are those of Share.
constexpr std::size_t kProse = 4;
constexpr std::size_t kUnrecognised = 5;
constexpr std::size_t kHeaps = 6;

// The sum of `key` in a short list.
template <class List, class Same, class Make>
Sum& sum_of(List& list, Same same, Make make) {
  auto at = std::ranges::find_if(list, same);
  if (at == list.end()) at = list.insert(list.end(), make());
  return at->sum;
}

std::size_t heap_of(LanguageId id, std::optional<bool> detectable) {
  const LanguageKind kind = language_kind(id);
  const bool code = kind == LanguageKind::kProgramming || kind == LanguageKind::kMarkup;
  return detectable.value_or(code) ? kHeaps : kProse;
}

std::string_view rule_of(LanguageId id) {
  const LanguageKind kind = language_kind(id);
  const bool code = kind == LanguageKind::kProgramming || kind == LanguageKind::kMarkup;
  return code ? std::string_view(".gitattributes") : language_name(id);
}

// "a.h.in" is a template of "a.h".
std::string_view extension_in(std::string_view path) {
  std::string_view name = base_name(path);
  if (name.ends_with(".in")) name.remove_suffix(3);
  return extension_of(name);
}

class DirectoryCount {
 public:
  DirectoryCount(const Survey& survey, std::span<const Judged> judged, DirectorySums& sums)
      : survey_(survey), index_(survey.index), judged_(judged), sums_(sums) {}

  void add(std::uint32_t at) {
    const git::TrackedFile& file = index_.files()[at];
    if (file.mode == kSubmoduleMode) ++sums_.submodules;
    if (!is_regular(file)) return;
    const Judged& judged = judged_[at];
    const Sum one{judged.size, 1, judged.size, at};
    ++sums_.files;
    sums_.bytes += judged.size;
    const PathClass& path_class = survey_.classes[at];
    if (path_class.share != Share::kSource) {
      std::string rule = path_class.by_directory ? index_.under_top(path_class.rule)
                                                 : std::string(path_class.rule);
      if (path_class.by_directory) rule.push_back('/');
      leave_out(static_cast<std::size_t>(path_class.share), rule, one);
      return;
    }
    const Overrides says = survey_.attributes.of(file.path);
    if (judged.verdict.generated && says.generated != false) {
      leave_out(static_cast<std::size_t>(Share::kGenerated), kByContent, one);
      return;
    }
    const std::string_view extension = extension_in(file.path);
    const auto named = says.language ? find_language_by_alias(*says.language) : std::nullopt;
    if (is_of_chart(file.path)) {
      sums_.of_charts = true;
      count(*find_language(kChartLanguage), says.detectable, one);
    } else if (named) {
      count(*named, says.detectable, one);
    } else if (judged.verdict.language != Verdict::kNone) {
      if (has_content_rules(extension)) decide(extension, judged.verdict.language);
      count(judged.verdict.language, says.detectable, one);
    } else if (judged.verdict.undecided) {
      const auto same = [&](const DirectorySums::Undecided& other) {
        return other.extension == extension && other.detectable == says.detectable;
      };
      sum_of(sums_.undecided, same, [&] {
        return DirectorySums::Undecided{extension, says.detectable, {}};
      }).add(one);
    } else {
      leave_out(kUnrecognised, extension.empty() ? "no extension" : extension, one);
    }
  }

 private:
  void leave_out(std::size_t heap, std::string_view rule, const Sum& one) {
    const auto same = [&](const DirectorySums::LeftOut& other) {
      return other.heap == heap && other.rule == rule;
    };
    sum_of(sums_.left_out, same, [&] {
      return DirectorySums::LeftOut{heap, std::string(rule), {}};
    }).add(one);
  }

  void count(LanguageId id, std::optional<bool> detectable, const Sum& one) {
    if (heap_of(id, detectable) == kProse) return leave_out(kProse, rule_of(id), one);
    const auto same = [&](const DirectorySums::Language& other) { return other.id == id; };
    sum_of(sums_.languages, same, [&] { return DirectorySums::Language{id, {}}; }).add(one);
  }

  void decide(std::string_view extension, LanguageId id) {
    for (DirectorySums::Decided& other : sums_.decided) {
      if (other.extension != extension || other.id != id) continue;
      ++other.files;
      return;
    }
    sums_.decided.push_back({extension, id, 1});
  }

  // templates/_helpers.tpl of a Helm chart, whose modeline says Mustache by habit.
  bool is_of_chart(std::string_view path) const {
    if (!path.ends_with(".tpl")) return false;
    const std::size_t at = path.rfind("templates/");
    if (at == std::string_view::npos) return false;
    return index_.find(std::string(path.substr(0, at)).append("Chart.yaml")) != nullptr;
  }

  const Survey& survey_;
  const FileIndex& index_;
  const std::span<const Judged> judged_;
  DirectorySums& sums_;
};

class Tally {
 public:
  Tally(const Survey& survey, TreeFacts& facts) : survey_(survey), facts_(facts) {}

  std::vector<ExtensionChoice> run(std::span<const DirectorySums> directories) {
    for (const DirectorySums& one : directories) add(one);
    for (const DirectorySums& one : directories) add_undecided(one);
    finish();
    std::vector<ExtensionChoice> choices;
    for (const auto& [extension, language] : by_extension_)
      choices.push_back({extension, language});
    return choices;
  }

 private:
  struct Heap {
    Sum sum;
    std::map<std::string_view, Sum> by_rule;
  };

  void add(const DirectorySums& one) {
    facts_.files += one.files;
    facts_.bytes += one.bytes;
    facts_.submodules += one.submodules;
    of_charts_ |= one.of_charts;
    for (const auto& [id, sum] : one.languages) languages_[id].add(sum);
    for (const auto& [extension, id, files] : one.decided) decided_[extension][id] += files;
    for (const auto& [heap, rule, sum] : one.left_out) leave_out(heap, rule, sum);
  }

  void leave_out(std::size_t heap, std::string_view rule, const Sum& sum) {
    left_out_[heap].sum.add(sum);
    left_out_[heap].by_rule[rule].add(sum);
  }

  // By the tree, else by the other files of the extension.
  std::optional<LanguageId> decide(std::string_view extension) const {
    const auto same = decided_.find(extension);
    const bool by_tree = extension == ".h" || same == decided_.end();
    if (by_tree) return decide_contested(extension, survey_.neighbours);
    return std::ranges::max_element(same->second, {}, [](const auto& one) { return one.second; })
        ->first;
  }

  void add_undecided(const DirectorySums& directory) {
    for (const auto& [extension, detectable, sum] : directory.undecided) {
      auto known = by_extension_.find(extension);
      if (known == by_extension_.end()) {
        known = by_extension_.emplace(extension, decide(extension)).first;
      }
      const std::optional<LanguageId> id = known->second;
      if (!id) {
        leave_out(kUnrecognised, extension, sum);
      } else if (heap_of(*id, detectable) == kProse) {
        leave_out(kProse, rule_of(*id), sum);
      } else {
        languages_[*id].add(sum);
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
      fact.evidence = survey_.index.files()[sum.example].path;
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
      tell(name_of(share), left_out_[static_cast<std::size_t>(share)]);
    }
    tell("data and prose", left_out_[kProse]);
    tell("unrecognised", left_out_[kUnrecognised]);
  }

  void tell(std::string_view reason, const Heap& heap) {
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
  std::map<LanguageId, Sum> languages_;
  std::map<std::string_view, std::optional<LanguageId>> by_extension_;       // of undecided files
  std::map<std::string_view, std::map<LanguageId, std::uint64_t>> decided_;  // by content
  std::array<Heap, kHeaps> left_out_;
  bool of_charts_ = false;
  TreeFacts& facts_;
};

}  // namespace

void Sum::add(const Sum& other) {
  bytes += other.bytes;
  files += other.files;
  if (other.largest > largest || (other.largest == largest && other.example < example)) {
    largest = other.largest;
    example = other.example;
  }
}

DirectorySums sum_directory(const Survey& survey, std::span<const Judged> judged,
                            const FileIndex::Directory& directory) {
  DirectorySums sums;
  DirectoryCount count(survey, judged, sums);
  for (const std::uint32_t at : survey.index.members(directory)) count.add(at);
  return sums;
}

std::vector<ExtensionChoice> tally(const Survey& survey, std::span<const DirectorySums> directories,
                                   TreeFacts& facts) {
  return Tally(survey, facts).run(directories);
}

std::optional<LanguageId> language_of(const Survey& survey, std::uint32_t file,
                                      const Judged& judged,
                                      std::span<const ExtensionChoice> choices) {
  if (survey.classes[file].share != Share::kSource) return std::nullopt;
  const std::string_view path = survey.index.files()[file].path;
  const Overrides says = survey.attributes.of(path);
  if (judged.verdict.generated && says.generated != false) return std::nullopt;
  if (const auto named = says.language ? find_language_by_alias(*says.language) : std::nullopt) {
    return named;
  }
  if (judged.verdict.language != Verdict::kNone) return judged.verdict.language;
  if (!judged.verdict.undecided) return std::nullopt;
  const auto choice =
      std::ranges::lower_bound(choices, extension_in(path), {}, &ExtensionChoice::extension);
  const bool known = choice != choices.end() && choice->extension == extension_in(path);
  return known ? choice->language : std::nullopt;
}

}  // namespace quarry::analysis
