#include "server/search/glob.h"

#include <catch2/catch.hpp>

namespace quarry::search {
namespace {

TEST_CASE("glob matches as its rows say") {
  struct Row {
    const char* pattern;
    const char* path;
    bool want;
  };
  const Row rows[] = {
      {"*.c", "a.c", true},
      {"*.c", "src/a.c", true},
      {"*.c", "a.cc", false},
      {"src/*.c", "src/a.c", true},
      {"src/*.c", "src/x/a.c", false},
      {"src/*.c", "lib/src/a.c", false},
      {"src/**/*.c", "src/a.c", true},
      {"src/**/*.c", "src/x/y/a.c", true},
      {"**/a.c", "a.c", true},
      {"**/a.c", "x/y/a.c", true},
      {"src/**", "src", false},
      {"src/**", "src/a/b", true},
      {"**", "a/b/c", true},
      {"**/**/**/**/x", "a/b/x", true},
      {"**/**/**/**/x", "a/b/y", false},
      {"a/**/b/**/c", "a/x/b/y/z/c", true},
      {"a/**/b/**/c", "a/x/y/z/c", false},
      {"a**b", "axxb", true},
      {"a**b/c", "ax/xb/c", false},
      {"?.c", "a.c", true},
      {"?.c", "ab.c", false},
      {"?.c", "\xC3\xA9.c", true},
      {"[ab].c", "b.c", true},
      {"[!ab].c", "b.c", false},
      {"[^ab].c", "c.c", true},
      {"[a-c].c", "b.c", true},
      {"[c-a].c", "b.c", false},
      {"[]a].c", "].c", true},
      {"[a-].c", "-.c", true},
      {"[[:digit:]]", "7", true},
      {"[[:digit:]]", "x", false},
      {"[[:alpha:]_]x", "_x", true},
      {"[\xC3\xA0-\xC3\xBF]", "\xC3\xA9", true},
      {"\\*.c", "*.c", true},
      {"\\*.c", "a.c", false},
      {"\\[id\\]", "[id]", true},
      {"*.{c,h}", "a.h", true},
      {"*.{c,h}", "a.x", false},
      {"{src,lib}/*.{c,h}", "lib/a.h", true},
      {"{src/a,b}.c", "src/a.c", true},
      {"{src/a,b}.c", "x/b.c", true},
      {"*.{ts}", "a.ts", true},
      {"*.{t{s,sx},js}", "a.tsx", true},
      {"\\{a,b", "{a,b", true},
      {"a{,x}.c", "a.c", true},
      {"[{,}].c", "{.c", true},
      {"\\{a\\}", "{a}", true},
      {"*", ".hidden", true},
      {"a//b", "a/b", false},
  };
  for (const Row& row : rows) {
    INFO(row.pattern << " on " << row.path);
    const auto glob = Glob::compile(row.pattern, Glob::Flavour::kTool);
    REQUIRE(glob);
    CHECK(glob->matches_name_or_path(row.path) == row.want);
  }
}

TEST_CASE("glob folds ASCII case when asked") {
  for (const char* pattern : {"*.TXT", "Read[m-z]e*", "readme.txt", "README.tx?"}) {
    INFO(pattern);
    CHECK(Glob::compile(pattern, Glob::Flavour::kTool, true)->matches("readME.txt"));
    CHECK_FALSE(Glob::compile(pattern, Glob::Flavour::kTool, false)->matches("readME.txt"));
  }
}

TEST_CASE("glob that would be slow is linear or refused (SR-10)") {
  std::string stars;
  for (int i = 0; i < 200; ++i) stars += "*a";
  const auto many_stars = Glob::compile(stars + "b", Glob::Flavour::kTool);
  REQUIRE(many_stars);
  CHECK_FALSE(many_stars->matches(std::string(4000, 'a')));
  CHECK(many_stars->matches(std::string(4000, 'a') + "b"));

  std::string components;
  for (int i = 0; i < 500; ++i) components += "**/a/";
  std::string path;
  for (int i = 0; i < 1500; ++i) path += "a/";
  const auto many_components = Glob::compile(components + "b", Glob::Flavour::kTool);
  REQUIRE(many_components);
  CHECK_FALSE(many_components->matches(path + "c"));
  CHECK(many_components->matches(path + "b"));

  std::string braces;
  for (int i = 0; i < 20; ++i) braces += "{a,b}";
  const auto expanded = Glob::compile(braces, Glob::Flavour::kTool);
  REQUIRE_FALSE(expanded);
  CHECK(expanded.error().code == Code::kInvalidArgs);
  CHECK(expanded.error().message.find("256 alternatives") != std::string::npos);

  const auto open_class = Glob::compile("a[", Glob::Flavour::kTool);
  REQUIRE_FALSE(open_class);
  CHECK(open_class.error().message.find("\\[") != std::string::npos);
  for (const char* pattern : {"{a,b", "*.{c,{h}", "a{"}) {
    const auto open_brace = Glob::compile(pattern, Glob::Flavour::kTool);
    REQUIRE_FALSE(open_brace);
    CHECK(open_brace.error().message.find("\\{") != std::string::npos);
  }
  CHECK_FALSE(Glob::compile(std::string(4097, 'a'), Glob::Flavour::kTool));
  CHECK(Glob::compile(std::string(4096, 'a'), Glob::Flavour::kTool));
}

TEST_CASE("glob in an ignore file matches nothing when malformed") {
  for (const char* pattern : {"a[", "a\\", "[[:nope:]]"}) {
    INFO(pattern);
    const auto glob = Glob::compile(pattern, Glob::Flavour::kIgnore);
    REQUIRE(glob);
    for (const char* path : {"a[", "a", "a\\", "n", pattern}) CHECK_FALSE(glob->matches(path));
  }
}

TEST_CASE("glob without wildcards matches only itself") {
  const Glob glob = Glob::literal("a*/[b]");
  CHECK(glob.matches("a*/[b]"));
  CHECK_FALSE(glob.matches("ax/b"));
}

}  // namespace
}  // namespace quarry::search
