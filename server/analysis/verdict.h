// Verdict: what a file's path and content say of its language, before its neighbours are asked.
//
// In this order: a modeline of vim or emacs, the whole file name, the first line of a script, the
// extension; where several languages share the extension, marks in the content. Pure functions;
// safe from any thread.

#pragma once

#include <cstdint>
#include <string_view>

#include "server/analysis/contents.h"
#include "server/analysis/languages.h"

namespace quarry::analysis {

struct Verdict {
  static constexpr LanguageId kNone = 0xFFFF;

  LanguageId language = kNone;
  bool generated = false;  // the content says so
  bool undecided = false;  // several languages are possible: the neighbours decide
  bool operator==(const Verdict&) const = default;
};

// By the path alone: what holds for a file that is not read.
struct PathVerdict {
  Verdict verdict;
  std::string_view extension;  // of the path; of what it is a template of
  bool by_name = false;        // by the whole name, which no content but a modeline overrules
  bool wants_sample = false;   // the content could tell more
};
PathVerdict judge_path(std::string_view path);
Verdict judge(const PathVerdict& path, const Sample& sample);

// Different whenever a table of languages, rules or marks is: what was judged by another table is
// worth nothing.
std::uint32_t judgement_version();

}  // namespace quarry::analysis
