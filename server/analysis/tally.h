// Tally: the languages of a survey by bytes and files, and what is left out and why.
//
// Counted by directory, then put together: after a change only the directories that changed are
// counted again. Files that their content leaves undecided are told by their neighbours
// (contested.h). The answer depends on its input only. Pure; safe from any thread.

#pragma once

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/analysis/report.h"
#include "server/analysis/survey.h"
#include "server/analysis/verdict.h"

namespace quarry::analysis {

struct Judged {
  Verdict verdict;
  std::uint64_t size = 0;
};

struct Sum {
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  std::uint64_t largest = 0;
  std::uint32_t example = std::numeric_limits<std::uint32_t>::max();  // the first largest file

  void add(const Sum& other);
};

// Files of one directory, not of those below. Views point into the survey and constant tables.
struct DirectorySums {
  struct Language {
    LanguageId id;
    Sum sum;
  };
  struct Decided {  // by content
    std::string_view extension;
    LanguageId id;
    std::uint64_t files;
  };
  struct Undecided {
    std::string_view extension;
    std::optional<bool> detectable;
    Sum sum;
  };
  struct LeftOut {
    std::size_t heap;  // tally.cpp
    std::string rule;
    Sum sum;
  };
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t submodules = 0;
  std::vector<Language> languages;
  std::vector<Decided> decided;
  std::vector<Undecided> undecided;
  std::vector<LeftOut> left_out;
  bool of_charts = false;  // one of Helm's
};

// `judged`: one for each file of the survey.
DirectorySums sum_directory(const Survey& survey, std::span<const Judged> judged,
                            const FileIndex::Directory& directory);

// What became of the files of an extension that their content leaves undecided.
struct ExtensionChoice {
  std::string_view extension;
  std::optional<LanguageId> language;
  bool operator==(const ExtensionChoice&) const = default;
};

// Fills languages, main_language, left_out, files, bytes and submodules of `facts`. The answer: of
// each extension with undecided files, in order.
std::vector<ExtensionChoice> tally(const Survey& survey, std::span<const DirectorySums> directories,
                                   TreeFacts& facts);

// The language that a file of the survey counts as; nothing when it counts as none: it is binary,
// generated, unknown.
std::optional<LanguageId> language_of(const Survey& survey, std::uint32_t file,
                                      const Judged& judged,
                                      std::span<const ExtensionChoice> choices);

}  // namespace quarry::analysis
