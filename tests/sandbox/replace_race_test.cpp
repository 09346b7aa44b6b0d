// What other programs do between two calls of one that replaces a file.

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/base/fd.h"
#include "server/sandbox/place.h"
#include "tests/sandbox/forked.h"
#include "tests/support/faulty_process.h"
#include "tests/support/temp_workspace.h"

namespace quarry::sandbox {
namespace {

namespace fs = std::filesystem;

std::string replace(const std::string& root) {
  const auto workspace = Workspace::open(root).value();
  const Place at = workspace->place(workspace->parse("file").value()).value();
  const Stamp stamp = at.look().value()->stamp;
  Draft draft = at.draft("tag", 0644).value();
  if (!draft.write("new")) return "not written";
  const auto put = draft.put_over({.stamp = stamp});
  return put ? *put ? "done" : "stuck" : put.error().message;
}

// replace(), with another program that acts before its k-th call to the file system.
quarry::test::Ran replace_beside(const std::string& root, std::size_t k,
                                 const std::function<void()>& meanwhile) {
  return quarry::test::run_with(
      {.kind = quarry::test::Fault::Kind::kMeanwhile, .at = k, .meanwhile = meanwhile},
      [&](quarry::test::Window& window) {
        window.open();
        std::string said = replace(root);
        window.close();
        return said;
      });
}

TEST_CASE("what is written into the draft while it has the name is not lost when it goes back") {
  if (!quarry::test::can_trace()) return;
  int acted = 0;
  for (const bool stays_open : {false, true}) {
    bool more = true;
    for (std::size_t k = 1; more; ++k) {
      const quarry::test::TempWorkspace tree;
      tree.write("file", "old");
      bool now = false;
      std::optional<Fd> writer;
      const auto meanwhile = [&] {
        if (tree.read("file") != "new" || !fs::exists(tree.path(".quarry-tag"))) return;
        now = true;
        chmod(tree.path(".quarry-tag").c_str(), 0600);  // so that it is not what it was
        writer.emplace(open(tree.path("file").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
        if (!stays_open) {
          CHECK(write(writer->get(), " theirs", 7) == 7);
          writer.reset();
        }
      };
      const auto ran = replace_beside(tree.root(), k, meanwhile);
      more = ran.calls.size() > k;
      if (!now) continue;
      INFO(k << " of " << ran.calls.size() << ": " << ran.text);
      if (stays_open) CHECK(write(writer->get(), " theirs", 7) == 7);
      CHECK(tree.read("file") == "new theirs");
      if (ran.text == "done") continue;  // it was looked at already
      ++acted;
      CHECK(ran.text == "stuck");
      CHECK(tree.read(".quarry-tag") == "old");
    }
  }
  CHECK(acted >= 4);
}

TEST_CASE("a draft that others move about goes back to its name when they bring it there again") {
  if (!quarry::test::can_trace()) return;
  int acted = 0;
  bool more = true;
  for (std::size_t k = 1; more; ++k) {
    const quarry::test::TempWorkspace tree;
    tree.write("file", "old");
    tree.write("other", "other");
    const auto swap = [&] {
      const std::string file = tree.path("file");
      const std::string other = tree.path("other");
      CHECK(renameat2(AT_FDCWD, file.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0);
    };
    std::thread again;
    const auto meanwhile = [&] {
      if (tree.read("file") != "new" || !fs::exists(tree.path(".quarry-tag"))) return;
      chmod(tree.path(".quarry-tag").c_str(), 0600);  // so that it is not what it was
      swap();
      again = std::thread([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        swap();
      });
    };
    const auto ran = replace_beside(tree.root(), k, meanwhile);
    more = ran.calls.size() > k;
    if (!again.joinable()) continue;
    again.join();
    if (ran.text == "done") continue;  // it was looked at already
    ++acted;
    INFO(k << " of " << ran.calls.size() << ": " << ran.text);
    CHECK(ran.text.find("changed") != std::string::npos);
    CHECK(tree.read("file") == "old");
    CHECK(tree.read("other") == "other");
    CHECK_FALSE(fs::exists(tree.path(".quarry-tag")));
  }
  CHECK(acted >= 2);
}

// From now on this process cannot exchange names.
bool refuse_exchange(int error) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[4])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RENAME_EXCHANGE, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = std::size(code), .filter = code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST_CASE("a file that is replaced without an exchange is not open when it is") {
  for (const int error : {EINVAL, EXDEV}) {
    const quarry::test::TempWorkspace tree;
    tree.write("file", "old");
    const Fd watch(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    REQUIRE(inotify_add_watch(watch.get(), tree.root().c_str(), IN_ALL_EVENTS) >= 0);
    CHECK(test::forked([&](test::Report& report) {
            report.claim(refuse_exchange(error), "no filter");
            const std::string said = replace(tree.root());
            report.claim(said == "done", said.c_str());
          }) == "");
    CHECK(tree.read("file") == "new");
    alignas(inotify_event) char events[4096];
    const ssize_t size = read(watch.get(), events, sizeof events);
    REQUIRE(size > 0);
    int open_now = 0;
    bool moved = false;
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(events + at);
      at += static_cast<ssize_t>(sizeof *event + event->len);
      if (event->len == 0 || std::string(event->name) != "file") continue;
      if ((event->mask & IN_OPEN) != 0) ++open_now;
      if ((event->mask & IN_CLOSE) != 0) --open_now;
      CHECK((event->mask & IN_MOVED_FROM) == 0);
      if ((event->mask & IN_MOVED_TO) == 0) continue;
      moved = true;
      CHECK(open_now == 0);
    }
    CHECK(moved);
  }
}

}  // namespace
}  // namespace quarry::sandbox
