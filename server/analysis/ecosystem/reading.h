// What the readers of manifests share. Internal to the ecosystem folder.

#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "server/analysis/ecosystem/facts.h"
#include "server/analysis/manifest/text.h"
#include "server/analysis/manifest/tokens.h"
#include "server/analysis/manifest/value.h"

namespace quarry::analysis::ecosystem {

using manifest::Parsed;
using manifest::Token;
using manifest::Value;

// The tree of a parse; its problem goes into the facts.
inline Value taken(Parsed parsed, Facts& facts) {
  if (parsed.problem) facts.problems.push_back(std::move(*parsed.problem));
  return std::move(parsed.root);
}

// Where a list that begins at token `at` ends at the latest. Lists of manifests are shorter, and
// one that nothing closes must not make each of its beginnings a walk to the end of the file.
inline constexpr std::size_t kMostListTokens = 2000;
inline std::size_t list_end(const std::vector<Token>& tokens, std::size_t at) {
  return std::min(tokens.size(), at + kMostListTokens);
}

inline constexpr std::size_t kMostFacts = 10'000;  // of a kind, of one manifest

inline void add_dependency(Facts& facts, std::string_view name, std::string_view version, Use use,
                           std::uint32_t line) {
  if (name.empty() || facts.dependencies.size() >= kMostFacts) return;
  facts.dependencies.push_back({std::string(name), std::string(version), use, line});
}

inline void add_version(Facts& facts, std::string_view of, std::string_view text,
                        std::uint32_t line, std::uint8_t rank) {
  if (text.empty()) return;
  facts.versions.push_back({std::string(of), std::string(text), line, rank});
}

inline void add_entry(Facts& facts, std::string_view path, std::string_view how,
                      std::uint32_t line) {
  if (path.starts_with("./")) path.remove_prefix(2);
  if (!path.empty()) facts.entries.push_back({std::string(path), std::string(how), line});
}

inline void add_member(Facts& facts, std::string_view pattern, std::uint32_t line,
                       bool optional = false) {
  const bool excluded = pattern.starts_with('!');
  if (excluded) pattern.remove_prefix(1);
  if (pattern.starts_with("./")) pattern.remove_prefix(2);
  while (pattern.ends_with('/')) pattern.remove_suffix(1);
  if (!pattern.empty()) facts.members.push_back({std::string(pattern), line, excluded, optional});
}

inline void set_licence(Facts& facts, const Value& value) {
  if (value.text.empty() || value.text.size() > 60) return;
  facts.licence = value.text;
  facts.licence_line = value.line;
}

// Where ASP.NET Core is told to listen by variables of its own: ASPNETCORE_URLS, HTTP_PORTS and
// their kin. Plain HTTP's ports come before the others.
void add_server_ports(const std::vector<Variable>& variables, PortSource source,
                      std::vector<Port>& ports);

// Name and version of a map's members: {"express": "^4.0.0"}; a table's "version" member too.
void add_members(Facts& facts, const Value& map, Use use);

}  // namespace quarry::analysis::ecosystem
