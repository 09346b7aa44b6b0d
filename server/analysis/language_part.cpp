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
  Judge(const PartInput& input, std::vector<Judged>& judged)
      : input_(input),
        index_(input.survey.index),
        judged_(judged),
        sheets_(input.cache, index_.top(), index_.files().size()) {}

  Result<void> run() {
    sheets_.load(input_.pool);
    const auto directories = index_.directories();
    std::vector<std::optional<Error>> errors((directories.size() + kChunk - 1) / kChunk);
    input_.pool.fork_join(
        errors.size(),
        [&](std::size_t chunk) {
          const std::size_t end = std::min(directories.size(), (chunk + 1) * kChunk);
          for (std::size_t i = chunk * kChunk; i < end && !errors[chunk]; ++i) {
            auto done = judge(directories[i]);
            if (!done) errors[chunk] = std::move(done).error();
          }
        },
        &input_.cancel);
    TRY(input_.cancel.check());
    for (std::optional<Error>& error : errors) {
      if (error) return Failure(std::move(*error));
    }
    sheets_.save();
    return {};
  }

 private:
  Result<void> judge(const FileIndex::Directory& directory) {
    std::vector<std::uint32_t> wanted;
    for (const std::uint32_t at : index_.members(directory)) {
      const git::TrackedFile& file = index_.files()[at];
      judged_[at].size = file.size;
      if (!is_regular(file) || input_.survey.classes[at].share != Share::kSource) continue;
      judged_[at].verdict = judge_path(file.path);
      if (file.size > 0 && at < kMaxSampled && wants_sample(file.path)) wanted.push_back(at);
    }
    if (wanted.empty()) return {};
    std::vector<VerdictSheets::Entry> entries;
    entries.reserve(wanted.size());
    const std::vector<std::uint32_t> unknown = take_kept(directory, wanted, entries);
    TRY(sample(directory, unknown, entries));
    sheets_.replace(directory.path, entries, !unknown.empty());
    return {};
  }

  // Those of `wanted` whose verdicts are not kept.
  std::vector<std::uint32_t> take_kept(const FileIndex::Directory& directory,
                                       const std::vector<std::uint32_t>& wanted,
                                       std::vector<VerdictSheets::Entry>& entries) {
    std::vector<const VerdictSheets::Entry*> kept(wanted.size());
    bool any = false;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      kept[i] =
          sheets_.find(directory.path, VerdictSheets::name_of(index_.files()[wanted[i]].path));
      any |= kept[i] != nullptr;
    }
    if (!any) return wanted;
    std::vector<Contents::State> states(wanted.size());
    input_.contents.identify(index_, directory, wanted, states);
    std::vector<std::uint32_t> unknown;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (kept[i] == nullptr || states[i].identity == 0 ||
          states[i].identity != kept[i]->identity) {
        unknown.push_back(wanted[i]);
        continue;
      }
      judged_[wanted[i]] = {kept[i]->verdict, states[i].size};
      entries.push_back(*kept[i]);
    }
    return unknown;
  }

  Result<void> sample(const FileIndex::Directory& directory,
                      const std::vector<std::uint32_t>& files,
                      std::vector<VerdictSheets::Entry>& entries) {
    if (files.empty()) return {};
    input_.cache.count_read(files.size());
    return input_.contents.sample(
        index_, directory, files,
        [&](std::size_t i, const Sample* sample) {
          if (sample == nullptr) return;  // the path has to do
          const std::string_view path = index_.files()[files[i]].path;
          Judged& judged = judged_[files[i]];
          judged = {analysis::judge(path, *sample), sample->size};
          if (sample->identity == 0) return;
          entries.push_back({VerdictSheets::name_of(path), sample->identity, judged.verdict});
        },
        input_.cancel);
  }

  const PartInput& input_;
  const FileIndex& index_;
  std::vector<Judged>& judged_;
  VerdictSheets sheets_;
};

}  // namespace

Result<void> run_language_part(const PartInput& input, Report& report,
                               std::vector<std::string>& notes) {
  const std::size_t files = input.survey.index.files().size();
  std::vector<Judged> judged(files);
  TRY(Judge(input, judged).run());
  if (files > kMaxSampled) {
    notes.push_back("only the first " + std::to_string(kMaxSampled) + " of " +
                    std::to_string(files) + " files were read to see their language");
  }
  return tally(input.survey, judged, report.tree, input.cancel);
}

}  // namespace quarry::analysis
