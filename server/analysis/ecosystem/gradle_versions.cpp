#include "server/analysis/ecosystem/gradle_versions.h"

#include <algorithm>

#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {

std::string version_or_property(std::string_view text) {
  if (!text.starts_with('$')) return std::string(text);
  std::string_view name = text.substr(1);
  if (name.starts_with('{')) {
    if (name.find('}') != name.size() - 1) return std::string(text);
    name = name.substr(1, name.size() - 2);
  }
  const std::size_t quote = name.find_first_of("\"'");
  if (quote != std::string_view::npos) {
    name.remove_prefix(quote + 1);
    name = name.substr(0, name.find_first_of("\"'"));
  }
  for (const std::string_view prefix : {"project.", "rootProject.", "ext.", "extra."}) {
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  }
  if (name.empty() || !std::ranges::all_of(name, [](char c) {
        return manifest::is_word(c) || c == '.' || c == '-';
      })) {
    return std::string(text);
  }
  return "$(" + std::string(name) + ")";
}

void share_property(Facts& facts, std::string_view name, std::string_view value,
                    std::uint32_t line) {
  constexpr std::size_t kLongest = 40;
  if (value.size() > kLongest || facts.shared.size() >= kMostFacts) return;
  const bool number = !value.empty() && manifest::is_digit(value.front());
  if (!number && manifest::lower(name).find("version") == std::string::npos) return;
  if (manifest::first_version(value).empty() || value.find('$') != std::string_view::npos) return;
  facts.shared.push_back({"$(" + std::string(name) + ")", std::string(value), Use::kBuild, line});
}

void resolve_versions(Facts& facts) {
  std::erase_if(facts.versions, [&](Version& one) {
    if (one.text.find('$') == std::string::npos) return false;
    const auto value =
        std::ranges::find(facts.shared, version_or_property(one.text), &Dependency::name);
    if (value == facts.shared.end()) return true;
    one.text = value->version;
    return false;
  });
}

}  // namespace quarry::analysis::ecosystem
