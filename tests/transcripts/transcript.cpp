#include "tests/transcripts/transcript.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

namespace quarry::transcripts {
namespace {

[[noreturn]] void refuse(std::size_t index, const std::string& why) {
  throw std::runtime_error("line " + std::to_string(index + 1) + ": " + why);
}

std::string unescaped(std::string_view text, std::size_t index) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out.push_back(text[i]);
      continue;
    }
    if (++i == text.size()) refuse(index, "a backslash at the end");
    switch (text[i]) {
      case 'n':
        out.push_back('\n');
        break;
      case 't':
        out.push_back('\t');
        break;
      case 'r':
        out.push_back('\r');
        break;
      case '0':
        out.push_back('\0');
        break;
      case '\\':
        out.push_back('\\');
        break;
      case 'x':
        if (i + 2 >= text.size()) refuse(index, "\\x wants two hexadecimal digits");
        out.push_back(static_cast<char>(
            std::strtol(std::string(text.substr(i + 1, 2)).c_str(), nullptr, 16)));
        i += 2;
        break;
      default:
        refuse(index, std::string("unknown escape \\") + text[i]);
    }
  }
  return out;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  bool quoted = false;
  bool open = false;
  for (const char c : text) {
    if (c == '\'') {
      quoted = !quoted;
      if (!open) words.emplace_back();
      open = true;
    } else if (c == ' ' && !quoted) {
      open = false;
    } else {
      if (!open) words.emplace_back();
      open = true;
      words.back().push_back(c);
    }
  }
  return words;
}

class Parser {
 public:
  Transcript parse(std::string_view text) {
    std::istringstream stream{std::string(text)};
    for (std::string line; std::getline(stream, line);) out_.lines.push_back(line);
    for (index_ = 0; index_ < out_.lines.size(); ++index_) take(out_.lines[index_]);
    return std::move(out_);
  }

 private:
  void take(std::string_view line) {
    if (line.starts_with("@")) return directive(line.substr(1));
    if (line.starts_with(">- ")) return send(line.substr(3), false);
    if (line.starts_with(">\\ ")) return send(unescaped(line.substr(3), index_), true);
    if (line == ">" || line.starts_with("> "))
      return send(line.substr(line.size() > 1 ? 2 : 1), true);
    if (line.starts_with("=< ")) return expect(line.substr(3), Order::kExact);
    if (line.starts_with("<~ ")) return expect(line.substr(3), Order::kAny);
    if (line.starts_with("< ")) return expect(line.substr(2), Order::kNext);
    if (line.starts_with(">") || line.starts_with("<")) refuse(index_, "a marker wants a space");
  }

  void send(std::string_view text, bool whole) {
    if (out_.exchanges.empty() || !out_.exchanges.back().expected.empty() || closed_by_prose()) {
      out_.exchanges.emplace_back();
    }
    Exchange& exchange = out_.exchanges.back();
    exchange.sent.push_back({std::string(text) + (whole ? "\n" : ""), whole});
    exchange.last_line = index_;
  }

  // A blank line or prose between two sent lines ends the first exchange: nothing may be written.
  bool closed_by_prose() const { return out_.exchanges.back().last_line + 1 != index_; }

  void expect(std::string_view text, Order order) {
    if (out_.exchanges.empty()) refuse(index_, "an answer before anything is sent");
    Exchange& exchange = out_.exchanges.back();
    exchange.expected.push_back({std::string(text), order, index_});
    exchange.last_line = index_;
  }

  void directive(std::string_view text) {
    const std::vector<std::string> words = words_of(text);
    if (words.empty()) refuse(index_, "an empty directive");
    const std::string& verb = words[0];
    const std::vector<std::string> rest(words.begin() + 1, words.end());
    const auto want = [&](std::size_t count) {
      if (rest.size() < count) refuse(index_, "@" + verb + " wants " + std::to_string(count));
    };
    if (verb == "args") {
      out_.arguments.insert(out_.arguments.end(), rest.begin(), rest.end());
    } else if (verb == "env") {
      want(1);
      out_.environment.push_back(rest[0]);
    } else if (verb == "workers") {
      want(1);
      out_.workers = std::atoi(rest[0].c_str());
    } else if (verb == "bytes") {
      want(1);
      const std::size_t at = std::min(text.find(rest[0]) + rest[0].size() + 1, text.size());
      out_.setup.push_back({"file", {rest[0]}, unescaped(text.substr(at), index_)});
    } else if (verb == "file") {
      want(1);
      out_.setup.push_back({verb, rest, file_lines()});
    } else if (verb == "dir" || verb == "run") {
      want(1);
      out_.setup.push_back({verb, rest, {}});
    } else if (verb == "link") {
      want(2);
      out_.setup.push_back({verb, rest, {}});
    } else {
      refuse(index_, "unknown directive @" + verb);
    }
  }

  std::string file_lines() {
    std::string content;
    while (index_ + 1 < out_.lines.size() && out_.lines[index_ + 1].starts_with("|")) {
      const std::string_view line = out_.lines[++index_];
      content += line.size() > 2 ? line.substr(2) : std::string_view();
      content += '\n';
    }
    return content;
  }

  Transcript out_;
  std::size_t index_ = 0;
};

}  // namespace

Transcript parse_transcript(std::string_view text) {
  return Parser().parse(text);
}

}  // namespace quarry::transcripts
