#include "server/sandbox/path.h"

#include <string>
#include <type_traits>

#include <catch2/catch.hpp>

#include "server/base/utf8.h"

namespace quarry::sandbox {
namespace {

// A string must not become a Path by accident: only parse checks it.
static_assert(!std::is_convertible_v<std::string, Path>);
static_assert(!std::is_convertible_v<const char*, Path>);
static_assert(!std::is_constructible_v<Path, std::string>);
static_assert(!std::is_constructible_v<Path, std::string_view>);
static_assert(!std::is_constructible_v<Path, const char*>);

using namespace std::string_literals;

constexpr std::string_view kRoot = "/srv/tree";

struct Accepted {
  std::string text;
  std::string want;
};

struct Refused {
  std::string text;
  Code code;
  std::string message;  // a part of it
};

void check(const Accepted& row) {
  INFO("text: " << row.text);
  const auto path = Path::parse(row.text, kRoot);
  REQUIRE(path.has_value());
  CHECK(path->text() == row.want);
  CHECK(path->display() == (row.want.empty() ? "." : row.want));
  const auto again = Path::parse(path->display(), kRoot);
  REQUIRE(again.has_value());
}

void check(const Refused& row) {
  INFO("text: " << row.text);
  const auto path = Path::parse(row.text, kRoot, "file");
  REQUIRE_FALSE(path.has_value());
  CHECK(path.error().code == row.code);
  CHECK_THAT(path.error().message, Catch::Contains(row.message));
  CHECK(path.error().message.size() < 1000);
  CHECK(path.error().message.find('\n') == std::string::npos);
}

Path parsed(std::string_view text) {
  auto path = Path::parse(text, kRoot);
  REQUIRE(path.has_value());
  return *path;
}

std::string repeated(std::string_view piece, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += piece;
  return out;
}

TEST_CASE("a path is normalised to components joined by one slash") {
  for (const Accepted& row : std::vector<Accepted>{
           {"a", "a"},
           {"a/b/c.txt", "a/b/c.txt"},
           {".", ""},
           {"./", ""},
           {"././.", ""},
           {"./a", "a"},
           {"a/./b", "a/b"},
           {"a/.", "a"},
           {"a//b///c", "a/b/c"},
           {"a/", "a"},
           {"a//", "a"},
           {" ", " "},
           {"   ", "   "},
           {"a.", "a."},
           {"-rf", "-rf"},
           {"...", "..."},
           {"..a/b..", "..a/b.."},
           {".hidden/.x", ".hidden/.x"},
       }) {
    check(row);
  }
}

TEST_CASE("text that only looks like an escape or a climb is a plain name") {
  for (const Accepted& row : std::vector<Accepted>{
           {"%2e%2e%2f", "%2e%2e%2f"},
           {"%2e%2e/x", "%2e%2e/x"},
           {"..%c0%af", "..%c0%af"},
           {"..\\outside", "..\\outside"},
           {"..\\\\outside", "..\\outside"},
           {"..\xE2\x88\x95outside", "..\xE2\x88\x95outside"},
           {"..\xEF\xBC\x8Foutside", "..\xEF\xBC\x8Foutside"},
           {"....//x", "..../x"},
           {"~", "~"},
           {"~root/x", "~root/x"},
           {"$HOME/x", "$HOME/x"},
           {"file:x", "file:x"},
           {"http://host/x", "http:/host/x"},
       }) {
    check(row);
  }
}

TEST_CASE("an absolute path below the root is taken relative to it") {
  for (const Accepted& row : std::vector<Accepted>{
           {"/srv/tree", ""},
           {"/srv/tree/", ""},
           {"/srv/tree/a/b", "a/b"},
           {"/srv/tree//a/", "a"},
           {"/srv/tree/./a", "a"},
           {"/srv/tree/%2e%2e", "%2e%2e"},
       }) {
    check(row);
  }
}

TEST_CASE("a root with trailing slashes, or the machine's root, is matched as text") {
  CHECK(Path::parse("/srv/tree/a", "/srv/tree//")->text() == "a");
  CHECK(Path::parse("/etc/x", "/")->text() == "etc/x");
  CHECK(Path::parse("/", "/")->is_root());
  CHECK_FALSE(Path::parse("/etc/x", "").has_value());
}

TEST_CASE("a root that was printed with escapes is recognised") {
  const std::string root = "/srv/two\nlines";
  std::string printed;
  utf8::append_escaped_name(printed, root + "/a\tb");
  const auto path = Path::parse(printed, root);
  REQUIRE(path.has_value());
  CHECK(path->text() == "a\tb");
}

TEST_CASE("a file URI is decoded once") {
  for (const Accepted& row : std::vector<Accepted>{
           {"file:///srv/tree", ""},
           {"file:///srv/tree/a%20b", "a b"},
           {"file://localhost/srv/tree/a", "a"},
           {"FILE://LocalHost/srv/tree/a", "a"},
           {"file:///srv/%74ree/a", "a"},
           {"file:///srv/tree/%252e%252e/x", "%2e%2e/x"},
           {"file:///srv/tree/a%5Cx41", "a\\x41"},
           {"file:///srv/tree/%ff", "\xFF"},
       }) {
    INFO("text: " << row.text);
    const auto path = Path::parse(row.text, kRoot);
    REQUIRE(path.has_value());
    CHECK(path->text() == row.want);
  }
}

TEST_CASE("a file URI that is foreign, ambiguous or broken is refused") {
  for (const Refused& row : std::vector<Refused>{
           {"file:///etc/passwd", Code::kDenied, "file 'file:///etc/passwd' is not below the root"},
           {"file:///", Code::kDenied, "not below the root"},
           {"file://evil/srv/tree/a", Code::kInvalidArgs, "another host"},
           {"file://", Code::kInvalidArgs, "no path"},
           {"file://localhost", Code::kInvalidArgs, "no path"},
           {"file:///srv/tree/a?b", Code::kInvalidArgs, "query"},
           {"file:///srv/tree/a#b", Code::kInvalidArgs, "fragment"},
           {"file:///srv/tree/a%2fb", Code::kInvalidArgs, "escapes a slash"},
           {"file:///srv/tree/a%2Fb", Code::kInvalidArgs, "escapes a slash"},
           {"file:///srv/tree/%00", Code::kInvalidArgs, "NUL"},
           {"file:///srv/tree/%", Code::kInvalidArgs, "percent-escape"},
           {"file:///srv/tree/%4", Code::kInvalidArgs, "percent-escape"},
           {"file:///srv/tree/%zz", Code::kInvalidArgs, "percent-escape"},
           {"file:///srv/tree/%2e%2e/x", Code::kInvalidArgs, "'..'"},
           {"file:///srv/tree/../x", Code::kInvalidArgs, "'..'"},
       }) {
    check(row);
  }
}

TEST_CASE("a path that climbs, leaves the root or cannot be a name is refused") {
  for (const Refused& row : std::vector<Refused>{
           {"", Code::kInvalidArgs, "argument 'file' is empty; '.' is the root"},
           {"..", Code::kInvalidArgs, "file '..' contains '..'"},
           {"../outside/s", Code::kInvalidArgs, "contains '..'"},
           {"a/../b", Code::kInvalidArgs, "contains '..'"},
           {"a/../../outside/s", Code::kInvalidArgs, "contains '..'"},
           {"./../outside/s", Code::kInvalidArgs, "contains '..'"},
           {"a//..//..//outside/s", Code::kInvalidArgs, "contains '..'"},
           {"a/..", Code::kInvalidArgs, "contains '..'"},
           {"a/../", Code::kInvalidArgs, "contains '..'"},
           {"\\x2e\\x2e/outside", Code::kInvalidArgs, "contains '..'"},
           {"/srv/tree/../x", Code::kInvalidArgs, "contains '..'"},
           {"/etc/passwd", Code::kDenied, "file '/etc/passwd' is not below the root"},
           {"/", Code::kDenied, "not below the root"},
           {"//", Code::kDenied, "not below the root"},
           {"//srv/tree/a", Code::kDenied, "not below the root"},
           {"/srv/tree_secret/x", Code::kDenied, "not below the root"},
           {"/srv/tre", Code::kDenied, "not below the root"},
           {"/SRV/TREE/a", Code::kDenied, "not below the root"},
           {"/srv/../srv/tree/a", Code::kDenied, "not below the root"},
           {"/proc/self/root/etc", Code::kDenied, "not below the root"},
           {"ok.txt\0.png"s, Code::kInvalidArgs, "NUL"},
           {"\0"s, Code::kInvalidArgs, "NUL"},
           {"ok.txt\\x00.png", Code::kInvalidArgs, "NUL"},
           {"a\\x2fb", Code::kInvalidArgs, "escaped slash"},
           {"\\x2fetc/passwd", Code::kInvalidArgs, "escaped slash"},
           {std::string(256, 'n'), Code::kInvalidArgs, "longer than 255 bytes"},
           {"a/" + std::string(256, 'n') + "/b", Code::kInvalidArgs, "longer than 255 bytes"},
           {repeated("abcdefg/", 512) + "z", Code::kInvalidArgs, "longer than 4096 bytes"},
           {std::string(1'000'000, 'n'), Code::kInvalidArgs, "longer than 255 bytes"},
           {"a\n../\x1b[31m/..", Code::kInvalidArgs, "a\\x0a../\\x1b[31m/.."},
       }) {
    check(row);
  }
}

TEST_CASE("the limits themselves are accepted") {
  check(Accepted{std::string(255, 'n'), std::string(255, 'n')});
  const std::string whole = repeated("abcdefg/", 511) + "abcdefgh";
  REQUIRE(whole.size() == Path::kMaxBytes);
  check(Accepted{whole, whole});
  CHECK(parsed("./" + whole + "/").text() == whole);
}

TEST_CASE("every name that an answer prints can be sent back") {
  for (const std::string& name : std::vector<std::string>{
           "two\nlines", "\x1b[31mred", "\xE2\x80\xAEtxt.exe", "bad\xFF\xFEutf8", "a\\b", "a\\x41",
           "\\", "\\\\", "tab\there", "\xC2\xAD", "zero\xE2\x80\x8Bwidth", "-dash", "'quote\""}) {
    std::string printed;
    utf8::append_escaped_name(printed, name);
    INFO("printed: " << printed);
    CHECK(parsed(printed).text() == name);
    CHECK(parsed("dir/" + printed).text() == "dir/" + name);
    CHECK(parsed("/srv/tree/" + printed).text() == name);
  }
}

TEST_CASE("a backslash that starts no escape stands for itself") {
  CHECK(parsed("a\\b").text() == "a\\b");
  CHECK(parsed("C:\\new").text() == "C:\\new");
  CHECK(parsed("a\\xg0").text() == "a\\xg0");
  CHECK(parsed("a\\").text() == "a\\");
}

TEST_CASE("name, parent, child and join take a path apart and put it together") {
  const Path path = parsed("a/b/c.txt");
  CHECK(path.name() == "c.txt");
  CHECK(path.parent() == parsed("a/b"));
  CHECK(path.parent().parent().parent().is_root());
  CHECK(Path().parent().is_root());
  CHECK(Path().name().empty());
  CHECK(Path().child("x") == parsed("x"));
  CHECK(parsed("x").child("y") == parsed("x/y"));
  CHECK(parsed("x").join(Path()) == parsed("x"));
  CHECK(Path().join(parsed("x/y")) == parsed("x/y"));
  CHECK(parsed("x").join(parsed("y/z")) == parsed("x/y/z"));
  CHECK(parsed("a") < parsed("b"));
}

TEST_CASE("the git directory is recognised in every spelling that a file system takes for it") {
  for (const std::string& text : std::vector<std::string>{
           ".git", ".git/config", "sub/.git/x", ".GIT/config", ".GiT", ".git.", ".git. . ", ".git ",
           "git~1/config", "GIT~1", "git~1.", ".git\xE2\x80\x8C/config", ".\xE2\x80\x8Dgit",
           "\xEF\xBB\xBF.git", ".g\xC2\xADit", ".git::$INDEX_ALLOCATION/x", ".git:stream",
           "a/.git\\config", ".gi\xF3\xA0\x80\xA0t"}) {
    INFO(text);
    CHECK(Path().join(Path().child(text)).enters_git_directory());
  }
  for (const std::string& text : std::vector<std::string>{
           "", "a", ".gitignore", ".gitattributes", ".github/x", "git", "git~2", "git~10", ".git2",
           "x.git", ".gi", ".", "a.git/b", ".git\xC3\xA9", ".git\xFF", "g", ".git-x"}) {
    INFO(text);
    CHECK_FALSE((text.empty() ? Path() : Path().child(text)).enters_git_directory());
  }
}

}  // namespace
}  // namespace quarry::sandbox
