// Log: one line per event on stderr, with levels, rate limited, never blocking for long.
//
// Lines hold no file content and no secrets. What the rate limit (100 lines a second) drops is
// counted and said with the next line. Safe from any thread.

#pragma once

#include <string>
#include <string_view>

#include "server/base/format.h"

namespace quarry::log {

enum class Level { kDebug, kInfo, kWarning, kError };
enum class Style { kText, kJson };

// Once, before the first thread. Until then: kWarning, kText.
void configure(Level least, Style style);
bool enabled(Level level);
void write(Level level, std::string_view message);

// The line that write() puts, and how it puts it: for a signal handler, which may call put() alone.
std::string line(Level level, std::string_view message, int dropped = 0);
void put(std::string_view line);

template <class... Args>
void debug(fmt::format_string<Args...> text, Args&&... args) {
  if (enabled(Level::kDebug)) write(Level::kDebug, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> text, Args&&... args) {
  if (enabled(Level::kInfo)) write(Level::kInfo, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> text, Args&&... args) {
  if (enabled(Level::kWarning))
    write(Level::kWarning, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> text, Args&&... args) {
  if (enabled(Level::kError)) write(Level::kError, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace quarry::log
