// Facts of source files: the ports that a program listens on, the environment that it reads, and
// whether a program begins there. Read from tokens, so that a word in a comment or inside another
// word ("report", "import") says nothing.
//
// Pure function; safe from any thread.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/analysis/ecosystem/facts.h"

namespace quarry::analysis::project {

struct SourceFacts {
  std::vector<ecosystem::Port> ports;
  std::vector<ecosystem::Variable> variables;
  std::vector<ecosystem::Service> services;  // by the scheme of a URL
  std::uint32_t main_line = 0;               // where the program begins; 0: nowhere here
  // Of Python, the object of a web application that servers are given: "app", or what makes one
  // without arguments: "create_app()".
  std::string application;
  std::uint32_t application_line = 0;
};

SourceFacts source_facts(std::string_view language, std::string_view text);

}  // namespace quarry::analysis::project
