// The rows of the attack table that are more than a path: what lies there. Each with openat2 and
// with the component walk, with and without Landlock.

#include <atomic>
#include <thread>

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/wire/mounts.h"
#include "tests/wire/siege.h"

namespace quarry::wire {
namespace {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::string>;

TEST_CASE("FS-15 names of every kind are listed once and work as they are printed") {
  on_each_kernel([](Report& report, const Kernel&) {
    const std::vector<std::string> names = {
        "new\nline", "esc\x1b[31mape", "bidi\u202Etxt", "bad\xFF\xFE", "-rf",
        "quo\"te'",  "back\\slash",    "   ",           "tab\there"};
    Besieged siege(report, "FS-15");
    for (std::size_t i = 0; i < names.size(); ++i) {
      siege.tree.write(names[i], "content " + std::to_string(i) + "\n");
    }
    const std::string listing = siege.ask("list_directory", {{"path", "."}}).text;
    std::vector<std::string> printed;
    for (std::size_t at = 0; listing[at] != '\n';) {
      const std::size_t end = listing.find('\n', at);
      printed.push_back(listing.substr(at, end - at));
      at = end + 1;
    }
    siege.claim(printed.size() == names.size(), "listed otherwise: " + listing);
    std::vector<int> seen(names.size());
    for (const std::string& name : printed) {
      siege.claim(
          name.find('\x1b') == std::string::npos && name.find("\u202E") == std::string::npos,
          "printed as it is: " + name);
      const std::string text = siege.ask("read_file", {{"path", name}}).text;
      const std::size_t at = text.find("content ");
      siege.claim(at != std::string::npos, "not read: " + name + ": " + text);
      if (at == std::string::npos) continue;
      const auto i = static_cast<std::size_t>(text[at + 8] - '0');
      ++seen[i];
      siege.must_work("edit_file",
                      {{"path", name}, {"old_string", "content"}, {"new_string", "edited"}});
      siege.claim(siege.tree.read(names[i]) == "edited " + std::to_string(i) + "\n",
                  "another was edited: " + name);
      siege.must_work("delete_path", {{"path", name}});
    }
    siege.claim(std::all_of(seen.begin(), seen.end(), [](int n) { return n == 1; }),
                "one name for two");
    siege.claim(fs::is_empty(siege.tree.root()), "something stayed");
  });
}

TEST_CASE("FS-17 a sparse file of 50 GiB is read in ranges, and never as a whole") {
  on_each_kernel([](Report& report, const Kernel&) {
    Besieged siege(report, "FS-17", {{"small", "line 7 of a small one\n"}});
    std::string head;
    for (int i = 1; head.size() < (64U << 10U); ++i) head += "line " + std::to_string(i) + "\n";
    siege.tree.write("huge", head);
    constexpr std::int64_t kSize = std::int64_t{50} << 30U;
    if (truncate(siege.tree.path("huge").c_str(), kSize) != 0) {
      throw std::runtime_error("no sparse files");
    }
    siege.must_work("read_file", {{"path", "huge"}, {"offset", 3}, {"limit", 2}}, "line 3");
    siege.must_work("read_file",
                    {{"path", "huge"}, {"mode", "hex"}, {"offset", kSize - 16}, {"limit", 16}},
                    "00 00 00 00");
    const std::string whole = siege.ask("read_file", {{"path", "huge"}}).text;
    siege.claim(whole.size() < (1U << 20U), "all of it");
    siege.must_work("grep", {{"pattern", "line 7"}}, "small");
    siege.must_work("list_directory", {{"path", "huge"}}, std::to_string(kSize));
    siege.must_fail("edit_file", {{"path", "huge"}, {"old_string", "line 7"}, {"new_string", "x"}});
    siege.must_fail("write_file", {{"path", "huge"}, {"content", "x"}, {"append", true}});
    siege.must_fail("apply_patch", {{"patch", patch_of("huge", "line 1", "x")}});
    siege.must_fail("delete_path", {{"path", "huge"}});
    siege.must_fail("move_path", {{"source", "huge"}, {"destination", "copy"}, {"copy", true}});
    siege.must_work("move_path", {{"source", "huge"}, {"destination", "moved"}});
    siege.claim(fs::file_size(siege.tree.path("moved")) == kSize, "not moved as it was");
    siege.claim_no_leftovers();
  });
}

// With its end a part of a page: a write that crosses pages is seen in parts.
constexpr std::size_t kLineOfX = 63;

bool has_torn_line(const std::string& text) {
  for (std::size_t at = text.find('x'); at != std::string::npos; at = text.find('x', at)) {
    const std::size_t end = std::min(text.find_first_not_of('x', at), text.size());
    if (end - at > 2 && end - at != kLineOfX) return true;  // two: of a word of the answer
    at = end;
  }
  return false;
}

TEST_CASE("FS-18 a file that grows or is cut short while it is read answers whole lines") {
  on_each_kernel([](Report& report, const Kernel&) {
    Besieged siege(report, "FS-18");
    siege.tree.write("grows", "");
    siege.tree.write("shrinks", "");
    const std::string line = std::string(kLineOfX, 'x') + "\n";
    std::atomic<bool> stop{false};
    std::thread writer([&, grows = siege.tree.path("grows"), shrinks = siege.tree.path("shrinks")] {
      const int one = open(grows.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
      const int two = open(shrinks.c_str(), O_WRONLY | O_CLOEXEC);
      std::string many;
      while (many.size() < (256U << 10U)) many += line;
      bool good = one >= 0 && two >= 0;
      for (int i = 0; good && !stop.load(); ++i) {
        if (i < 10'000) good = write(one, line.data(), line.size()) > 0;
        good = good && pwrite(two, many.data(), many.size(), 0) > 0 && ftruncate(two, 0) == 0;
      }
      close(one);
      close(two);
    });
    const Json calls[] = {
        {{"tool", "read_file"}, {"with", {{"limit", 500}}}},
        {{"tool", "read_file"}, {"with", {{"tail", 5}}}},
        {{"tool", "read_file"}, {"with", {{"mode", "hex"}, {"limit", 64}, {"offset", 100}}}},
        {{"tool", "grep"}, {"with", {{"pattern", "^y|[^x]x"}}}},
        {{"tool", "grep"}, {"with", {{"pattern", "x$"}, {"output_mode", "count"}}}},
    };
    for (int i = 0; i < 20; ++i) {
      for (const char* path : {"grows", "shrinks"}) {
        for (const Json& call : calls) {
          Json arguments = call["with"];
          arguments["path"] = path;
          const Said said = siege.ask(call["tool"].get<std::string>().c_str(), arguments);
          siege.claim(said.text.size() < (1U << 20U), "unbounded");
          if (path == std::string_view("grows") && !call["with"].contains("mode")) {
            siege.claim(!has_torn_line(said.text), "a torn line: " + said.text);
          }
        }
        const Said edited =
            siege.ask("edit_file", {{"path", path}, {"old_string", "y"}, {"new_string", "z"}});
        siege.claim(edited.failed, "edited what is not there");
      }
    }
    stop.store(true);
    writer.join();
    siege.claim_no_leftovers();
    siege.must_work("server_status", Json::object());
  });
}

TEST_CASE("FS-19 whatever writes to a hard link leaves the other name's file as it was") {
  on_each_kernel([](Report& report, const Kernel&) {
    Besieged siege(report, "FS-19", {{"other", "other\n"}});
    const std::string far = siege.outside + "/linked";
    const std::string near = siege.tree.path("hard");
    const std::pair<const char*, Json> calls[] = {
        {"edit_file", {{"path", "hard"}, {"old_string", "text"}, {"new_string", "new"}}},
        {"write_file", {{"path", "hard"}, {"content", "new\n"}}},
        {"write_file", {{"path", "hard"}, {"content", "new\n"}, {"append", true}}},
        {"apply_patch", {{"patch", patch_of("hard", "text", "new")}}},
        {"replace_in_files", {{"pattern", "text"}, {"replacement", "new"}, {"dry_run", false}}},
        {"move_path", {{"source", "other"}, {"destination", "hard"}, {"overwrite", true}}},
        {"delete_path", {{"path", "hard"}}}};
    for (const auto& [tool, arguments] : calls) {
      fs::remove(near);
      fs::remove(far);
      std::ofstream(far) << "text\n";
      fs::create_hard_link(far, near);
      siege.must_work(tool, arguments);
      const auto content = [](const std::string& path) {
        std::ifstream file(path);
        return std::string(std::istreambuf_iterator<char>(file), {});
      };
      siege.claim(content(far) == "text\n", std::string(tool) + " wrote into the other name");
      siege.claim(!fs::exists(near) || content(near) != "text\n",
                  std::string(tool) + " did nothing");
      siege.must_work("undo", Json::object());
      siege.claim(content(near) == "text\n" && content(far) == "text\n",
                  std::string(tool) + " was not undone, or into the other name");
    }
    fs::remove(far);
    siege.claim_outside_unchanged();
  });
}

// This process, and what it starts, as a user without privileges, whoever it runs as.
bool give_up_rights() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  constexpr unsigned long kNoRoot = 1U << 0U;  // programs gain nothing by being root's
  if (geteuid() == 0 && prctl(PR_SET_SECUREBITS, kNoRoot, 0, 0, 0) != 0) return false;
  return syscall(SYS_capset, &header, none) == 0;
}

// What is asked of `path`, which may not be opened.
void ask_everything(Besieged& siege, const std::string& path) {
  siege.must_fail("read_file", {{"path", path}}, "permission");
  siege.must_fail("edit_file", {{"path", path}, {"old_string", "a"}, {"new_string", "b"}},
                  "permission");
  siege.must_fail("write_file", {{"path", path}, {"content", "b"}}, "permission");
  siege.must_fail("apply_patch", {{"patch", patch_of(path, "a", "b")}}, "permission");
  siege.must_fail("delete_path", {{"path", path}}, "permission");
  siege.must_fail("move_path", {{"source", path}, {"destination", "copy"}, {"copy", true}},
                  "permission");
}

TEST_CASE("FS-20 files and directories without permission are a clear error") {
  on_each_kernel(
      [](Report& report, const Kernel&) {
        Besieged siege(report, "FS-20", {{"file", "a\n"}, {"dir/file", "a\n"}, {"open", "a\n"}});
        chmod(siege.tree.path("file").c_str(), 0);
        chmod(siege.tree.path("dir").c_str(), 0);
        ask_everything(siege, "file");
        ask_everything(siege, "dir/file");
        siege.must_fail("write_file", {{"path", "dir/new"}, {"content", "x"}}, "permission");
        siege.must_fail("list_directory", {{"path", "dir"}}, "permission");
        siege.must_work("grep", {{"pattern", "a"}}, "open");
        siege.must_work("replace_in_files",
                        {{"pattern", "a"}, {"replacement", "b"}, {"dry_run", false}}, "1 hit");
        siege.must_work("edit_file", {{"path", "open"}, {"old_string", "b"}, {"new_string", "c"}});
        // What may be read and not be replaced.
        chmod(siege.tree.path("dir").c_str(), 0555);
        siege.must_fail("edit_file",
                        {{"path", "dir/file"}, {"old_string", "a"}, {"new_string", "b"}},
                        "permission");
        siege.must_fail("delete_path", {{"path", "dir/file"}}, "permission");
        siege.must_fail("move_path", {{"source", "dir/file"}, {"destination", "x"}}, "permission");
        siege.claim(siege.tree.read("dir/file") == "a\n", "changed nevertheless");
        chmod(siege.tree.path("dir").c_str(), 0755);
        chmod(siege.tree.path("file").c_str(), 0644);
        siege.claim(siege.tree.read("file") == "a\n", "the closed file changed");
        siege.claim_no_leftovers();
        siege.must_work("edit_file", {{"path", "file"}, {"old_string", "a"}, {"new_string", "b"}});
      },
      give_up_rights);
}

bool set_flags(const std::string& path, int flags) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool set = fd >= 0 && ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
  close(fd);
  return set;
}

TEST_CASE("FS-20 an immutable file is a clear error") {
  const auto can_be_immutable = [] {
    const TempWorkspace tree(Files{{"file", ""}});
    const std::string path = tree.path("file");
    return set_flags(path, FS_IMMUTABLE_FL) && set_flags(path, 0);
  };
  on_each_kernel(
      [](Report& report, const Kernel&) {
        Besieged siege(report, "FS-20", {{"file", "a\n"}});
        const std::string path = siege.tree.path("file");
        if (!set_flags(path, FS_IMMUTABLE_FL)) throw std::runtime_error("not immutable");
        siege.must_work("read_file", {{"path", "file"}}, "a");
        siege.must_fail("edit_file", {{"path", "file"}, {"old_string", "a"}, {"new_string", "b"}},
                        "permission");
        siege.must_fail("write_file", {{"path", "file"}, {"content", "b"}}, "permission");
        siege.must_fail("delete_path", {{"path", "file"}}, "permission");
        siege.must_fail("move_path", {{"source", "file"}, {"destination", "x"}}, "permission");
        set_flags(path, 0);
        siege.claim(siege.tree.read("file") == "a\n", "changed nevertheless");
        siege.claim_no_leftovers();
        siege.must_work("edit_file", {{"path", "file"}, {"old_string", "a"}, {"new_string", "b"}});
      },
      can_be_immutable);
}

TEST_CASE("FS-31 nothing is made where a directory, a FIFO or a link out of the root is") {
  on_each_kernel([](Report& report, const Kernel&) {
    Besieged siege(report, "FS-31", {{"a", "a\n"}, {"dir/in", "x\n"}});
    siege.tree.link("../outside/new", "away");
    if (mkfifo(siege.tree.path("fifo").c_str(), 0600) != 0) throw std::runtime_error("no fifo");
    const auto before = snapshot_of(siege.tree.root());
    for (const std::string path : {"dir", "fifo", "away"}) {
      siege.must_fail("write_file", {{"path", path}, {"content", "x"}});
      siege.must_fail("write_file", {{"path", path}, {"content", "x"}, {"append", true}});
      siege.must_fail("write_file", {{"path", path}, {"content", "x"}, {"create_only", true}});
      siege.must_fail("edit_file", {{"path", path}, {"old_string", ""}, {"new_string", "x"}});
      siege.must_fail("apply_patch",
                      {{"patch", "--- /dev/null\n+++ b/" + path + "\n@@ -0,0 +1 @@\n+x\n"}});
      siege.must_fail("move_path", {{"source", "a"}, {"destination", path}, {"copy", true}});
    }
    siege.must_fail("write_file", {{"path", "fifo/"}});
    siege.must_fail("write_file", {{"path", "away/"}});
    siege.must_fail("move_path", {{"source", "a"}, {"destination", "fifo"}, {"overwrite", true}});
    siege.must_fail("move_path", {{"source", "a"}, {"destination", "dir"}, {"overwrite", true}});
    siege.claim(snapshot_of(siege.tree.root()) == before, "the tree changed");
    siege.claim_outside_unchanged();
  });
}

TEST_CASE("FS-32 copies, moves and removals take links as links, never what they lead to") {
  on_each_kernel([](Report& report, const Kernel&) {
    Besieged siege(report, "FS-32", {{"d/in", "x\n"}});
    siege.tree.link("../../outside/s", "d/file_out");
    siege.tree.link("../../outside", "d/dir_out");
    siege.tree.link(siege.outside, "d/abs_out");
    siege.tree.link("in", "d/inside");
    siege.must_work("move_path", {{"source", "d"}, {"destination", "copy"}, {"copy", true}});
    siege.must_work("move_path", {{"source", "d"}, {"destination", "moved"}});
    for (const std::string at : {"copy", "moved"}) {
      const auto leads = [&](const char* name) {
        return fs::read_symlink(siege.tree.path(at + "/" + name)).string();
      };
      siege.claim(leads("file_out") == "../../outside/s" && leads("dir_out") == "../../outside" &&
                      leads("abs_out") == siege.outside && leads("inside") == "in",
                  "another link in " + at);
    }
    siege.must_work("delete_path", {{"path", "copy"}, {"recursive", true}});
    siege.must_work("undo", Json::object());
    siege.must_work("delete_path", {{"path", "moved"}, {"recursive", true}});
    siege.must_fail("read_file", {{"path", "copy/file_out"}});
    siege.must_fail("read_file", {{"path", "copy/dir_out/s"}});
    siege.must_work("grep", {{"pattern", "token"}});
    siege.claim_outside_unchanged();
  });
}

TEST_CASE("FS-35 a bind mount inside the root is a part of it, and a file system of its own") {
  on_each_kernel(
      [](Report& report, const Kernel&) {
        const TempWorkspace other(Files{{"f", "in it\n"}});
        Besieged siege(report, "FS-35", {{"mounted/.keep", ""}, {"a", "a\n"}});
        const std::string at = siege.tree.path("mounted");
        mount_or_throw(other.root(), at);
        siege.must_work("read_file", {{"path", "mounted/f"}}, "in it");
        siege.must_work("grep", {{"pattern", "in it"}, {"path", "mounted"}}, "f");
        siege.must_work("edit_file",
                        {{"path", "mounted/f"}, {"old_string", "in"}, {"new_string", "on"}});
        siege.claim(other.read("f") == "on it\n", "edited elsewhere");
        // The kernel renames nothing across mounts, not even of one file system.
        siege.must_fail("move_path", {{"source", "a"}, {"destination", "mounted/a"}}, "copy=true");
        siege.must_work("move_path",
                        {{"source", "a"}, {"destination", "mounted/a"}, {"copy", true}});
        siege.claim(siege.tree.read("a") == "a\n" && other.read("a") == "a\n", "not copied");
        siege.must_work("undo", {{"count", 2}});
        siege.claim(!fs::exists(other.path("a")) && other.read("f") == "in it\n", "not undone");
        siege.must_fail("read_file", {{"path", "mounted/../../outside/s"}});
        // The mount point stays what the user made it.
        siege.must_fail("delete_path", {{"path", "mounted"}, {"recursive", true}});
        siege.must_fail("move_path", {{"source", "mounted"}, {"destination", "b"}});
        siege.claim(other.read("f") == "in it\n", "what is mounted changed");
        siege.claim_no_leftovers();
        siege.claim_outside_unchanged();
        umount2(at.c_str(), MNT_DETACH);
        mount_or_throw("none", at, 0, "tmpfs", "size=1m");
        siege.must_work("move_path", {{"source", "a"}, {"destination", "mounted/a"}});
        siege.claim(siege.tree.read("mounted/a") == "a\n" && !fs::exists(siege.tree.path("a")),
                    "not moved to another file system");
        siege.must_work("undo", Json::object());
        siege.claim(siege.tree.read("a") == "a\n" && fs::is_empty(at), "not moved back");
        siege.tree.write("mounted/b", "b\n");
        siege.must_work("move_path",
                        {{"source", "a"}, {"destination", "mounted/b"}, {"overwrite", true}});
        siege.claim(siege.tree.read("mounted/b") == "a\n" && !fs::exists(siege.tree.path("a")),
                    "not moved over a file of another file system");
        siege.must_work("undo", Json::object());
        siege.claim(siege.tree.read("a") == "a\n" && siege.tree.read("mounted/b") == "b\n",
                    "not undone");
        umount2(at.c_str(), MNT_DETACH);
      },
      enter_mounts);
}

}  // namespace
}  // namespace quarry::wire
