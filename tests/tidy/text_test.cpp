// What a file of ours may not hold, and how it must begin.

#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/tidy/source_tree.h"

namespace quarry::tidy {
namespace {

constexpr std::size_t kMaxLines = 400;

bool is_product(const SourceFile& file) {
  return file.is_cpp() && (file.in("server/") || file.in("tools/"));
}

struct Banned {
  std::string_view word;
  std::string_view rule;
  std::string_view allowed;  // one folder or file that may, when not empty
};

// server/cli prints for people; `serve`, which is there too, has given descriptor 1 away before.
constexpr Banned kBanned[] = {
    {"catch (...)", "catches everything; only the one place around a tool may",
     "server/mcp/tool_runner.cpp"},
    {".detach(", "a detached thread outlives what it uses", ""},
    {"std::cout", "stdout belongs to the protocol", ""},
    {"std::mutex", "shared state is Guarded<T>", "server/base/guarded.h"},
    {"std::recursive_mutex", "shared state is Guarded<T>", ""},
    {"std::shared_mutex", "shared state is Guarded<T>", "server/base/"},
    {"printf(", "writes to stdout, which belongs to the protocol", "server/cli/"},
    {"puts(", "writes to stdout, which belongs to the protocol", "server/cli/"},
    {"putchar(", "writes to stdout, which belongs to the protocol", "server/cli/"},
    {"stdout", "stdout belongs to the protocol", "server/cli/"},
    {"system(", "no shell is ever started", ""},
    {"popen(", "no shell is ever started", ""},
    {"std::async", "threads are made in server/pool", ""},
    {"std::thread", "threads are made in server/pool", "server/pool/"},
    {"std::jthread", "threads are made in server/pool", "server/pool/"},
};

TEST_CASE("no file of the server holds what the house bans") {
  std::vector<std::string> offences;
  for (const SourceFile& file : source_tree()) {
    if (!is_product(file)) continue;
    for (const Banned& banned : kBanned) {
      // The commands print; the one that serves must not.
      const bool serves = file.path == "server/cli/serve.cpp";
      if (!banned.allowed.empty() && file.in(banned.allowed) && !serves) continue;
      if (banned.word == "std::mutex" && file.in("server/pool/")) continue;
      report_word(file, banned.word, banned.rule, offences);
    }
  }
  CHECK(listed(offences) == "");
}

TEST_CASE("files stay short") {
  std::vector<std::string> offences;
  for (const SourceFile& file : source_tree()) {
    const std::size_t count = lines_of(file.text).size();
    if (file.is_cpp() && count > kMaxLines) {
      offences.push_back(file.path + ": " + std::to_string(count) + " lines, " +
                         std::to_string(kMaxLines) + " at most");
    }
  }
  CHECK(listed(offences) == "");
}

TEST_CASE("a header opens with its comment, then #pragma once") {
  std::vector<std::string> offences;
  for (const SourceFile& file : source_tree()) {
    if (!file.path.ends_with(".h")) continue;
    if (!file.text.starts_with("// ")) offences.push_back(file.path + ": opens without a comment");
    for (const std::string_view line : lines_of(file.text)) {
      if (line.empty() || line.starts_with("//")) continue;
      if (line != "#pragma once") {
        offences.push_back(file.path + ": the first line of code is not #pragma once");
      }
      break;
    }
  }
  CHECK(listed(offences) == "");
}

TEST_CASE("a source includes its own header first") {
  std::vector<std::string> offences;
  for (const SourceFile& file : source_tree()) {
    if (!is_product(file) || !file.path.ends_with(".cpp")) continue;
    const std::string header = file.path.substr(0, file.path.size() - 3) + "h";
    if (find_file(header) == nullptr) continue;
    const auto includes = includes_of(file);
    if (includes.empty() || includes.front().target != header) {
      offences.push_back(file.path + ": the first include is not " + header);
    }
  }
  CHECK(listed(offences) == "");
}

TEST_CASE("no file names a machine's paths, carries marks or trailing blanks") {
  // Put together here so that this file does not hold them.
  const std::vector<std::string> machine = {std::string("/wo") + "rk/", std::string("/ro") + "ot/.",
                                            std::string("/Us") + "ers/",
                                            std::string("/ho") + "me/"};
  const std::vector<std::string> marks = {std::string("TO") + "DO", std::string("<<<<") + "<<< ",
                                          std::string(">>>>") + ">>> "};
  std::vector<std::string> offences;
  for (const SourceFile& file : source_tree()) {
    if (file.text.find('\0') != std::string::npos) continue;  // not a text
    // Corpora and golden answers are data: any byte may stand in them.
    if (file.path.find("/corpus/") != std::string::npos || file.path.ends_with(".json")) continue;
    std::size_t number = 0;
    for (const std::string_view line : lines_of(file.text)) {
      const std::string place = file.path + ":" + std::to_string(++number) + ": ";
      if (line.ends_with(" ") || line.ends_with("\t") || line.ends_with("\r")) {
        offences.push_back(place + "trailing blanks");
      }
      for (const std::string& text : machine) {
        const std::size_t at = line.find(text);
        if (at != std::string_view::npos &&
            (at == 0 || std::string_view(" \"'=(:").find(line[at - 1]) != std::string_view::npos)) {
          offences.push_back(place + "a path of one machine");
        }
      }
      for (const std::string& text : marks) {
        if (line.find(text) != std::string_view::npos)
          offences.push_back(place + "a mark: " + text);
      }
    }
  }
  CHECK(listed(offences) == "");
}

TEST_CASE("the readme names the two commands") {
  const SourceFile* readme = find_file("README.md");
  REQUIRE(readme != nullptr);
  CHECK(readme->text.find("make run") != std::string::npos);
  CHECK(readme->text.find("make test") != std::string::npos);
}

TEST_CASE("the top CMakeLists.txt stays under 120 lines") {
  const SourceFile* file = find_file("CMakeLists.txt");
  REQUIRE(file != nullptr);
  CHECK(lines_of(file->text).size() < 120);
}

TEST_CASE("code is told from comments and literals") {
  SourceFile file{"x.cpp", "", "int a; \nstd::mutex m; \nmy_printf(x);\n"};
  std::vector<std::string> offences;
  report_word(file, "std::mutex", "rule", offences);
  report_word(file, "printf", "rule", offences);
  CHECK(listed(offences) == "x.cpp:2: rule\n");
}

}  // namespace
}  // namespace quarry::tidy
