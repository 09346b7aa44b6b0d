#include "server/search/git_config.h"

#include <catch2/catch.hpp>

namespace quarry::search {
namespace {

TEST_CASE("git_config reads two values as git does") {
  struct Row {
    const char* name;
    const char* bytes;
    bool ignore_case;
    const char* excludes_file;
  };
  const Row rows[] = {
      {"nothing", "", false, ""},
      {"plain", "[core]\n\tignorecase = true\n\texcludesfile = a/b\n", true, "a/b"},
      {"names in any case", "[CORE]\nIgnoreCase=yes\n", true, ""},
      {"a name without a value", "[core]\nignorecase\n", true, ""},
      {"a number", "[core]\nignorecase = 2\n", true, ""},
      {"zero", "[core]\nignorecase = 0\n", false, ""},
      {"the last wins", "[core]\nignorecase=true\n[user]\nname=x\n[core]\nignorecase=off\n", false,
       ""},
      {"another section", "[remote]\nignorecase=true\n", false, ""},
      {"a subsection is another section", "[core \"x\"]\nignorecase=true\n", false, ""},
      {"comments", "# [core]\n[core] ; here\n ignorecase = true # yes\n", true, ""},
      {"quotes keep blanks", "[core]\nexcludesFile = \"a # b \" \n", false, "a # b "},
      {"blanks within", "[core]\nexcludesFile =  a  b \n", false, "a  b"},
      {"escapes", "[core]\nexcludesFile = a\\\\b\\\"c\n", false, "a\\b\"c"},
      {"a continued line", "[core]\nexcludesFile = a\\\nb\n", false, "ab"},
      {"CRLF", "[core]\r\n\tignorecase = true\r\n\texcludesfile = x\r\n", true, "x"},
      {"on the line of the section", "[core] ignorecase = true\n", true, ""},
      {"malformed ends it", "[core]\nignorecase = true\n?\nignorecase = false\n", true, ""},
      {"an unknown escape ends it", "[core]\nexcludesfile = a\\qb\n", false, ""},
      {"no end", "[core]\nexcludesfile = \"a", false, ""},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const GitConfig config = parse_git_config(row.bytes);
    CHECK(config.ignore_case == row.ignore_case);
    CHECK(config.excludes_file == row.excludes_file);
  }
}

}  // namespace
}  // namespace quarry::search
