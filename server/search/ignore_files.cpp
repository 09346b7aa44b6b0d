#include "server/search/ignore_files.h"

#include "server/base/format.h"
#include "server/base/utf8.h"

namespace quarry::search {
namespace {

using sandbox::Dir;
using sandbox::Path;

void note(std::vector<std::string>& notes, const Path& directory, std::string_view name,
          std::string_view why) {
  std::string shown;
  if (!directory.is_root()) {
    utf8::append_escaped_name(shown, directory.text());
    shown.push_back('/');
  }
  notes.push_back(fmt::format("{}{} not read: {}", shown, name, why));
}

IgnoreRules load(const Dir& directory, const Path& path, const char* name, std::string_view shown,
                 std::vector<std::string>& notes) {
  auto file = directory.open_file(name);
  if (!file) {
    if (file.error().code != Code::kNotFound) note(notes, path, shown, "not a regular file");
    return {};
  }
  std::string bytes;
  if (file->stamp().size > static_cast<std::int64_t>(IgnoreRules::kMaxBytes) ||
      !file->read_all(bytes, IgnoreRules::kMaxBytes)) {
    note(notes, path, shown, fmt::format("over {} bytes", IgnoreRules::kMaxBytes));
    return {};
  }
  auto rules = IgnoreRules::parse(bytes);
  if (!rules) {
    note(notes, path, shown, rules.error().message);
    return {};
  }
  return std::move(*rules);
}

IgnoreRules load_exclude(const Dir& directory, const Path& path, std::vector<std::string>& notes) {
  auto git = directory.open_dir(".git");  // a file in linked worktrees and submodules
  if (!git) return {};
  auto inside = git->open_dir("info");
  if (!inside) return {};
  return load(*inside, path, "exclude", ".git/info/exclude", notes);
}

}  // namespace

std::shared_ptr<const IgnoreLevel> load_level(const Dir& directory, const Path& path,
                                              IgnoreNames names,
                                              std::shared_ptr<const IgnoreLevel> parent,
                                              std::vector<std::string>& notes) {
  IgnoreLevel level;
  if (names.ignore) level.ignore = load(directory, path, ".ignore", ".ignore", notes);
  if (names.git) level.git = load(directory, path, ".gitignore", ".gitignore", notes);
  if (names.repository) level.exclude = load_exclude(directory, path, notes);
  level.repository = names.repository;
  if (!level.repository && level.ignore.empty() && level.git.empty()) return parent;
  level.base = path.is_root() ? 0 : path.text().size() + 1;
  level.parent = std::move(parent);
  return std::make_shared<const IgnoreLevel>(std::move(level));
}

std::shared_ptr<const IgnoreLevel> load_parents(const sandbox::Workspace& workspace,
                                                const Path& path, std::vector<std::string>& notes) {
  std::vector<Path> parents;  // deepest first
  for (Path at = path; !at.is_root(); parents.push_back(at)) at = at.parent();
  std::shared_ptr<const IgnoreLevel> level;
  for (auto at = parents.rbegin(); at != parents.rend(); ++at) {
    auto directory = workspace.open_directory(*at);
    if (!directory) break;
    IgnoreNames names{true, true, directory->metadata(".git").has_value()};
    level = load_level(*directory, *at, names, std::move(level), notes);
  }
  return level;
}

}  // namespace quarry::search
