// What is asked of a tree: a tool's call, and the command that answers the same.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace quarry::perf {

struct SearchCase {
  std::string name;
  std::string request;  // a line of a round (measure.h)
  std::string peer;     // a shell command, run in the tree
  enum class Answer {
    kCounts,    // the peer prints NAME:COUNT a line; the sums must agree
    kEntries,   // the peer prints a name a line; their number must be the call's
    kFirstFew,  // the call shows the first lines only; not compared
  } answer = Answer::kCounts;
  // Of greps: what prints PATH, NUL and the count, or the number and text of a line.
  std::string peer_counts = {};
  std::string peer_lines = {};
};

std::vector<SearchCase> search_cases();

// How many lines, files or entries the text of a call's answer says there are. Throws
// std::runtime_error when it does not say so or was cut short by time.
std::size_t count_said(const std::string& text);

// The same in what the peer printed.
std::size_t count_printed(const std::string& output, SearchCase::Answer answer);

}  // namespace quarry::perf
