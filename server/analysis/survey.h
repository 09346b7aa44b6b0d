// Survey: the files of one state of a tree and whose they are: what all parts of an analysis start
// from. Immutable once made; const, safe from any thread.

#pragma once

#include <string>
#include <vector>

#include "server/analysis/attributes.h"
#include "server/analysis/contents.h"
#include "server/analysis/file_index.h"
#include "server/analysis/path_class.h"
#include "server/pool/pool.h"

namespace quarry::analysis {

struct Survey {
  FileIndex index;
  Attributes attributes;
  std::vector<PathClass> classes;  // of each file, by its number
  std::uint64_t files = 0;         // regular ones
  std::uint64_t submodules = 0;
  std::vector<std::string> notes;
};

// Reads the .gitattributes files and classifies every file. A tree whose code lies mostly under a
// weak name (path_class.h) keeps its own code there.
Result<Survey> make_survey(FileIndex index, const Contents& contents, pool::Pool& pool,
                           const CancelToken& cancel);

}  // namespace quarry::analysis
