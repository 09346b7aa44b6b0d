// Analyses: analyze_repository on trees of several sizes, each figure beside floors of one run.
//
// First is a fresh server without stored facts, from its start to the answer, beside a process
// that reads every file (cat). Again is a question that was asked before, beside the echo of as
// many bytes. Changed is the first question after one manifest was replaced.

#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace quarry::perf {

struct AnalysisOptions {
  std::vector<std::string> command;  // starts a server without its root and state directory
  std::vector<std::string> echo;     // the floor, without its size
  std::filesystem::path place;       // where trees are made and state is kept
  std::vector<std::size_t> files;    // of the trees that are made
  std::string tree;                  // one more, which is not changed; may be empty
  std::size_t rounds;
};

// Prints a row a tree. Throws std::runtime_error when an answer is wrong.
void measure_analyses(const AnalysisOptions& options);

}  // namespace quarry::perf
