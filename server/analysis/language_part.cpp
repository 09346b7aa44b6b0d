#include "server/analysis/language_part.h"

#include <algorithm>
#include <optional>

#include "server/analysis/tally.h"
#include "server/analysis/verdict_sheets.h"

namespace quarry::analysis {
namespace {

constexpr std::size_t kChunk = 16;  // directories that a worker judges at a time

class Judge {
 public:
  // `sheets`: null when what is remembered is to be used.
  Judge(const PartInput& input, VerdictSheets* sheets)
      : input_(input),
        index_(input.survey.index),
        known_(input.memory.languages),
        sheets_(sheets) {}

  // Judges and counts the `count` directories whose numbers number(i) gives.
  template <class Number>
  Result<void> run(std::size_t count, Number number) {
    std::vector<std::optional<Error>> errors((count + kChunk - 1) / kChunk);
    input_.pool.fork_join(
        errors.size(),
        [&](std::size_t chunk) {
          const std::size_t end = std::min(count, (chunk + 1) * kChunk);
          for (std::size_t i = chunk * kChunk; i < end && !errors[chunk]; ++i) {
            const FileIndex::Directory& directory = index_.directories()[number(i)];
            auto done = judge(directory);
            if (!done) errors[chunk] = std::move(done).error();
            known_.sums[number(i)] = sum_directory(input_.survey, known_.judged, directory);
          }
        },
        &input_.cancel);
    TRY(input_.cancel.check());
    for (std::optional<Error>& error : errors) {
      if (error) return Failure(std::move(*error));
    }
    return {};
  }

 private:
  Result<void> judge(const FileIndex::Directory& directory) {
    std::vector<std::uint32_t> wanted;
    for (const std::uint32_t at : index_.members(directory)) {
      const git::TrackedFile& file = index_.files()[at];
      if (!is_regular(file) || input_.survey.classes[at].share != Share::kSource) {
        known_.judged[at] = {{}, file.size};
        continue;
      }
      const PathVerdict by_path = judge_path(file.path);
      if (by_path.wants_sample && file.size > 0 && at < kMaxSampled) {
        wanted.push_back(at);
      } else {
        known_.judged[at] = {by_path.verdict, file.size};
      }
    }
    if (wanted.empty()) return {};
    const std::vector<std::uint32_t> unknown = take_kept(directory, wanted);
    TRY(sample(directory, unknown));
    if (sheets_ == nullptr) return {};
    std::vector<VerdictSheets::Entry> entries;
    entries.reserve(wanted.size());
    for (const std::uint32_t at : wanted) {
      if (known_.identities[at] == 0) continue;
      entries.push_back({VerdictSheets::name_of(index_.files()[at].path), known_.identities[at],
                         known_.judged[at].verdict});
    }
    sheets_->replace(directory.path, entries, !unknown.empty());
    return {};
  }

  // Those of `wanted` whose verdicts are not known.
  std::vector<std::uint32_t> take_kept(const FileIndex::Directory& directory,
                                       const std::vector<std::uint32_t>& wanted) {
    if (sheets_ != nullptr && !take_from_sheets(directory, wanted)) return wanted;
    std::vector<Contents::State> states(wanted.size());
    input_.contents.identify(index_, directory, wanted, states);
    std::vector<std::uint32_t> unknown;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const std::uint32_t at = wanted[i];
      if (states[i].identity == 0 || states[i].identity != known_.identities[at]) {
        unknown.push_back(at);
      } else {
        known_.judged[at].size = states[i].size;
      }
    }
    return unknown;
  }

  // False when they hold none of them.
  bool take_from_sheets(const FileIndex::Directory& directory,
                        const std::vector<std::uint32_t>& wanted) {
    bool any = false;
    for (const std::uint32_t at : wanted) {
      const auto* kept =
          sheets_->find(directory.path, VerdictSheets::name_of(index_.files()[at].path));
      if (kept == nullptr) continue;
      known_.judged[at].verdict = kept->verdict;
      known_.identities[at] = kept->identity;
      any = true;
    }
    return any;
  }

  Result<void> sample(const FileIndex::Directory& directory,
                      const std::vector<std::uint32_t>& files) {
    if (files.empty()) return {};
    input_.cache.count_read(files.size());
    return input_.contents.sample(
        index_, directory, files,
        [&](std::size_t i, const Sample* sample) {
          const std::uint32_t at = files[i];
          const git::TrackedFile& file = index_.files()[at];
          const PathVerdict by_path = judge_path(file.path);
          // What cannot be read is told by its path.
          known_.judged[at] = sample == nullptr
                                  ? Judged{by_path.verdict, file.size}
                                  : Judged{analysis::judge(by_path, *sample), sample->size};
          known_.identities[at] = sample == nullptr ? 0 : sample->identity;
        },
        input_.cancel);
  }

  const PartInput& input_;
  const FileIndex& index_;
  LanguageMemory& known_;
  VerdictSheets* const sheets_;
};

}  // namespace

Result<void> run_language_part(const PartInput& input, Report& report,
                               std::vector<std::string>& notes) {
  const std::size_t files = input.survey.index.files().size();
  LanguageMemory& known = input.memory.languages;
  if (input.changed != nullptr) {
    const std::vector<std::uint32_t>& changed = *input.changed;
    TRY(Judge(input, nullptr).run(changed.size(), [&](std::size_t i) { return changed[i]; }));
  } else {
    known = {};
    known.judged.resize(files);
    known.identities.resize(files);
    known.sums.resize(input.survey.index.directories().size());
    VerdictSheets sheets(input.cache, input.survey.index.top(), files);
    sheets.load(input.pool);
    TRY(Judge(input, &sheets).run(known.sums.size(), [](std::size_t i) { return i; }));
    sheets.save();
  }
  if (files > kMaxSampled) {
    notes.push_back("only the first " + std::to_string(kMaxSampled) + " of " +
                    std::to_string(files) + " files were read to see their language");
  }
  known.choices = tally(input.survey, known.sums, report.tree);
  return {};
}

}  // namespace quarry::analysis
