#include "server/json/nearest.h"

#include <algorithm>
#include <array>

namespace quarry::json {
namespace {

constexpr std::size_t kLongest = 48;

struct Letters {
  std::array<char, kLongest> at{};
  std::size_t size = 0;
};

Letters letters_of(std::string_view name) {
  Letters letters;
  for (const char c : name) {
    if (c == '_' || c == '-' || letters.size == kLongest) continue;
    letters.at[letters.size++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return letters;
}

std::size_t distance(const Letters& a, const Letters& b) {
  std::array<std::size_t, kLongest + 1> row{};
  for (std::size_t j = 0; j <= b.size; ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size; ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size; ++j) {
      const std::size_t changed = diagonal + (a.at[i - 1] == b.at[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size];
}

}  // namespace

std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known) {
  if (name.empty() || name.size() > kLongest) return {};
  const Letters wanted = letters_of(name);
  std::string_view nearest;
  std::size_t least = std::max<std::size_t>(wanted.size / 3, 1) + 1;
  for (const std::string_view candidate : known) {
    const std::size_t far = distance(wanted, letters_of(candidate));
    if (far < least) {
      least = far;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace quarry::json
