#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "server/base/utf8.h"
#include "tests/sandbox/canary.h"
#include "tests/sandbox/forked.h"

namespace quarry::sandbox {
namespace {

namespace fs = std::filesystem;
using test::Canary;

TEST_CASE("names of every kind are listed once and can be read back as printed") {
  const Canary canary;
  const std::set<std::string> names{
      "two\nlines",
      "\x1b[31mred",
      "\xE2\x80\xAEtxt.exe",
      "bad\xFF\xFEutf8",
      "-dash",
      "a\\b",
      "a\\x41",
      "'",
      "\"",
      "   ",
      "~",
      "%2e%2e",
      "\\",
      "..\\x",
      "\xEF\xBC\x8F",
      "\x01",
      "...",
      "tab\t",
  };
  for (const std::string& name : names) std::ofstream(canary.tree.path(name)) << "of " << name;
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  const auto listed = test::list_names(*workspace, ".");
  REQUIRE(listed.has_value());
  CHECK(listed->size() == names.size());
  CHECK(std::set<std::string>(listed->begin(), listed->end()) == names);
  for (const std::string& name : *listed) {
    std::string printed;
    utf8::append_escaped_name(printed, name);
    INFO(printed);
    CHECK(utf8::valid(printed));
    const auto content = test::read_text(*workspace, printed);
    REQUIRE(content.has_value());
    CHECK(*content == "of " + name);
  }
}

TEST_CASE("entries have their kinds and inodes") {
  const Canary canary;
  canary.tree.write("file", "x");
  canary.tree.make_directory("dir");
  canary.tree.link("file", "link");
  REQUIRE(mkfifo(canary.tree.path("fifo").c_str(), 0600) == 0);
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  Dir root = *workspace->open_directory(Path());
  std::map<std::string, Kind> kinds;
  Dir::Entry entry;
  while (*root.next(entry)) {
    kinds[std::string(entry.name)] = entry.kind;
    CHECK(entry.inode == root.metadata(entry.name)->stamp.inode);
    CHECK(entry.name.data()[entry.name.size()] == '\0');
  }
  CHECK(kinds == std::map<std::string, Kind>{{"file", Kind::kFile},
                                             {"dir", Kind::kDirectory},
                                             {"link", Kind::kSymlink},
                                             {"fifo", Kind::kOther}});
  CHECK_FALSE(*root.next(entry));
}

TEST_CASE("a directory of more entries than one read returns is listed whole") {
  const Canary canary;
  std::set<std::string> names;
  for (int i = 0; i < 3000; ++i) {
    const std::string name = std::string(60, 'n') + std::to_string(i);
    names.insert(name);
    std::ofstream(canary.tree.path(name)).put('x');
  }
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  const auto listed = test::list_names(*workspace, ".");
  REQUIRE(listed.has_value());
  CHECK(listed->size() == names.size());
  CHECK(std::set<std::string>(listed->begin(), listed->end()) == names);
}

TEST_CASE("a directory's handle opens single entries and follows no link") {
  const Canary canary;
  canary.tree.write("sub/file", "content");
  canary.tree.link("sub", "dir_link");
  canary.tree.link("sub/file", "file_link");
  canary.tree.link("../outside", "dir_out");
  canary.tree.link("../outside/s", "file_out");
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  const Dir root = *workspace->open_directory(Path());
  const auto sub = root.open_dir("sub");
  REQUIRE(sub.has_value());
  std::string content;
  REQUIRE(sub->open_file("file")->read_all(content, 100).has_value());
  CHECK(content == "content");
  CHECK(root.stamp()->inode != sub->stamp()->inode);
  CHECK(sub->stamp()->inode == root.metadata("sub")->stamp.inode);
  CHECK(root.metadata("file_out")->kind == Kind::kSymlink);
  CHECK(root.metadata("file_out")->link_target == "../outside/s");
  for (const char* name : {"dir_link", "dir_out"}) {
    INFO(name);
    CHECK(root.open_dir(name).error().code == Code::kDenied);
  }
  for (const char* name : {"dir_link", "file_link", "dir_out", "file_out"}) {
    INFO(name);
    CHECK(root.open_file(name).error().code == Code::kDenied);
  }
  CHECK(root.open_file("sub").error().code == Code::kInvalidArgs);
  CHECK(sub->open_dir("file").error().code == Code::kInvalidArgs);
  CHECK(root.open_dir("none").error().code == Code::kNotFound);
  CHECK(root.open_file("none").error().code == Code::kNotFound);
  CHECK(root.metadata("none").error().code == Code::kNotFound);
}

TEST_CASE("what is no entry's name is refused by a directory's handle") {
  using namespace std::string_literals;
  const Canary canary;
  canary.tree.write("sub/file", "content");
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  const Dir sub = *workspace->open_directory(*workspace->parse("sub"));
  for (const std::string& name : {""s, "."s, ".."s, "../outside"s, "/"s, "/etc"s, "./file"s,
                                  "file/"s, "file\0x"s, std::string(256, 'n')}) {
    INFO(name);
    CHECK(sub.open_dir(name).error().code == Code::kInvalidArgs);
    CHECK(sub.open_file(name).error().code == Code::kInvalidArgs);
    CHECK(sub.metadata(name).error().code == Code::kInvalidArgs);
  }
}

TEST_CASE("three thousand nested directories are walked by handles") {
  const Canary canary;
  constexpr int kDepth = 3000;
  Fd here(open(canary.tree.root().c_str(), O_PATH | O_DIRECTORY));
  for (int depth = 0; depth < kDepth; ++depth) {
    REQUIRE(mkdirat(here.get(), "d", 0700) == 0);
    here = Fd(openat(here.get(), "d", O_PATH | O_DIRECTORY));
  }
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  Dir dir = *workspace->open_directory(Path());
  for (int depth = 0; depth < kDepth; ++depth) {
    Dir::Entry entry;
    REQUIRE(*dir.next(entry));
    auto below = dir.open_dir(entry.name);
    REQUIRE(below.has_value());
    dir = std::move(*below);
  }
  Dir::Entry entry;
  CHECK_FALSE(*dir.next(entry));
}

TEST_CASE("a directory removed while it is open ends its listing") {
  const Canary canary;
  canary.tree.make_directory("gone");
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  Dir gone = *workspace->open_directory(*workspace->parse("gone"));
  fs::remove(canary.tree.path("gone"));
  Dir::Entry entry;
  const auto more = gone.next(entry);
  REQUIRE(more.has_value());
  CHECK_FALSE(*more);
}

TEST_CASE("without descriptors left the answer is to try again") {
  const Canary canary;
  canary.tree.write("sub/file", "content");
  const auto resolver = GENERATE(from_range(test::resolvers()));
  CHECK(test::forked([&](test::Report& report) {
          const auto workspace = canary.open(resolver);
          const Dir root = *workspace->open_directory(Path());
          const Fd next(dup(0));
          const rlimit limit{static_cast<rlim_t>(next.get() + 1),
                             static_cast<rlim_t>(next.get() + 1)};
          setrlimit(RLIMIT_NOFILE, &limit);
          const Path path = *workspace->parse("sub/file");
          report.claim(workspace->open_file(path).error().code == Code::kUnavailable, "open_file");
          report.claim(workspace->open_directory(Path()).error().code == Code::kUnavailable,
                       "open_directory");
          report.claim(root.open_dir("sub").error().code == Code::kUnavailable, "open_dir");
        }) == "");
}

}  // namespace
}  // namespace quarry::sandbox
