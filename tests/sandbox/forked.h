// A part of a test in a process of its own: what it changes cannot be undone (confinement,
// limits, namespaces). It reports in text, since assertions do not cross the boundary.

#pragma once

#include <functional>
#include <stdexcept>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

namespace quarry::sandbox::test {

// Collects what did not hold.
class Report {
 public:
  void claim(bool holds, const std::string& what) {
    if (!holds) text_ += what + "\n";
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// The text of the report that `body` filled; "" when every claim held.
inline std::string forked(const std::function<void(Report&)>& body) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("pipe failed");
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    Report report;
    try {
      body(report);
    } catch (const std::exception& error) {
      report.claim(false, error.what());
    }
    const std::string text = report.text() + ".";  // the last byte says that the body ended
    const ssize_t sent = write(ends[1], text.data(), text.size());
    _exit(sent == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string text;
  char piece[4096];
  for (ssize_t got = 0; (got = read(ends[0], piece, sizeof piece)) > 0;) {
    text.append(piece, static_cast<std::size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (text.empty() || status != 0) return "the child died: " + text;
  text.pop_back();
  return text;
}

}  // namespace quarry::sandbox::test
