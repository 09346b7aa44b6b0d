#include "server/sandbox/workspace.h"

#include <algorithm>
#include <filesystem>

#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/sandbox/canary.h"

namespace quarry::sandbox {
namespace {

namespace fs = std::filesystem;
using test::Canary;
using test::list_names;
using test::read_text;

struct Readable {
  std::string path;
  std::string content;
};

struct Unreadable {
  std::string path;
  Code code;
  std::string message;  // a part of it
};

void check(const Workspace& workspace, const Readable& row) {
  INFO(test::name_of(workspace.resolver()) << ": " << row.path);
  const auto content = read_text(workspace, row.path);
  if (!content) FAIL(content.error().message);
  CHECK(*content == row.content);
}

void check(const Workspace& workspace, const Unreadable& row) {
  INFO(test::name_of(workspace.resolver()) << ": " << row.path);
  const auto content = read_text(workspace, row.path);
  REQUIRE_FALSE(content.has_value());
  CHECK_THAT(content.error().message, Catch::Contains(row.message));
  CHECK(content.error().code == row.code);
}

// Everything a reader can ask about `path`, in one text.
std::string all_answers(const Workspace& workspace, const std::string& path) {
  std::string all;
  const auto content = read_text(workspace, path);
  all += content ? *content : content.error().message;
  if (const auto names = list_names(workspace, path)) {
    for (const std::string& name : *names) all += "\n" + name;
  } else {
    all += names.error().message;
  }
  const auto parsed = workspace.parse(path);
  if (!parsed) return all;
  for (const auto& metadata : {workspace.metadata(*parsed), workspace.target_metadata(*parsed)}) {
    if (!metadata) all += metadata.error().message;
  }
  return all;
}

void add_links(const Canary& canary) {
  const auto& tree = canary.tree;
  tree.write("ok.txt", "hello\n");
  tree.write("sub/inner.txt", "inner\n");
  tree.write("sub/deep/leaf", "leaf\n");
  tree.link("sub/inner.txt", "link_in");
  tree.link("sub", "dir_in");
  tree.link("../ok.txt", "sub/up");
  tree.link("../../sub/./inner.txt", "sub/deep/upup");
  tree.link("deep/../../sub/deep/leaf", "sub/winding");
  tree.link("../outside/s", "link_out");
  tree.link("../outside", "dir_out");
  tree.link("sub/../../outside/s", "sneaky");
  tree.link("../../outside", "sub/dir_out");
  tree.link("sub/dir_out/s", "chained_out");
  tree.link("..", "parent");
  tree.link("../root/ok.txt", "out_and_back");
  tree.link(canary.outside() + "/s", "abs_out");
  tree.link(canary.outside(), "abs_dir_out");
  tree.link(tree.root() + "/ok.txt", "abs_in");
  tree.link("/proc/self/root", "proc_root");
  tree.link("/proc/self/cwd", "proc_cwd");
  tree.link("/proc/self/fd/0", "proc_fd");
  tree.link("nothing", "dangling_in");
  tree.link("../outside/new", "dangling_out");
  tree.link("loop_b", "loop_a");
  tree.link("loop_a", "loop_b");
  tree.link("self/x", "self");
  tree.link("ok.txt/", "file_with_slash");
}

TEST_CASE("symbolic links are followed beneath the root and nowhere else") {
  const Canary canary;
  add_links(canary);
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  for (const Readable& row : std::vector<Readable>{
           {"ok.txt", "hello\n"},
           {canary.tree.root() + "/ok.txt", "hello\n"},
           {"sub//inner.txt", "inner\n"},
           {"link_in", "inner\n"},
           {"dir_in/inner.txt", "inner\n"},
           {"sub/up", "hello\n"},
           {"sub/deep/upup", "inner\n"},
           {"sub/winding", "leaf\n"},
           {"dir_in/deep/upup", "inner\n"},
       }) {
    check(*workspace, row);
  }
  const std::string escape = "leads outside the root through a symbolic link";
  for (const Unreadable& row : std::vector<Unreadable>{
           {"link_out", Code::kDenied, "path 'link_out' " + escape},
           {"dir_out/s", Code::kDenied, escape},
           {"dir_out/new", Code::kDenied, escape},
           {"dir_out", Code::kDenied, escape},
           {"sneaky", Code::kDenied, escape},
           {"sub/dir_out/deep/s", Code::kDenied, escape},
           {"chained_out", Code::kDenied, escape},
           {"parent/outside/s", Code::kDenied, escape},
           {"out_and_back", Code::kDenied, escape},
           {"abs_out", Code::kDenied, escape},
           {"abs_dir_out/s", Code::kDenied, escape},
           {"proc_root/etc/passwd", Code::kDenied, escape},
           {"proc_cwd", Code::kDenied, escape},
           {"proc_fd", Code::kDenied, escape},
           {"dangling_out", Code::kDenied, escape},
           {"abs_in", Code::kDenied, "path 'abs_in' goes through an absolute symbolic link"},
           {"dangling_in", Code::kNotFound, "'dangling_in' is a symbolic link that leads nowhere"},
           {"loop_a", Code::kDenied, "in a circle"},
           {"self", Code::kDenied, "in a circle"},
           {"file_with_slash", Code::kNotFound,
            "'file_with_slash' is a symbolic link that leads nowhere"},
       }) {
    check(*workspace, row);
  }
  for (const auto& entry : fs::directory_iterator(canary.tree.root())) {
    const std::string name = entry.path().filename().string();
    for (const char* suffix : {"", "/", "/s", "/deep/s", "/new", "/outside/s"}) {
      const std::string answers = all_answers(*workspace, name + suffix);
      INFO(name + suffix << ": " << answers);
      CHECK_FALSE(canary.leaked(answers));
      CHECK(answers.find(canary.outside()) == std::string::npos);
    }
  }
  CHECK(canary.outside_unchanged());
}

TEST_CASE("forty links in a row are followed and forty-one are not") {
  const Canary canary;
  canary.tree.write("end", "end\n");
  canary.tree.link("end", "l1");
  for (int i = 2; i <= 41; ++i) {
    canary.tree.link("l" + std::to_string(i - 1), "l" + std::to_string(i));
  }
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  check(*workspace, Readable{"l40", "end\n"});
  check(*workspace, Unreadable{"l41", Code::kDenied, "more than 40 symbolic links"});
}

TEST_CASE("what does not exist is reported with the nearest thing that does") {
  const Canary canary;
  canary.tree.write("src/main.c", "int x;\n");
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  std::string far = "src";
  for (int i = 0; i < 2000; ++i) far += "/a";
  for (const Unreadable& row : std::vector<Unreadable>{
           {"x.c", Code::kNotFound, "no file 'x.c' in the root"},
           {"src/foo.c", Code::kNotFound, "no file 'src/foo.c'; 'src' exists"},
           {"lib/a/b.c", Code::kNotFound, "no file 'lib/a/b.c'; 'lib' does not exist"},
           {"src/a/b/c.c", Code::kNotFound, "'src' exists, 'src/a' does not"},
           {"src/main.c/x", Code::kNotFound, "'src/main.c' is not a directory"},
           {"%2e%2e%2foutside", Code::kNotFound, "no file '%2e%2e%2foutside'"},
           {"..\\outside\\s", Code::kNotFound, "no file '..\\\\outside\\\\s'"},
           {"....//x", Code::kNotFound, "no file '..../x'"},
           {"..\xE2\x88\x95outside", Code::kNotFound, "no file"},
           {"~", Code::kNotFound, "no file '~'"},
           {"   ", Code::kNotFound, "no file '   '"},
           {"src/main.c.", Code::kNotFound, "no file"},
           {far, Code::kNotFound, "'src' exists, 'src/a' does not"},
       }) {
    check(*workspace, row);
  }
  const auto directory = list_names(*workspace, "src/none");
  REQUIRE_FALSE(directory.has_value());
  CHECK(directory.error().message ==
        "no directory 'src/none'; 'src' exists; list_directory and glob show what is there");
  canary.tree.write("src/sched/core.c", "");
  const auto near = list_names(*workspace, "src/shed");
  REQUIRE_FALSE(near.has_value());
  CHECK(near.error().message == "no directory 'src/shed'; 'src' exists; did you mean 'src/sched'?");
}

TEST_CASE("a file and a directory are told apart, and a trailing slash does no harm") {
  const Canary canary;
  canary.tree.write("src/main.c", "int x;\n");
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  check(*workspace, Readable{"src/main.c/", "int x;\n"});
  check(*workspace, Unreadable{"src", Code::kInvalidArgs, "'src' is a directory; use list_"});
  check(*workspace, Unreadable{".", Code::kInvalidArgs, "'.' is a directory; use list_"});
  CHECK(*list_names(*workspace, "src/") == std::vector<std::string>{"main.c"});
  CHECK(*list_names(*workspace, ".") == std::vector<std::string>{"src"});
  const auto file = list_names(*workspace, "src/main.c");
  REQUIRE_FALSE(file.has_value());
  CHECK(file.error().code == Code::kInvalidArgs);
  CHECK(file.error().message == "'src/main.c' is not a directory; use read_file for a file");
}

TEST_CASE("special files are refused without blocking") {
  const Canary canary;
  REQUIRE(mkfifo(canary.tree.path("fifo").c_str(), 0600) == 0);
  const Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string where = canary.tree.path("sock");
  REQUIRE(where.size() < sizeof address.sun_path);
  where.copy(address.sun_path, where.size());
  REQUIRE(bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  std::vector<std::string> names{"fifo", "sock"};
  if (mknod(canary.tree.path("zero").c_str(), S_IFCHR | 0600, makedev(1, 5)) == 0) {
    names.emplace_back("zero");
  } else {
    WARN("device node left out: making one needs root");
  }
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  for (const std::string& name : names) {
    check(*workspace, Unreadable{name, Code::kInvalidArgs, "is not a regular file"});
    CHECK(workspace->metadata(*workspace->parse(name))->kind == Kind::kOther);
    Dir root = *workspace->open_directory(Path());
    CHECK(root.open_file(name).error().code == Code::kInvalidArgs);
    CHECK(root.metadata(name)->kind == Kind::kOther);
  }
}

TEST_CASE("what the file system forbids is denied by name") {
  const Canary canary;
  canary.tree.write("closed/file", "x");
  canary.tree.write("secret", "x");
  fs::permissions(canary.tree.path("closed"), fs::perms::none);
  fs::permissions(canary.tree.path("secret"), fs::perms::none);
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  // Root reads everything; as another user for files, it does not.
  const uid_t own = geteuid();
  if (own == 0) setfsuid(65534);
  check(*workspace, Unreadable{"secret", Code::kDenied, "no permission to open 'secret'"});
  check(*workspace,
        Unreadable{"closed/file", Code::kDenied, "no permission to open 'closed/file'"});
  if (own == 0) setfsuid(own);
  fs::permissions(canary.tree.path("closed"), fs::perms::owner_all);
}

TEST_CASE("metadata describes a link or what it leads to") {
  const Canary canary;
  add_links(canary);
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  const auto ask = [&](const char* name) { return *workspace->metadata(*workspace->parse(name)); };
  const auto target = [&](const char* name) {
    return workspace->target_metadata(*workspace->parse(name));
  };
  const Metadata file = ask("ok.txt");
  CHECK(file.kind == Kind::kFile);
  CHECK(file.stamp.size == 6);
  CHECK(file.stamp == workspace->open_file(*workspace->parse("ok.txt"))->stamp());
  CHECK(ask(".").kind == Kind::kDirectory);
  CHECK(ask("link_in").kind == Kind::kSymlink);
  CHECK(ask("link_in").link_target == "sub/inner.txt");
  CHECK(ask("dir_in/deep/upup").link_target == "../../sub/./inner.txt");
  CHECK(ask("link_out").kind == Kind::kSymlink);
  CHECK(target("link_in")->kind == Kind::kFile);
  CHECK(target("link_in")->stamp == ask("sub/inner.txt").stamp);
  CHECK(target("dir_in")->kind == Kind::kDirectory);
  CHECK(target("link_out").error().code == Code::kDenied);
  CHECK(target("dangling_out").error().code == Code::kDenied);
  CHECK(target("dangling_in").error().code == Code::kNotFound);
  CHECK(ask("dangling_in").kind == Kind::kSymlink);
  chmod(canary.tree.path("ok.txt").c_str(), 0751);
  CHECK(ask("ok.txt").mode == 0751);
}

TEST_CASE("a file replaced by a link between two calls is looked at afresh") {
  const Canary canary;
  canary.tree.write("f", "inside");
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  check(*workspace, Readable{"f", "inside"});
  const auto mtime = fs::last_write_time(canary.tree.path("f"));
  fs::remove(canary.tree.path("f"));
  canary.tree.link("../outside/s", "f");
  fs::last_write_time(canary.outside() + "/s", mtime);
  check(*workspace, Unreadable{"f", Code::kDenied, "leads outside"});
}

TEST_CASE("paths longer than the kernel takes at once are walked") {
  const Canary canary;
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  const std::string name(200, 'd');
  Fd here(open(canary.tree.root().c_str(), O_PATH | O_DIRECTORY));
  Path path;
  for (int depth = 0; depth < 30; ++depth) {
    REQUIRE(mkdirat(here.get(), name.c_str(), 0700) == 0);
    here = Fd(openat(here.get(), name.c_str(), O_PATH | O_DIRECTORY));
    path = path.child(name);
  }
  REQUIRE(path.text().size() > 4096);
  CHECK(workspace->open_directory(path).has_value());
  CHECK(workspace->open_file(path.child("none")).error().code == Code::kNotFound);
}

}  // namespace
}  // namespace quarry::sandbox
