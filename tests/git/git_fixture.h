// A repository made by git itself and a client of the real helper on it, for the tests of this
// room.

#pragma once

#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "server/base/clock.h"
#include "server/git/client.h"
#include "tests/support/temp_workspace.h"

namespace quarry::git::test {

// quarry-git lies beside the test's own program.
inline std::string helper_path() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().string() + "/quarry-git";
}

inline void set_dates(const std::string& date) {
  setenv("GIT_AUTHOR_DATE", date.c_str(), 1);
  setenv("GIT_COMMITTER_DATE", date.c_str(), 1);
}

struct Fixture {
  Fixture() : client(workspace.root(), helper_path(), clock) { set_dates("2024-01-02T03:04:05Z"); }

  // A repository with user settings and one commit of `files`.
  Fixture(std::initializer_list<std::pair<const char*, const char*>> files) : Fixture() {
    init();
    for (const auto& [name, content] : files) workspace.write(name, content);
    commit("first");
  }

  std::string git(std::vector<std::string> words) const {
    words.insert(words.begin(), "git");
    return workspace.run(words);
  }
  std::string shell(const std::string& line) const { return workspace.run({"sh", "-c", line}); }
  void init() const { git({"init", "-q", "-b", "main"}); }
  void commit(const std::string& message) const {
    git({"add", "-A"});
    git({"commit", "-q", "--allow-empty", "-m", message});
  }
  // Generous: what must fail fast fails long before; what hangs fails the test.
  CancelToken token(std::int64_t ms = 20'000) const {
    return CancelToken(clock, clock.steady_ns() + ms * 1'000'000);
  }
  Result<Status> status(const StatusOptions& options = {}) {
    const CancelToken cancel = token();
    return client.status(options, cancel);
  }
  Result<Log> log(const LogOptions& options = {}) {
    const CancelToken cancel = token();
    return client.log(options, cancel);
  }
  Result<Diff> diff(const DiffOptions& options = {}) {
    const CancelToken cancel = token();
    return client.diff(options, cancel);
  }
  Result<RepositoryFacts> facts() {
    const CancelToken cancel = token();
    return client.facts(cancel);
  }
  Result<std::vector<TrackedFile>> tracked_files() {
    const CancelToken cancel = token();
    return client.tracked_files(cancel);
  }

  SystemClock clock;
  quarry::test::TempWorkspace workspace;
  GitClient client;
};

// The message of a failure, "(none)" for a success: what INFO shows and CHECKs compare.
template <class T>
std::string message_of(const Result<T>& result) {
  return result ? "(none)" : result.error().message;
}

}  // namespace quarry::git::test
