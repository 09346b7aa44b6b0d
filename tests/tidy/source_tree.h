// SourceTree: the project's own files, as the house rules read them.
//
// The files that git knows, new ones included, ignored ones not; without git, every file outside
// build/ and node_modules/. Read once, constant afterwards.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quarry::tidy {

struct SourceFile {
  std::string path;  // from the root, with '/'
  std::string text;
  // The same length, with comments and the insides of literals blanked; C++ files only.
  std::string code;

  bool in(std::string_view folder) const { return path.starts_with(folder); }
  bool is_cpp() const { return path.ends_with(".cpp") || path.ends_with(".h"); }
};

struct Include {
  std::string target;   // between the marks
  bool quoted = false;  // "..." rather than <...>
  std::size_t line = 0;
};

const std::vector<SourceFile>& source_tree();
const SourceFile* find_file(std::string_view path);  // null when there is none

std::vector<std::string_view> lines_of(std::string_view text);
std::vector<Include> includes_of(const SourceFile& file);

// "path:line: rule", one a line, for every line of `code` that holds `word` as a whole word.
void report_word(const SourceFile& file, std::string_view word, std::string_view rule,
                 std::vector<std::string>& offences);

// The lines as one text; empty when there are none. Tests compare it with "".
std::string listed(const std::vector<std::string>& offences);

// stdout of a shell command run in the root, and its exit code.
std::string output_of(const std::string& command, int& code);

}  // namespace quarry::tidy
