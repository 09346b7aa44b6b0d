#include "server/base/log.h"

#include <atomic>
#include <string>

#include <poll.h>
#include <unistd.h>

#include "server/base/clock.h"
#include "server/base/guarded.h"

namespace quarry::log {
namespace {

constexpr int kLinesPerSecond = 100;

struct Rate {
  std::int64_t second = 0;
  int written = 0;
  int dropped = 0;
};

// Process-wide because stderr is: configured once, then only read.
std::atomic<Level> least_level{Level::kWarning};
std::atomic<Style> line_style{Style::kText};
Guarded<Rate> rate;

std::string_view name(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "error";
}

// The number of lines dropped before this one, or -1 when this one is dropped too.
int admit() {
  const std::int64_t second = SystemClock().steady_ns() / 1'000'000'000;
  auto now = rate.lock();
  if (now->second != second) {
    now->second = second;
    now->written = 0;
  }
  if (now->written >= kLinesPerSecond) {
    ++now->dropped;
    return -1;
  }
  ++now->written;
  return std::exchange(now->dropped, 0);
}

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out.append("\\u00");
      out.push_back(kHex[static_cast<unsigned char>(c) >> 4U]);
      out.push_back(kHex[static_cast<unsigned char>(c) & 15U]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

}  // namespace

void configure(Level least, Style style) {
  least_level.store(least, std::memory_order_relaxed);
  line_style.store(style, std::memory_order_relaxed);
}

bool enabled(Level level) {
  return level >= least_level.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view message) {
  const int dropped = admit();
  if (dropped >= 0) put(line(level, message, dropped));
}

std::string line(Level level, std::string_view message, int dropped) {
  std::string line;
  if (line_style.load(std::memory_order_relaxed) == Style::kJson) {
    line = fmt::format("{{\"level\":\"{}\",\"dropped\":{},\"message\":", name(level), dropped);
    append_json_string(line, message);
    line += "}\n";
  } else {
    line = fmt::format("quarry: {}: ", name(level));
    for (const char c : message) line.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
    if (dropped > 0) line += fmt::format(" ({} lines before this one were dropped)", dropped);
    line.push_back('\n');
  }
  return line;
}

// A stderr that nobody reads must not stop the server: the line is given up instead.
void put(std::string_view line) {
  pollfd ready{STDERR_FILENO, POLLOUT, 0};
  if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return;
  // A pipe that polls writable takes PIPE_BUF (4096) bytes without blocking.
  const std::string_view part = line.substr(0, 4096);
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, part.data(), part.size());
}

}  // namespace quarry::log
