// unicode_scripts: the names of the scripts of Unicode 14, those that RE2 and PCRE2 know.
//
// Constant; safe from any thread.

#pragma once

#include <span>
#include <string_view>

namespace quarry::search {

struct UnicodeScript {
  std::string_view name;  // "Greek"
  std::string_view also;  // "Grek"; space separated
};

std::span<const UnicodeScript> unicode_scripts();

}  // namespace quarry::search
