#include "tests/transcripts/play.h"

#include <map>
#include <optional>
#include <span>

#include <nlohmann/json.hpp>

#include "tests/support/server_process.h"
#include "tests/support/temp_workspace.h"
#include "tests/transcripts/match.h"

namespace quarry::transcripts {
namespace {

using test::ServerOptions;
using test::ServerProcess;
using test::TempWorkspace;

constexpr std::string_view kWorkspace = "{{workspace}}";

void set_up(const TempWorkspace& workspace, const std::vector<Setup>& steps) {
  for (const Setup& step : steps) {
    if (step.verb == "file") {
      workspace.write(step.words[0], step.content);
    } else if (step.verb == "dir") {
      workspace.make_directory(step.words[0]);
    } else if (step.verb == "link") {
      workspace.link(replaced(step.words[0], kWorkspace, workspace.root()), step.words[1]);
    } else {
      workspace.run(step.words);
    }
  }
}

ServerOptions options_of(const std::string& server, const Transcript& transcript,
                         const TempWorkspace& workspace, const TempWorkspace& state) {
  ServerOptions options;
  options.argv = {server,        "serve",      "--root",    workspace.root(),
                  "--state-dir", state.root(), "--workers", std::to_string(transcript.workers)};
  for (const std::string& word : transcript.arguments) {
    options.argv.push_back(replaced(word, kWorkspace, workspace.root()));
  }
  for (const std::string& entry : transcript.environment) {
    const std::size_t at = entry.find('=');
    options.environment.emplace_back(entry.substr(0, at),
                                     at == std::string::npos ? "" : entry.substr(at + 1));
  }
  return options;
}

class Player {
 public:
  Player(const std::string& server, const Transcript& transcript)
      : transcript_(transcript), server_(start(server)) {}

  Played play() {
    for (const Exchange& exchange : transcript_.exchanges) {
      send(exchange);
      judge(exchange, collect(exchange));
      if (broken_) break;
    }
    finish();
    write_golden();
    return std::move(played_);
  }

 private:
  ServerOptions start(const std::string& server) {
    set_up(workspace_, transcript_.setup);
    return options_of(server, transcript_, workspace_, state_);
  }

  void send(const Exchange& exchange) {
    for (const Sent& sent : exchange.sent) {
      if (!server_.write_while_reading(replaced(sent.bytes, kWorkspace, workspace_.root()))) {
        problem(exchange.last_line, "the server does not read any more");
      }
    }
  }

  std::vector<std::string> collect(const Exchange& exchange) {
    std::vector<std::string> lines;
    if (transcript_.workers == 0 && exchange.sent.back().whole) {
      const std::string id = "\"barrier-" + std::to_string(++barriers_) + "\"";
      server_.write_while_reading(R"({"jsonrpc":"2.0","id":)" + id +
                                  R"(,"method":"ping"})"
                                  "\n");
      while (auto line = next(exchange)) {
        if (line->find("\"id\":" + id) != std::string::npos) return lines;
        lines.push_back(std::move(*line));
      }
    } else {
      while (lines.size() < exchange.expected.size()) {
        auto line = next(exchange);
        if (!line) break;
        lines.push_back(std::move(*line));
      }
    }
    return lines;
  }

  std::optional<std::string> next(const Exchange& exchange) {
    auto line = server_.read_line();
    if (!line) {
      problem(exchange.last_line, "no further line came");
      broken_ = true;
    } else {
      check_line(exchange.last_line, *line);
    }
    return line;
  }

  void check_line(std::size_t at, const std::string& line) {
    if (!nlohmann::json::accept(line)) {
      problem(at, "a line that is not one JSON value: " + line.substr(0, 300));
    }
  }

