#include "server/analysis/attributes.h"

#include <algorithm>

#include "server/analysis/languages.h"

namespace quarry::analysis {
namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr std::string_view kPrefix = "linguist-";

std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  std::size_t end = std::min(line.find_first_of(kBlanks), line.size());
  if (line.starts_with('"')) {  // a pattern with blanks
    const std::size_t close = line.find('"', 1);
    if (close != std::string_view::npos) end = close + 1;
  }
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

}  // namespace

bool Attributes::add(std::string_view directory, std::string_view bytes) {
  File file{std::string(directory), {}};
  bool whole = true;
  while (!bytes.empty() && whole) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    std::string_view pattern = next_word(line);
    if (pattern.empty() || pattern.front() == '#' || pattern.starts_with("[attr]")) continue;
    if (line.find(kPrefix) == std::string_view::npos) continue;
    if (pattern.size() > 1 && pattern.front() == '"' && pattern.back() == '"') {
      pattern = pattern.substr(1, pattern.size() - 2);
    }
    const bool by_name = pattern.find('/') == std::string_view::npos;
    if (pattern.starts_with('/')) pattern.remove_prefix(1);
    auto glob = search::Glob::compile(pattern, search::Glob::Flavour::kIgnore);
    if (!glob) continue;
    whole = file.lines.size() < kMaxLines;
    if (!whole) break;
    Line parsed{std::move(*glob), by_name, {}, {}};
    for (std::string_view word = next_word(line); !word.empty(); word = next_word(line)) {
      const bool off = word.starts_with('-');
      const bool forgets = word.starts_with('!');
      if (off || forgets) word.remove_prefix(1);
      if (!word.starts_with(kPrefix)) continue;
      word.remove_prefix(kPrefix.size());
      const std::size_t equals = word.find('=');
      const std::string_view name = word.substr(0, equals);
      const std::string_view value =
          equals == std::string_view::npos ? std::string_view("true") : word.substr(equals + 1);
      const bool on = !off && value != "false" && value != "0";
      const auto set = [&](std::optional<bool>& attribute, bool& forgotten) {
        attribute = forgets ? std::nullopt : std::optional(on);
        forgotten = forgets;
      };
      if (name == "vendored") set(parsed.says.vendored, parsed.forgets_vendored);
      if (name == "generated") set(parsed.says.generated, parsed.forgets_generated);
      if (name == "documentation") set(parsed.says.documentation, parsed.forgets_documentation);
      if (name == "detectable") set(parsed.says.detectable, parsed.forgets_detectable);
      if (name == "language") {
        parsed.language = off || forgets || equals == std::string_view::npos ? "" : value;
        parsed.forgets_language = parsed.language.empty();
      }
    }
    file.lines.push_back(std::move(parsed));
  }
  if (file.lines.empty()) return whole;
  const auto deeper = [](const File& a, const File& b) {
    return a.directory.size() > b.directory.size();
  };
  files_.insert(std::ranges::upper_bound(files_, file, deeper), std::move(file));
  return whole;
}

Overrides Attributes::of(std::string_view path) const {
  Overrides found;
  struct {
    bool vendored = false, generated = false, documentation = false, detectable = false,
         language = false;
  } known;
  const auto take = [](auto& into, bool& is_known, const auto& says, bool forgets) {
    if (is_known || (!says && !forgets)) return;
    into = says;
    is_known = true;
  };
  for (const File& file : files_) {
    std::string_view below = path;
    if (!file.directory.empty()) {
      if (!(path.size() > file.directory.size() && path.starts_with(file.directory) &&
            path[file.directory.size()] == '/')) {
        continue;
      }
      below.remove_prefix(file.directory.size() + 1);
    }
    for (auto line = file.lines.rbegin(); line != file.lines.rend(); ++line) {
      if (!line->glob.matches(line->by_name ? base_name(below) : below)) continue;
      take(found.vendored, known.vendored, line->says.vendored, line->forgets_vendored);
      take(found.generated, known.generated, line->says.generated, line->forgets_generated);
      take(found.documentation, known.documentation, line->says.documentation,
           line->forgets_documentation);
      take(found.detectable, known.detectable, line->says.detectable, line->forgets_detectable);
      const std::optional<std::string_view> language =
          line->language.empty() ? std::nullopt : std::optional<std::string_view>(line->language);
      take(found.language, known.language, language, line->forgets_language);
    }
  }
  return found;
}

}  // namespace quarry::analysis
