// Each case confines a process of its own and reports what it could still do.

#include "server/sandbox/confine.h"

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "server/sandbox/writers.h"
#include "tests/sandbox/canary.h"
#include "tests/sandbox/forked.h"

namespace quarry::sandbox {
namespace {

namespace fs = std::filesystem;
using test::Canary;
using test::forked;
using test::Report;

// 0, or the errno of opening.
int try_open(const std::string& path, int flags) {
  const Fd fd(open(path.c_str(), flags | O_CLOEXEC, 0600));
  return fd ? 0 : errno;
}

bool has_landlock(int abi = 1) {
  if (probe().landlock_abi >= abi) return true;
  WARN("left out: this kernel has landlock abi " << probe().landlock_abi << ", not " << abi);
  return false;
}

Confinement confined(const Grants& grants, Report& report) {
  const auto confinement = confine(grants);
  report.claim(confinement.has_value(), "confine failed");
  report.claim(confinement && confinement->enforced, "not enforced");
  return confinement ? *confinement : Confinement{};
}

TEST_CASE("inside the grants everything works that they say, outside nothing does") {
  if (!has_landlock(3)) return;
  const Canary canary;
  canary.tree.write("rw/f", "f");
  canary.tree.write("rw/other/f", "f");
  canary.tree.write("ro/f", "f");
  canary.tree.write("single", "f");
  canary.tree.write("beside", "f");
  const auto at = [&](const char* name) { return canary.tree.path(name); };
  const int abi = GENERATE(3, 5, 99);
  INFO("abi " << abi);
  CHECK(forked([&](Report& report) {
          Grants grants;
          grants.read_only = {at("ro"), at("single"), at("does-not-exist")};
          grants.read_write = {at("rw")};
          grants.max_abi = abi;
          confined(grants, report);
          const auto expect = [&](const std::string& name, int flags, int error) {
            const int got = try_open(name, flags);
            report.claim(got == error, name + ": " + strerrorname_np(got));
          };
          expect(at("rw/f"), O_RDWR, 0);
          expect(at("rw/f"), O_WRONLY | O_TRUNC, 0);
          expect(at("rw/new"), O_WRONLY | O_CREAT | O_EXCL, 0);
          expect(at("rw"), O_RDONLY | O_DIRECTORY, 0);
          report.claim(mkdir(at("rw/dir").c_str(), 0700) == 0, "mkdir");
          report.claim(symlink("f", at("rw/link").c_str()) == 0, "symlink");
          report.claim(rename(at("rw/f").c_str(), at("rw/dir/f").c_str()) == 0, "rename");
          report.claim(unlink(at("rw/new").c_str()) == 0, "unlink");
          expect(at("ro/f"), O_RDONLY, 0);
          expect(at("ro"), O_RDONLY | O_DIRECTORY, 0);
          expect(at("ro/f"), O_WRONLY, EACCES);
          expect(at("ro/new"), O_WRONLY | O_CREAT, EACCES);
          report.claim(truncate(at("ro/f").c_str(), 0) != 0, "truncate in ro");
          report.claim(unlink(at("ro/f").c_str()) != 0, "unlink in ro");
          report.claim(rename(at("rw/dir/f").c_str(), at("ro/g").c_str()) != 0, "move into ro");
          expect(at("single"), O_RDONLY, 0);
          expect(at("single"), O_WRONLY, EACCES);
          expect(at("beside"), O_RDONLY, EACCES);
          expect(canary.tree.root(), O_RDONLY | O_DIRECTORY, EACCES);
          expect(canary.outside() + "/s", O_RDONLY, EACCES);
          expect(canary.outside() + "/new", O_WRONLY | O_CREAT, EACCES);
          expect("/etc/passwd", O_RDONLY, EACCES);
          expect("/", O_RDONLY | O_DIRECTORY, EACCES);
          expect("/proc/1/environ", O_RDONLY, EACCES);
          expect("/dev/null", O_RDWR, 0);
          expect("/proc/self/statm", O_RDONLY, 0);
          report.claim(mkfifo(at("rw/fifo").c_str(), 0600) != 0, "mkfifo");
          report.claim(mknod(at("rw/node").c_str(), S_IFCHR | 0600, 0) != 0, "mknod");
        }) == "");
  CHECK(canary.outside_unchanged());
}

TEST_CASE("a directory moved out of the root while it is open leads nowhere") {
  if (!has_landlock()) return;
  const Canary canary;
  canary.tree.write("d/f", "inside");
  const bool confining = GENERATE(true, false);
  INFO((confining ? "confined" : "not confined"));
  CHECK(forked([&](Report& report) {
          int go[2];
          int done[2];
          report.claim(pipe(go) == 0 && pipe(done) == 0, "pipe");
          const pid_t mover = fork();  // before the domain, so that it is free
          if (mover == 0) {
            char byte = 0;
            if (read(go[0], &byte, 1) != 1) _exit(1);
            fs::rename(canary.tree.path("d"), canary.outside() + "/d");
            _exit(write(done[1], &byte, 1) == 1 ? 0 : 1);
          }
          if (confining) {
            Grants grants;
            grants.read_write = {canary.tree.root()};
            confined(grants, report);
          }
          const auto workspace = canary.open(Workspace::Resolver::kAuto);
          const Dir dir = *workspace->open_directory(*workspace->parse("d"));
          const Fd raw(open(canary.tree.path("d").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
          report.claim(dir.open_file("f").has_value(), "not read before the move");
          char byte = 'x';
          report.claim(write(go[1], &byte, 1) == 1 && read(done[0], &byte, 1) == 1, "move");
          waitpid(mover, nullptr, 0);
          const Fd made(openat(raw.get(), "made", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
          // The control without confinement shows that the handle alone does not hold.
          report.claim(static_cast<bool>(made) != confining, "create after the move");
          const auto file = dir.open_file("f");
          report.claim(file.has_value() != confining, "read after the move");
          if (confining && !file) {
            report.claim(file.error().code == Code::kDenied, file.error().message);
          }
        }) == "");
  CHECK(fs::exists(canary.outside() + "/d/made") != confining);
}

// The exit status of `program`, 127 when it did not start.
int status_of(const std::string& program) {
  const pid_t child = fork();
  if (child == 0) {
    execl(program.c_str(), program.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_CASE("only granted programs run, and what they start is confined too") {
  if (!has_landlock()) return;
  const Canary canary;
  fs::copy_file("/usr/bin/true", canary.tree.path("copy"));
  canary.tree.write("probe.sh", "#!/bin/sh\ncat '" + canary.outside() + "/s' >/dev/null 2>&1\n");
  fs::permissions(canary.tree.path("probe.sh"), fs::perms::owner_all);
  REQUIRE(status_of(canary.tree.path("copy")) == 0);
  REQUIRE(status_of(canary.tree.path("probe.sh")) == 0);
  CHECK(forked([&](Report& report) {
          Grants grants;
          grants.read_write = {canary.tree.root()};
          grants.execute = {"/usr", "/bin", "/lib", "/lib64"};
          confined(grants, report);
          report.claim(status_of("/usr/bin/true") == 0, "a granted program did not run");
          report.claim(status_of(canary.tree.path("copy")) == 127, "a copy in the root ran");
          report.claim(status_of(canary.tree.path("probe.sh")) == 127, "a script ran");
          const std::string command = "cat '" + canary.outside() + "/s' >/dev/null 2>&1";
          report.claim(system(command.c_str()) != 0, "a child read outside");
        }) == "");
}

TEST_CASE("tcp is denied, and signals reach only descendants") {
  if (!has_landlock(6)) return;
  const Canary canary;
  CHECK(forked([&](Report& report) {
          const pid_t stranger = getppid();
          confined({}, report);
          const Fd tcp(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
          sockaddr_in address{};
          address.sin_family = AF_INET;
          address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
          address.sin_port = htons(1);
          const auto* target = reinterpret_cast<const sockaddr*>(&address);
          report.claim(connect(tcp.get(), target, sizeof address) != 0 && errno == EACCES,
                       "connect");
          address.sin_port = htons(40123);
          report.claim(bind(tcp.get(), target, sizeof address) != 0 && errno == EACCES, "bind");
          report.claim(kill(stranger, 0) != 0 && errno == EPERM, "signal to a stranger");
          const pid_t child = fork();
          if (child == 0) {
            pause();
            _exit(0);
          }
          int status = 0;
          report.claim(kill(child, SIGKILL) == 0, "signal to a child");
          waitpid(child, &status, 0);
          report.claim(WIFSIGNALED(status), "the child was not killed");
        }) == "");
}

std::string status_line(const char* name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name))
      return line.substr(line.find_first_not_of("\t ", line.find(':') + 1));
  }
  return "";
}

TEST_CASE("capabilities beyond file work and new privileges are given up") {
  const bool landlock = GENERATE(true, false);
  CHECK(forked([&](Report& report) {
          Grants grants;
          grants.max_abi = landlock ? 99 : 0;
          report.claim(confine(grants).has_value(), "confine failed");
          // chown, dac_override, dac_read_search, fowner, fsetid, lease
          constexpr unsigned long kFileWork = 0x1F | 1UL << 28U;
          for (const char* set : {"CapEff", "CapPrm", "CapInh", "CapAmb"}) {
            report.claim((std::stoul(status_line(set), nullptr, 16) & ~kFileWork) == 0, set);
          }
          if (geteuid() == 0) {
            report.claim((std::stoul(status_line("CapBnd"), nullptr, 16) & ~kFileWork) == 0,
                         "CapBnd");
            report.claim(std::stoul(status_line("CapEff"), nullptr, 16) != 0, "all given up");
          }
          report.claim(status_line("NoNewPrivs") == "1", "NoNewPrivs");
        }) == "");
}

TEST_CASE("root still works on the files of other users") {
  if (geteuid() != 0) {
    WARN("left out: needs root");
    return;
  }
  const unsigned long had_lease = std::stoul(status_line("CapEff"), nullptr, 16) >> 28U & 1U;
  const Canary canary;
  canary.tree.write("theirs", "content");
  fs::permissions(canary.tree.path("theirs"), fs::perms::owner_read);
  REQUIRE(chown(canary.tree.path("theirs").c_str(), 1000, 1000) == 0);
  CHECK(forked([&](Report& report) {
          Grants grants;
          grants.read_write = {canary.tree.root()};
          report.claim(confine(grants).has_value(), "confine failed");
          const std::string theirs = canary.tree.path("theirs");
          report.claim(try_open(theirs, O_RDWR) == 0, "not opened");
          const bool may_lease = (std::stoul(status_line("CapEff"), nullptr, 16) >> 28U & 1U) != 0;
          const Fd writer(open(theirs.c_str(), O_WRONLY | O_CLOEXEC));
          const Fd reader(open(theirs.c_str(), O_RDONLY | O_CLOEXEC));
          report.claim(!may_lease || has_writer(reader.get()), "a writer was not seen");
          report.claim(may_lease || had_lease == 0, "the lease was given up");
          // What replaces it may be as it was, for a group that root is not in too.
          struct stat status {};
          report.claim(chmod(theirs.c_str(), 02750) == 0, "mode not set");
          report.claim(stat(theirs.c_str(), &status) == 0 && (status.st_mode & 07777) == 02750,
                       "the kernel has taken a bit of the mode away");
        }) == "");
}

TEST_CASE("a kernel without landlock is reported, not an error") {
  const Canary canary;
  CHECK(forked([&](Report& report) {
          Grants grants;
          grants.max_abi = 0;
          const auto confinement = confine(grants);
          report.claim(confinement.has_value(), "an error");
          report.claim(!confinement->enforced && confinement->landlock_abi == 0, "enforced");
          report.claim(confinement->note.find("landlock") != std::string::npos, "no note");
          report.claim(try_open("/", O_RDONLY | O_DIRECTORY) == 0, "'/' is closed");
          report.claim(test_landlock(*confinement).has_value(), "self-test");
        }) == "");
}

TEST_CASE("the emulated abi decides whether renames between directories work") {
  if (!has_landlock(2)) return;
  const Canary canary;
  canary.tree.write("a/f", "f");
  canary.tree.make_directory("b");
  for (const int abi : {1, 2}) {
    INFO(abi);
    CHECK(forked([&](Report& report) {
            Grants grants;
            grants.read_write = {canary.tree.root()};
            grants.max_abi = abi;
            const Confinement confinement = confined(grants, report);
            report.claim(confinement.landlock_abi == abi, "wrong abi");
            report.claim(confinement.note.empty() == (abi == 2), "note: " + confinement.note);
            const int moved =
                rename(canary.tree.path("a/f").c_str(), canary.tree.path("b/f").c_str());
            report.claim((moved == 0) == (abi == 2), "rename");
          }) == "");
  }
}

TEST_CASE("the self-test passes where the protections hold, and leaves nothing behind") {
  const Canary canary;
  const std::vector<std::string> scratch = {canary.tree.path("state")};
  fs::create_directory(scratch.front());
  using Resolver = Workspace::Resolver;
  for (const Resolver resolver : {Resolver::kAuto, Resolver::kComponentWalk}) {
    CHECK(test_resolvers("", scratch, resolver).has_value());
  }
  CHECK(forked([&](Report& report) {
          Grants grants;
          grants.read_write = scratch;
          const auto confinement = confine(grants);
          report.claim(confinement.has_value(), "confine failed");
          const auto tested = test_landlock(*confinement);
          report.claim(tested.has_value(), tested ? "" : tested.error().message);
        }) == "");
  CHECK(fs::is_empty(scratch.front()));
  CHECK(canary.outside_unchanged());
}

TEST_CASE("the self-test takes the first place that can be written, whatever lies there") {
  const Canary canary;
  canary.tree.write("state/self-test/inside", "");
  canary.tree.write("file", "");
  const std::string good = canary.tree.path("state");
  using Places = std::vector<std::string>;
  const std::string file = canary.tree.path("file");
  const std::string none = canary.tree.path("none");
  for (const Places& places : {Places{good}, Places{file, good}, Places{none, file, good}}) {
    CHECK(test_resolvers("", places).has_value());
    CHECK(test_resolvers(good, places).has_value());  // something else stands there
  }
  for (const Places& places : {Places{}, Places{file}, Places{none, file}}) {
    const auto tested = test_resolvers("", places);
    REQUIRE_FALSE(tested);
    CHECK(tested.error().code == Code::kUnavailable);
  }
  CHECK(canary.tree.read("state/self-test/inside").empty());
  CHECK(std::distance(fs::directory_iterator(good), fs::directory_iterator()) == 1);
}

TEST_CASE("the self-test makes its directory once, and takes no other for it") {
  const Canary canary;
  canary.tree.make_directory("state");
  const std::string state = canary.tree.path("state");
  for (int start = 0; start < 2; ++start) CHECK(test_resolvers(state, {}).has_value());
  CHECK(fs::read_symlink(state + "/self-test/relative") == "..");
  // One in which a link leads nowhere bad would prove nothing.
  fs::remove(state + "/self-test/relative");
  fs::create_symlink(".", state + "/self-test/relative");
  CHECK(test_resolvers(state, {}).error().code == Code::kUnavailable);
  fs::remove_all(state + "/self-test");
  fs::create_directory_symlink(canary.outside(), state + "/self-test");
  CHECK(test_resolvers(state, {}).error().code == Code::kUnavailable);
  CHECK(test_resolvers(state, std::vector{state}).has_value());
  CHECK_FALSE(fs::exists(canary.outside() + "/inside"));
}

TEST_CASE("the self-test names a protection that is claimed and missing") {
  Confinement claimed = probe();
  claimed.enforced = true;
  const auto tested = test_landlock(claimed);
  REQUIRE_FALSE(tested.has_value());
  CHECK(tested.error().code == Code::kInternal);
  CHECK(tested.error().message == "self-test: landlock let '/' be opened");
  claimed.grants_everything = true;
  CHECK(test_landlock(claimed).has_value());
}

TEST_CASE("granting the machine's root is reported as granting everything") {
  if (!has_landlock()) return;
  const Canary canary;
  CHECK(forked([&](Report& report) {
          Grants grants;
          grants.read_only = {"/"};
          grants.read_write = {canary.outside()};
          const Confinement confinement = confined(grants, report);
          report.claim(confinement.grants_everything, "not reported");
          report.claim(test_landlock(confinement).has_value(), "self-test");
        }) == "");
}

}  // namespace
}  // namespace quarry::sandbox
