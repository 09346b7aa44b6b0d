// Small views of text that the readers of manifests share. Pure functions; safe from any thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quarry::analysis::manifest {

std::string_view trim(std::string_view text);
std::string lower(std::string_view text);
bool is_digit(char c);
bool is_word(char c);  // a letter, a digit or '_'

// Parts between single `mark`s; none of an empty text.
std::vector<std::string_view> split(std::string_view text, char mark);
// Parts between blanks.
std::vector<std::string_view> words(std::string_view text);

// `text` against '*' (anything but nothing excluded) wildcards.
bool matches(std::string_view pattern, std::string_view text);

// The number that a text begins with, when it is one of a port: 1 to 65535.
std::uint32_t leading_port(std::string_view text);

// The first "1", "1.2" or "1.2.3" in a text; "" when there is none.
std::string_view first_version(std::string_view text);

template <class Each>
void for_each_line(std::string_view text, Each each) {
  for (std::uint32_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    each(line, number);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
}

}  // namespace quarry::analysis::manifest
