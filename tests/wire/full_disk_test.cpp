// FS-25: real file systems that have no space or no inodes left, or cannot be written, below the
// root and below the state directory. Every tool that writes says so, what was there stays, nothing
// is left behind, and the same call works once there is room again.

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "tests/wire/mounts.h"
#include "tests/wire/siege.h"

namespace quarry::wire {
namespace {

namespace fs = std::filesystem;

// What a call cannot do without.
constexpr int kSpace = 1;
constexpr int kInode = 2;
constexpr int kWriting = 4;
constexpr int kJournal = 8;    // all of them do
constexpr int kMuchOfIt = 16;  // more than the last page of it may have left

struct Writing {
  const char* tool;
  Json arguments;
  int needs;
};

std::vector<Writing> writings() {
  constexpr int kFile = kSpace | kInode | kWriting | kJournal;
  constexpr int kOld = kFile | kMuchOfIt;
  const std::string update = "--- a/disk/a\n+++ b/disk/a\n@@ -1 +1 @@\n-alpha\n+omega\n";
  const std::string create = "--- /dev/null\n+++ b/disk/x/new\n@@ -0,0 +1 @@\n+n\n";
  return {
      {"edit_file", {{"path", "disk/a"}, {"old_string", "beta"}, {"new_string", "gamma"}}, kOld},
      {"write_file", {{"path", "disk/new"}, {"content", "n\n"}}, kFile},
      {"write_file", {{"path", "disk/x/y/new"}, {"content", "n\n"}}, kFile},
      {"write_file", {{"path", "disk/a"}, {"content", "n\n"}}, kOld},
      {"write_file", {{"path", "disk/a"}, {"content", "n\n"}, {"append", true}}, kOld},
      {"write_file", {{"path", "disk/x/y/"}}, kInode | kWriting | kJournal},
      {"apply_patch", {{"patch", update + create}}, kOld},
      {"replace_in_files",
       {{"pattern", "a"}, {"replacement", "A"}, {"path", "disk/d"}, {"dry_run", false}},
       kFile},
      {"move_path", {{"source", "disk/a"}, {"destination", "disk/b"}, {"copy", true}}, kFile},
      {"move_path", {{"source", "disk/d"}, {"destination", "disk/t"}, {"copy", true}}, kFile},
      {"move_path", {{"source", "near"}, {"destination", "disk/far"}}, kFile},
      {"move_path",
       {{"source", "disk/a"}, {"destination", "disk/x/a"}},
       kInode | kWriting | kJournal},
      {"move_path",
       {{"source", "disk/a"}, {"destination", "disk/d/b"}, {"overwrite", true}},
       kWriting | kJournal},
      {"delete_path", {{"path", "disk/a"}}, kWriting | kJournal | kMuchOfIt},
      {"delete_path", {{"path", "disk/d"}, {"recursive", true}}, kWriting | kJournal},
      {"undo", Json::object(), kFile},  // last: of the change that was made first
  };
}

// Writes one file until nothing more fits.
void fill_space(const std::string& directory) {
  const int fd = open((directory + "/filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) throw std::runtime_error("the filler cannot be made");
  const std::string page(512, 'f');
  while (write(fd, page.data(), page.size()) > 0) continue;
  const bool full = errno == ENOSPC;
  close(fd);
  if (!full) throw std::runtime_error("the disk is not full");
}

void fill_inodes(const std::string& directory) {
  for (int i = 0;; ++i) {
    const std::string path = directory + "/filler" + std::to_string(i);
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) break;
    close(fd);
  }
  if (errno != ENOSPC) throw std::runtime_error("there are inodes left");
}

void remove_fillers(const std::string& directory) {
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().filename().string().starts_with("filler")) fs::remove(entry.path());
  }
}

void remount(const std::string& directory, unsigned long flags) {
  mount_or_throw("none", directory, MS_REMOUNT | flags, "tmpfs");
}

const Setting kServed = {.arguments = {}, .workers = 0};

struct Trouble {
  int lacks;              // of what a call may need
  bool restarts = false;  // the server before it begins and ends
  const char* said;
  std::function<void(const std::string& disk, const std::string& journal)> begin;
  std::function<void(const std::string& disk, const std::string& journal)> end;
};

void check_trouble(const Trouble& trouble) {
  const std::string report = forked([&](Report& claims) {
    if (!enter_mounts()) {
      claims.claim(false, "not permitted");
      return;
    }
    Besieged siege(claims, "FS-25", {{"near", "near\n"}, {"disk/.keep", ""}}, kServed);
    siege.state.make_directory("journal");
    const std::string disk = siege.tree.path("disk");
    const std::string journal = siege.state.path("journal");
    const auto unmount = [&](const std::string* at) { umount2(at->c_str(), MNT_DETACH); };
    mount_or_throw("none", disk, 0, "tmpfs", "size=1m,nr_inodes=32");
    const std::unique_ptr<const std::string, decltype(unmount)> disk_mount(&disk, unmount);
    mount_or_throw("none", journal, 0, "tmpfs", "size=1m,nr_inodes=64");
    const std::unique_ptr<const std::string, decltype(unmount)> journal_mount(&journal, unmount);
    siege.tree.write("disk/a", "alpha\nbeta\n" + std::string(9000, 'z') + "\n");
    siege.tree.write("disk/d/b", "bananas\n");
    siege.tree.write("disk/d/e/c", "cabbages\n");
    siege.tree.write("disk/u", "before\n");
    fs::permissions(siege.tree.path("disk/a"), fs::perms(0640));
    siege.must_work("edit_file",
                    {{"path", "disk/u"}, {"old_string", "before"}, {"new_string", "after"}});
    const auto with_server_down = [&](const std::function<void()>& change) {
      if (trouble.restarts) siege.server.reset();
      change();
      if (!trouble.restarts) return;
      siege.server = std::make_unique<ServerProcess>(
          ServerOptions{.argv = command_line(siege.tree, siege.state, kServed)});
    };
    for (const Writing& one : writings()) {
      if ((one.needs & trouble.lacks) == 0) continue;
      const auto before = snapshot_of(siege.tree.root());
      with_server_down([&] { trouble.begin(disk, journal); });
      const auto in_trouble = snapshot_of(siege.tree.root());
      for (int i = 0; i < 2; ++i) {
        siege.must_fail(one.tool, one.arguments, trouble.said);
        siege.claim(snapshot_of(siege.tree.root()) == in_trouble,
                    std::string(one.tool) + " changed something, or left something");
      }
      with_server_down([&] { trouble.end(disk, journal); });
      siege.must_work(one.tool, one.arguments);
      siege.claim(snapshot_of(siege.tree.root()) != before,
                  std::string(one.tool) + " did nothing when it could");
      if (std::string(one.tool) == "undo") {
        siege.claim(siege.tree.read("disk/u") == "before\n", "undone to something else");
        continue;
      }
      siege.must_work("undo", Json::object());
      siege.claim(snapshot_of(siege.tree.root()) == before,
                  std::string(one.tool) + " was not undone");
    }
    siege.claim_outside_unchanged();
  });
  if (report == "not permitted\n") {
    WARN("left out: mounting needs root or user namespaces");
  } else {
    CHECK(report == "");
  }
}

TEST_CASE("FS-25 a disk without space refuses every write, keeps what it has and works again") {
  check_trouble({.lacks = kSpace,
                 .said = "no space left",
                 .begin = [](const auto& disk, const auto&) { fill_space(disk); },
                 .end = [](const auto& disk, const auto&) { remove_fillers(disk); }});
}

TEST_CASE("FS-25 a disk without inodes refuses every write, keeps what it has and works again") {
  check_trouble({.lacks = kInode,
                 .said = "no inodes",
                 .begin = [](const auto& disk, const auto&) { fill_inodes(disk); },
                 .end = [](const auto& disk, const auto&) { remove_fillers(disk); }});
}

TEST_CASE("FS-20 FS-25 a read-only file system refuses every write and works when it is not") {
  check_trouble({.lacks = kWriting,
                 .said = "read-only file system",
                 .begin = [](const auto& disk, const auto&) { remount(disk, MS_RDONLY); },
                 .end = [](const auto& disk, const auto&) { remount(disk, 0); }});
}

TEST_CASE("FS-25 a journal without space refuses every change before it is made") {
  check_trouble({.lacks = kMuchOfIt,
                 .said = "journal",
                 .begin = [](const auto&, const auto& journal) { fill_space(journal); },
                 .end = [](const auto&, const auto& journal) { remove_fillers(journal); }});
}

TEST_CASE("FS-25 a read-only journal refuses every change before it is made") {
  // A running server keeps the journal open, which forbids to make it read-only.
  check_trouble({.lacks = kJournal,
                 .restarts = true,
                 .said = "journal",
                 .begin = [](const auto&, const auto& journal) { remount(journal, MS_RDONLY); },
                 .end = [](const auto&, const auto& journal) { remount(journal, 0); }});
}

}  // namespace
}  // namespace quarry::wire