  void judge(const Exchange& exchange, const std::vector<std::string>& lines) {
    std::size_t taken = 0;
    for (std::size_t i = 0; i < exchange.expected.size() && taken < lines.size();) {
      std::size_t group = i + 1;
      if (exchange.expected[i].order == Order::kAny) {
        while (group < exchange.expected.size() && exchange.expected[group].order == Order::kAny) {
          ++group;
        }
      }
      const std::size_t count = std::min(group - i, lines.size() - taken);
      judge_group({&exchange.expected[i], group - i}, {&lines[taken], count});
      taken += count;
      i = group;
    }
    for (std::size_t i = lines.size(); i < exchange.expected.size(); ++i) {
      problem(exchange.expected[i].line, "expected, but not written");
      answers_[exchange.expected[i].line].clear();
    }
    for (std::size_t i = taken; i < lines.size(); ++i) {
      problem(exchange.last_line, "written, but not expected: " + lines[i].substr(0, 2000));
      extra_[exchange.last_line].push_back("< " + as_golden(lines[i]));
    }
  }

  // Each expected line takes the first written line that fits it; what fits none is reported
  // against the first expected line left over.
  void judge_group(std::span<const Expected> expected, std::span<const std::string> lines) {
    std::vector<const std::string*> open;
    for (const std::string& line : lines) open.push_back(&line);
    std::vector<const Expected*> missed;
    for (const Expected& want : expected) {
      bool found = false;
      for (std::size_t i = 0; i < open.size() && !found; ++i) {
        if (!mismatch(want, *open[i]).empty()) continue;
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(i));
        found = true;
      }
      if (!found) missed.push_back(&want);
    }
    for (std::size_t i = 0; i < missed.size() && i < open.size(); ++i) {
      problem(missed[i]->line, mismatch(*missed[i], *open[i]));
      const std::string marker = missed[i]->order == Order::kExact ? "=< "
                                 : missed[i]->order == Order::kAny ? "<~ "
                                                                   : "< ";
      answers_[missed[i]->line] = {marker +
                                   (missed[i]->order == Order::kExact
                                        ? as_golden(*open[i])
                                        : golden_line(missed[i]->text, as_golden(*open[i])))};
    }
  }

  std::string mismatch(const Expected& want, const std::string& line) const {
    const std::string text = replaced(want.text, kWorkspace, workspace_.root());
    if (want.order != Order::kExact) return difference(text, line);
    return matches_text(text, line) ? "" : "got " + line.substr(0, 2000);
  }

  std::string as_golden(const std::string& line) const {
    return replaced(line, workspace_.root(), kWorkspace);
  }

  void finish() {
    const std::size_t last = transcript_.lines.empty() ? 0 : transcript_.lines.size() - 1;
    server_.close_stdin();
    std::string rest;
    for (const std::string& line : server_.read_to_end(rest)) {
      problem(last, "written, but not expected: " + line.substr(0, 2000));
    }
    if (!rest.empty()) problem(last, "an unfinished line: " + rest.substr(0, 300));
    const auto exit = server_.wait_exit();
    if (!exit) {
      problem(last, "still running after the end of input");
    } else if (exit->signalled || exit->code != 0) {
      problem(last,
              (exit->signalled ? "ended by signal " : "exit code ") + std::to_string(exit->code));
    }
    if (!played_.problems.empty()) played_.problems.push_back("stderr: " + server_.stderr_text());
  }

  void write_golden() {
    for (std::size_t i = 0; i < transcript_.lines.size(); ++i) {
      const auto answer = answers_.find(i);
      if (answer == answers_.end()) {
        played_.golden.push_back(transcript_.lines[i]);
      } else {
        for (const std::string& line : answer->second) played_.golden.push_back(line);
      }
      if (const auto more = extra_.find(i); more != extra_.end()) {
        for (const std::string& line : more->second) played_.golden.push_back(line);
      }
    }
  }

  void problem(std::size_t line, const std::string& what) {
    played_.problems.push_back("line " + std::to_string(line + 1) + ": " + what);
  }

  const Transcript& transcript_;
  TempWorkspace workspace_;
  TempWorkspace state_;
  ServerProcess server_;
  Played played_;
  std::map<std::size_t, std::vector<std::string>> answers_;  // rewritten lines, by their index
  std::map<std::size_t, std::vector<std::string>> extra_;    // new lines, after an index
  int barriers_ = 0;
  bool broken_ = false;
};

}  // namespace

Played play(const std::string& server, const Transcript& transcript) {
  return Player(server, transcript).play();
}

}  // namespace quarry::transcripts
