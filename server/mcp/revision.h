// The protocol's revisions and what one request is read under.
//
// The handshake revisions (until 2025-11-25) are negotiated once by `initialize`; 2026-07-28 is
// stateless: every request names it in its _meta. Both are served on one pipe, request by request,
// and nothing behind the scope knows which was spoken.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace quarry::mcp {

// In order of age.
enum class Revision : std::uint8_t {
  k2024_11_05,
  k2025_03_26,
  k2025_06_18,
  k2025_11_25,
  k2026_07_28,
};

inline constexpr std::array<std::string_view, 5> kRevisionNames = {
    "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"};
inline constexpr Revision kNewestHandshake = Revision::k2025_11_25;

// JSON arrays of revision names, newest first.
inline constexpr std::string_view kAllRevisions =
    R"(["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"])";
inline constexpr std::string_view kModernRevisions = R"(["2026-07-28"])";

inline constexpr std::string_view name(Revision revision) {
  return kRevisionNames[static_cast<std::size_t>(revision)];
}
inline constexpr bool is_modern(Revision revision) {
  return revision == Revision::k2026_07_28;
}

inline constexpr std::optional<Revision> find_revision(std::string_view text) {
  for (std::size_t i = 0; i < kRevisionNames.size(); ++i) {
    if (kRevisionNames[i] == text) return static_cast<Revision>(i);
  }
  return std::nullopt;
}

}  // namespace quarry::mcp
