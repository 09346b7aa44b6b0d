// TempWorkspace: a directory for one test, filled from a map, removed at the end.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace quarry::test {

class TempWorkspace {
 public:
  TempWorkspace();
  explicit TempWorkspace(const std::map<std::string, std::string>& files);
  ~TempWorkspace();
  TempWorkspace(const TempWorkspace&) = delete;
  TempWorkspace& operator=(const TempWorkspace&) = delete;

  const std::string& root() const { return root_; }  // absolute, resolved
  std::string path(std::string_view relative) const;
  // Makes parent directories as needed.
  void write(std::string_view relative, std::string_view content) const;
  void link(std::string_view target, std::string_view relative) const;  // a symlink
  void make_directory(std::string_view relative) const;
  std::string read(std::string_view relative) const;
  // Runs a program (argv) in the workspace; the test fails when it exits with another code than 0.
  // git runs with a fixed identity, date and no user configuration. Returns its stdout.
  std::string run(const std::vector<std::string>& argv) const;

 private:
  std::string outer_;  // holds root_ and whatever a test puts beside it
  std::string root_;
};

}  // namespace quarry::test
