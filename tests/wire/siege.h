// Siege: a root with a directory beside it that nothing may read, change or name, and a server that
// is asked for it, on kernels that lack one of the things that keep it apart.
//
// What happens there happens in a process of its own (tests/sandbox/forked.h) and is reported.

#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>

#include <catch2/catch.hpp>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/sandbox/forked.h"
#include "tests/wire/client.h"

namespace quarry::wire {

using sandbox::test::forked;
using sandbox::test::Report;

inline constexpr const char* kToken = "token-7d1f0c";

// What a kernel may lack.
struct Kernel {
  bool openat2 = true;
  bool landlock = true;
};

inline constexpr std::array kKernels = {Kernel{}, Kernel{.openat2 = false},
                                        Kernel{.landlock = false},
                                        Kernel{.openat2 = false, .landlock = false}};

inline const char* name_of(const Kernel& kernel) {
  if (kernel.openat2) return kernel.landlock ? "openat2, landlock: " : "openat2, no landlock: ";
  return kernel.landlock ? "the walk, landlock: " : "the walk, no landlock: ";
}

// This process and what it starts find themselves on `kernel`.
inline void live_on(const Kernel& kernel) {
  const auto lacks = [](long call) {
    return std::vector<sock_filter>{
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(call), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)};
  };
  std::vector<sock_filter> filter = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offsetof(seccomp_data, nr)))};
  const auto add = [&](const std::vector<sock_filter>& more) {
    filter.insert(filter.end(), more.begin(), more.end());
  };
  if (!kernel.openat2) add(lacks(SYS_openat2));
  if (!kernel.landlock) add(lacks(SYS_landlock_create_ruleset));
  add({BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)});
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    throw std::runtime_error("no seccomp");
  }
}

// `body` in a process of its own on each kernel. `prepare`: before that, with the rights that are
// lost there; false: this machine forbids it, which is said.
inline void on_each_kernel(
    const std::function<void(Report&, const Kernel&)>& body,
    const std::function<bool()>& prepare = [] { return true; }) {
  for (const Kernel& kernel : kKernels) {
    const std::string report = forked([&](Report& claims) {
      if (!prepare()) {
        claims.claim(false, "not permitted");
        return;
      }
      live_on(kernel);
      body(claims, kernel);
    });
    if (report == "not permitted\n") {
      WARN("left out: this machine does not permit it");
      return;
    }
    INFO(name_of(kernel));
    CHECK(report == "");
  }
}

// Kinds, permissions and contents of what lies at and below `path`.
using Snapshot = std::map<std::string, std::string>;

inline void take_snapshot(const std::filesystem::path& path, Snapshot& found) {
  namespace fs = std::filesystem;
  const auto status = fs::symlink_status(path);
  std::string& what = found[path.string()];
  what = std::to_string(static_cast<int>(status.type())) + " " +
         std::to_string(static_cast<unsigned>(status.permissions())) + " ";
  if (fs::is_regular_file(status)) {
    std::ifstream file(path, std::ios::binary);
    what.append(std::istreambuf_iterator<char>(file), {});
  } else if (fs::is_symlink(status)) {
    what += fs::read_symlink(path).string();
  } else if (fs::is_directory(status)) {
    for (const auto& entry : fs::directory_iterator(path)) take_snapshot(entry.path(), found);
  }
}

inline Snapshot snapshot_of(const std::filesystem::path& path) {
  Snapshot found;
  take_snapshot(path, found);
  return found;
}

// One line of a file replaced.
inline std::string patch_of(const std::string& path, const std::string& from,
                            const std::string& to) {
  return "--- a/" + path + "\n+++ b/" + path + "\n@@ -1 +1 @@\n-" + from + "\n+" + to + "\n";
}

struct Said {
  bool failed = false;
  std::string text;
};

// A tree, outside/ with the token beside it, and a server on the tree.
class Besieged {
 public:
  // `row`: of the attack table, named in every claim.
  Besieged(Report& report, std::string row, const std::map<std::string, std::string>& files = {},
           const Setting& setting = {.arguments = {"--no-fsync"}, .workers = 0})
      : tree(files),
        outside(std::filesystem::path(tree.root()).parent_path().string() + "/outside"),
        report_(report),
        row_(std::move(row)) {
    std::filesystem::create_directories(outside + "/deep");
    for (const char* at : {"/s", "/deep/s"}) std::ofstream(outside + at) << kToken;
    before_ = snapshot_of(outside);
    server =
        std::make_unique<ServerProcess>(ServerOptions{.argv = command_line(tree, state, setting)});
  }

  void send(const char* tool, const Json& arguments) {
    if (server->write_while_reading(modern(call_of(row_, tool, arguments)).dump() + "\n")) return;
    throw std::runtime_error(row_ + ": the server is gone; " + server->stderr_text());
  }
  // The next answer. No answer holds the token or names what lies outside.
  Said receive() {
    const auto line = server->read_line();
    if (!line) throw std::runtime_error(row_ + ": no answer; " + server->stderr_text());
    claim(line->find(kToken) == std::string::npos, "the token came out: " + line->substr(0, 400));
    claim(line->find(outside) == std::string::npos, "names the outside: " + line->substr(0, 400));
    const Json answer = Json::parse(*line);
    if (answer.contains("error")) return {.failed = true, .text = answer["error"].dump()};
    return {.failed = answer["result"].value("isError", false), .text = text_of(answer)};
  }
  Said ask(const char* tool, const Json& arguments) {
    send(tool, arguments);
    return receive();
  }

  void must_work(const char* tool, const Json& arguments, const std::string& with = "") {
    const Said said = ask(tool, arguments);
    claim(!said.failed && said.text.find(with) != std::string::npos,
          of(tool, arguments) + "should work (" + with + "): " + said.text);
  }
  void must_fail(const char* tool, const Json& arguments, const std::string& with = "") {
    const Said said = ask(tool, arguments);
    claim(said.failed && said.text.find(with) != std::string::npos,
          of(tool, arguments) + "should fail (" + with + "): " + said.text);
  }
  void claim(bool holds, const std::string& what) { report_.claim(holds, row_ + ": " + what); }
  void claim_outside_unchanged() { claim(snapshot_of(outside) == before_, "outside was changed"); }
  void claim_no_leftovers() {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(tree.root())) {
      const std::string name = entry.path().filename().string();
      claim(!name.starts_with(".quarry-"), "left over: " + name);
    }
  }

  const TempWorkspace tree;
  const TempWorkspace state;
  const std::string outside;
  std::unique_ptr<ServerProcess> server;

 private:
  static std::string of(const char* tool, const Json& arguments) {
    return std::string(tool) + " " + arguments.dump(-1, ' ', true, Json::error_handler_t::replace) +
           " ";
  }

  Report& report_;
  const std::string row_;
  Snapshot before_;
};

}  // namespace quarry::wire
