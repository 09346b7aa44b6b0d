// A Project as an answer: JSON members and text, sections and lengths chosen by the caller.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/analysis/project/project.h"
#include "server/json/writer.h"

namespace quarry::analysis::project {

struct Show {
  bool modules = true;  // with the main module's summary
  bool frameworks = true;
  bool dependencies = true;
  bool entry_points = true;
  bool commands = true;
  bool ports = true;
  bool databases = true;
  bool environment = true;
  bool config = true;  // settings files, licence, findings
  bool containers = true;
  bool ci = true;
  bool tests = true;

  std::size_t most_modules = 60;
  std::size_t most_items = 40;  // of each list
  bool any() const {
    return modules || frameworks || dependencies || entry_points || commands || ports ||
           databases || environment || config || containers || ci || tests;
  }
};

// Members of the object that `out` is in.
void append_json(json::Writer& out, const Project& project, const Show& show);

// Modules aside (aside.h), counted by what groups them, when they are too many to be listed.
struct AsideGroup {
  std::string_view place;
  std::size_t modules = 0;
};
inline constexpr std::size_t kFewAside = 6;
std::vector<AsideGroup> aside_groups(const Project& project);

// A command so that it can be run as it is shown: on one line, and with its backslashes as they
// are; one that is too long to be shown ends in " ...".
std::string shown_command(std::string_view command);

// Lines, each with a line end before it.
void append_text(std::string& out, const Project& project, const Show& show);

}  // namespace quarry::analysis::project
