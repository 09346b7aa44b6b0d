// UnicodeProperty: a property of characters as \p{...} names it, whichever of its names is taken:
// \pL, \p{Letter}, \p{gc=L}, \P{is_letter}.
//
// Names are those of Unicode's PropertyAliases and PropertyValueAliases, compared as UAX 44, LM3
// says: case, spaces, '_', '-' and a leading "is" do not count. Known are General_Category, Script,
// Script_Extensions and the binary properties; what they hold is for the engines to say, but for
// the ASCII characters, which are told here.
//
// Pure functions; safe from any thread.

#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quarry::search {

using Ascii = std::bitset<128>;

struct UnicodeProperty {
  enum class Kind : std::uint8_t { kCategory, kScript, kScriptExtensions, kBinary };

  Kind kind = Kind::kCategory;
  std::string_view name;  // "Lu", "Greek", "Alphabetic"; and "Any", "ASCII", "Assigned"
  Ascii ascii;            // the members that are ASCII; without regard to `negated`
  bool negated = false;
};

// `text`: all of it, with \p or \P. nullopt: there is none of that name.
std::optional<UnicodeProperty> find_property(std::string_view text);
// How long \p{...} is that `text` begins with.
std::size_t property_length(std::string_view text);

}  // namespace quarry::search
