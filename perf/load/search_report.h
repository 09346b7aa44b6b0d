// The comparison of searches as a table to look at, and as the one that the README shows.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace quarry::perf {

struct SearchCost {
  double ms = 0;      // median
  double p95_ms = 0;  // 0: too few to tell
  double cpu_ms = 0;  // median of the whole process
};

struct SearchRow {
  std::string name;
  SearchCost peer;     // rg or fd
  SearchCost first;    // from the server's start to its first answer
  SearchCost scanned;  // asked again, without an index
  SearchCost indexed;  // asked again, with it
};

struct IndexCost {
  double seconds = 0;      // from the search that set it off until it was there
  double cpu_seconds = 0;  // of the whole process meanwhile
  std::size_t files = 0;
  std::size_t bytes = 0;  // of memory
};

struct SearchReport {
  std::string tree;  // its name
  std::size_t files = 0;
  IndexCost index;
  std::vector<SearchRow> rows;
};

void print_heading();
void print_row(const SearchRow& row);
void print_index(const IndexCost& index);
std::string markdown(const SearchReport& report);

// Puts `markdown` between the lines "<!-- begin searches TREE -->" and "<!-- end searches TREE -->"
// of the file. Throws std::runtime_error when they are not there.
void replace_table(const std::string& file, const SearchReport& report);

}  // namespace quarry::perf
