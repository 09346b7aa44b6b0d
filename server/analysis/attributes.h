// Attributes: what a tree's .gitattributes files say of languages: linguist-language, -vendored,
// -generated, -documentation, -detectable. Deeper files come before those above, later lines
// before earlier ones, each attribute for itself.
//
// Immutable once all files are added; const, safe from any thread.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/search/glob.h"

namespace quarry::analysis {

struct Overrides {
  std::optional<bool> vendored, generated, documentation, detectable;
  std::optional<std::string_view> language;  // into the Attributes
};

class Attributes {
 public:
  static constexpr std::size_t kMaxBytes = 1U << 20U;
  static constexpr std::size_t kMaxLines = 10'000;  // of one file, that say something of languages

  // `directory`: of the file, "" or "a/b". Files in any order. False: it has too many lines, and
  // those beyond are not read.
  bool add(std::string_view directory, std::string_view bytes);
  bool empty() const { return files_.empty(); }
  Overrides of(std::string_view path) const;

 private:
  struct Line {
    search::Glob glob;
    bool by_name;  // the pattern has no slash: it speaks of the last component
    Overrides says;
    std::string language;
    // "!linguist-vendored": forgets what other files say.
    bool forgets_vendored = false, forgets_generated = false, forgets_documentation = false,
         forgets_detectable = false, forgets_language = false;
  };
  struct File {
    std::string directory;
    std::vector<Line> lines;
  };
  std::vector<File> files_;  // the deepest first
};

}  // namespace quarry::analysis
