// Searches: grep beside ripgrep on one tree, in one run, turn about.
//
// Cold is a fresh server, from its start to the answer; warm is the same question to a server that
// has answered it before and keeps no answers. CPU is that of the whole process. Answers are
// checked: where both count lines, the number of them is the same but for what the two take for
// text.

#pragma once

#include <string>
#include <vector>

namespace quarry::perf {

// Prints a row for each case whose name holds `only`. False when an answer is wrong or `rg` is not
// there. `command` starts a server without its root.
bool compare_searches(const std::vector<std::string>& command, const std::string& tree,
                      const std::string& only, std::size_t rounds);

}  // namespace quarry::perf
