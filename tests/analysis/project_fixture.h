// Projects as text: files and the facts that are expected of them.
//
//   == name of the case
//   --- path/of/a/file
//   its content, up to the next line of these marks ("\n" is added)
//   --- big.c *5000          a file of that many bytes; main.go and its like begin a program
//   ? . framework Express ^4.18.2 web package.json:3      a fact that must be there
//   ?! . language JavaScript*                             none that matches may be
//
// '*' in a fact stands for anything. The lines are those of project/facts_text.h.

#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/analysis/project/gather.h"

namespace quarry::analysis::project {

struct Case {
  std::string name;
  std::map<std::string, std::string> files;
  std::vector<std::string> expected;
  std::vector<std::string> excluded;
};

std::vector<Case> parse_cases(std::string_view text);

// The project of files in memory; those of `links` are symbolic links.
Project project_of(const std::map<std::string, std::string>& files,
                   const std::set<std::string>& links = {});

}  // namespace quarry::analysis::project
