#include "server/cli/options.h"

#include <cstdlib>

#include <catch2/catch.hpp>

#include "tests/support/temp_workspace.h"

namespace quarry::cli {
namespace {

// A variable of this process, for as long as this lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    setenv(name, value.c_str(), 1);
  }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

Options parsed(std::vector<std::string> words) {
  words.insert(words.begin(), "quarry");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  Options options;
  REQUIRE(parse_options(static_cast<int>(arguments.size()), arguments.data(), options) == -1);
  return options;
}

TEST_CASE("a switch says the same on the command line, in a variable and in the file") {
  const quarry::test::TempWorkspace home;
  const Variable own("XDG_CONFIG_HOME", home.root());
  struct Row {
    const char* flag;
    const char* variable;
    bool Options::*value;
    bool when_given;
  };
  const Row rows[] = {
      {"no-fsync", "QUARRY_NO_FSYNC", &Options::sync_files, false},
      {"no-cache", "QUARRY_NO_CACHE", &Options::cache, false},
      {"no-watch", "QUARRY_NO_WATCH", &Options::watch, false},
      {"read-only", "QUARRY_READ_ONLY", &Options::read_only, true},
      {"allow-secrets", "QUARRY_ALLOW_SECRETS", &Options::allow_secrets, true},
  };
  for (const Row& row : rows) {
    INFO(row.flag);
    CHECK(parsed({"serve"}).*row.value == !row.when_given);
    CHECK(parsed({"serve", std::string("--") + row.flag}).*row.value == row.when_given);
    for (const char* yes : {"1", "true"}) {
      const Variable set(row.variable, yes);
      CHECK(parsed({"serve"}).*row.value == row.when_given);
    }
    for (const char* no : {"0", "false"}) {
      const Variable set(row.variable, no);
      CHECK(parsed({"serve"}).*row.value == !row.when_given);
    }
    for (const bool yes : {true, false}) {
      const quarry::test::TempWorkspace file(std::map<std::string, std::string>{
          {"c.toml", std::string(row.flag) + (yes ? " = true\n" : " = false\n")}});
      CHECK(parsed({"serve", "--config", file.path("c.toml")}).*row.value ==
            (yes == row.when_given));
    }
  }
}

TEST_CASE("a choice is one of its words, wherever it is made") {
  const quarry::test::TempWorkspace home;
  const Variable own("XDG_CONFIG_HOME", home.root());
  CHECK(parsed({"serve"}).durability == store::Durability::kNormal);
  CHECK(parsed({"serve", "--durability", "full"}).durability == store::Durability::kFull);
  home.write("quarry/config.toml", "durability = \"full\"\nlog-level = \"debug\"\n");
  CHECK(parsed({"serve"}).durability == store::Durability::kFull);
  CHECK(parsed({"serve"}).log_level == log::Level::kDebug);
  const Variable set("QUARRY_DURABILITY", "normal");
  CHECK(parsed({"serve"}).durability == store::Durability::kNormal);
  CHECK(parsed({"serve", "--durability=full"}).durability == store::Durability::kFull);
}

}  // namespace
}  // namespace quarry::cli
