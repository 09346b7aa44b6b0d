// Survey: the files of one state of a tree and whose they are: what all parts of an analysis start
// from. const, safe from any thread; renew_survey() brings one up to date.

#pragma once

#include <array>
#include <string>
#include <vector>

#include "server/analysis/attributes.h"
#include "server/analysis/contents.h"
#include "server/analysis/contested.h"
#include "server/analysis/file_index.h"
#include "server/analysis/path_class.h"
#include "server/pool/pool.h"

namespace quarry::analysis {

// How much code lies under weak names (path_class.h), and what was decided of it.
struct WeakNames {
  // Bit 0: own code. Bit 1 + share: code under a weak name of that share.
  std::vector<std::uint8_t> weighs;  // of each file
  std::uint64_t own = 0;             // bytes
  std::array<std::uint64_t, 4> weak{};
  std::array<bool, 4> counted{};
};

struct Survey {
  FileIndex index;
  Attributes attributes;
  std::vector<PathClass> classes;  // of each file, by its number
  Neighbours neighbours;           // of the source files
  WeakNames weak_names;
  // The .gitattributes files as they were read.
  std::vector<std::pair<std::uint32_t, Identity>> attribute_files;
  std::uint64_t files = 0;  // regular ones
  std::uint64_t submodules = 0;
  std::vector<std::string> notes;
};

// Reads the .gitattributes files and classifies every file. A tree whose code lies mostly under a
// weak name (path_class.h) keeps its own code there.
Result<Survey> make_survey(FileIndex index, const Contents& contents, pool::Pool& pool,
                           const CancelToken& cancel);

// A file of the survey as it is now.
struct FileState {
  std::uint32_t file = 0;
  std::uint64_t size = 0;
  std::uint32_t mode = 0;
};

// Brings a survey up to date whose names are the same and some of whose files' sizes are `states`.
// False: that could change more than sizes, and the survey is of no use any more.
bool renew_survey(Survey& survey, const Contents& contents, std::span<const FileState> states);

}  // namespace quarry::analysis
