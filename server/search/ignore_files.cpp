#include "server/search/ignore_files.h"

#include <algorithm>
#include <optional>

#include "server/base/format.h"
#include "server/base/hash.h"
#include "server/base/utf8.h"
#include "server/search/git_config.h"

namespace quarry::search {
namespace {

using sandbox::Dir;
using sandbox::Path;

constexpr std::int64_t kMaxConfigBytes = 1024 * 1024;
constexpr std::int64_t kMaxGitFileBytes = 8192;

// The path that `text` means as seen from `base`, both as text; nothing when it leads out of the
// root.
std::optional<Path> path_from(const sandbox::Workspace& workspace, const Path& base,
                              std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r') || text.ends_with(' ')) text.remove_suffix(1);
  std::optional<Path> at = base;
  if (text.starts_with('/')) {
    at.reset();
    for (const std::string& root : {workspace.root(), workspace.given_root()}) {
      if (at || (text != root && !text.starts_with(root + "/"))) continue;
      text.remove_prefix(root.size());
      at = Path();
    }
    if (!at) return std::nullopt;
  }
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    const std::string_view component = text.substr(begin, end - begin);
    begin = end + 1;
    if (component.empty() || component == ".") continue;
    if (component.contains('\0') || component.size() > Path::kMaxComponentBytes)
      return std::nullopt;
    if (component == "..") {
      if (at->is_root()) return std::nullopt;
      at = at->parent();
    } else {
      at = at->child(component);
    }
  }
  if (at->text().size() > Path::kMaxBytes) return std::nullopt;
  return at;
}

// The first line of a small file; empty when there is none.
std::string first_line(const Dir& directory, std::string_view name) {
  std::string text;
  const auto file = directory.open_file(name);
  if (!file || !file->read_all(text, kMaxGitFileBytes)) return {};
  text.resize(std::min(text.find('\n'), text.size()));
  return text;
}

// What the file `.git` says where the repository is; empty when it is none.
std::string git_link(const Dir& directory) {
  constexpr std::string_view kStart = "gitdir:";
  std::string text = first_line(directory, ".git");
  if (!text.starts_with(kStart)) return {};
  return text.erase(0, std::min(text.find_first_not_of(' ', kStart.size()), text.size()));
}

// Reads the rules of one directory and what they depend on.
class LevelReader {
 public:
  LevelReader(const sandbox::Workspace& workspace, const Dir& directory, const Path& path,
              IgnoreLevel& level, std::vector<std::string>& notes)
      : workspace_(workspace), directory_(directory), path_(path), level_(level), notes_(notes) {}

  void read(IgnoreNames names) {
    level_.repository = names.git_dir || names.git_file;
    if (level_.repository) level_.fold_case = false;
    if (names.git_dir) {
      const auto git = directory_.open_dir(".git");
      if (opened(git)) read_git_directory(*git, "");
    } else if (names.git_file) {
      read_git_file();
    }
    if (names.ignore) level_.ignore = load(directory_, ".ignore", ".ignore", false);
    if (names.git) level_.git = load(directory_, ".gitignore", ".gitignore", level_.fold_case);
    seen_ += fmt::format("{}{}", level_.repository, level_.fold_case);
    level_.identity = hash64(seen_);
    level_.bytes = seen_.size();
  }

 private:
  // `.git` is a file that says where the repository is: a submodule's, or a linked worktree's,
  // which has its rules where the repository that it is linked to has them. Read where it lies in
  // this tree.
  void read_git_file() {
    const std::string link = git_link(directory_);
    if (link.empty()) return;
    auto place = path_from(workspace_, path_, link);
    if (!place) return;
    auto git = workspace_.open_directory(*place);
    if (!opened(git)) return;
    if (const std::string common = first_line(*git, "commondir"); !common.empty()) {
      place = path_from(workspace_, *place, common);
      if (!place) return;
      git = workspace_.open_directory(*place);
      if (!opened(git)) return;
    }
    level_.far_files.push_back(place->text() + "/info/exclude");
    read_git_directory(*git, place->text() + ": ");
  }

  // `shown`: what the notes call its place.
  void read_git_directory(const Dir& git, const std::string& shown) {
    seen_.append(shown).push_back('\0');
    std::string bytes;
    auto file = git.open_file("config");
    if (opened(file) && file->read_all(bytes, kMaxConfigBytes)) {
      const GitConfig config = parse_git_config(bytes);
      level_.fold_case = config.ignore_case;
      if (!config.excludes_file.empty()) read_global(config.excludes_file);
    }
    if (const auto inside = git.open_dir("info"); opened(inside)) {
      level_.exclude = load(*inside, "exclude", ".git/info/exclude", level_.fold_case);
    }
  }

  // core.excludesFile, where it is a file of this tree.
  void read_global(const std::string& name) {
    const std::string text =
        name.starts_with('/') || path_.is_root() ? name : path_.text() + "/" + name;
    auto path = name.starts_with('~') ? fail(Code::kDenied, "outside") : workspace_.parse(text);
    if (!path || path->is_root() || path->enters_git_directory() || !workspace_.plain(*path)) {
      note("core.excludesFile", "it is not a file of this tree");
      return;
    }
    level_.far_files.push_back(path->text());
    const auto parent = workspace_.open_directory(path->parent());
    if (!opened(parent)) return;  // as git: a file that is not there holds no rules
    level_.global = load(*parent, path->name(), "core.excludesFile", level_.fold_case);
  }

  IgnoreRules load(const Dir& directory, std::string_view name, std::string_view shown,
                   bool fold_case) {
    seen_.append(shown).push_back('\0');
    auto file = directory.open_file(name);
    if (!opened(file)) {
      const bool later = may_be_over(file.error());
      if (later || file.error().code != Code::kNotFound) {
        note(shown, later ? "it cannot be opened now" : "not a regular file");
      }
      return {};
    }
    std::string bytes;
    if (file->stamp().size > static_cast<std::int64_t>(IgnoreRules::kMaxBytes) ||
        !file->read_all(bytes, IgnoreRules::kMaxBytes)) {
      note(shown, fmt::format("over {} bytes", IgnoreRules::kMaxBytes));
      return {};
    }
    seen_.append(bytes).push_back('\0');
    auto rules = IgnoreRules::parse(bytes, fold_case);
    if (!rules) {
      note(shown, rules.error().message);
      return {};
    }
    return std::move(*rules);
  }

  // Whether it is, and if not, whether that may be over.
  template <class Opened>
  bool opened(const Result<Opened>& result) {
    if (!result) level_.unsure = level_.unsure || may_be_over(result.error());
    return result.has_value();
  }

  void note(std::string_view name, std::string_view why) {
    std::string shown;
    if (!path_.is_root()) {
      utf8::append_escaped_name(shown, path_.text());
      shown.push_back('/');
    }
    notes_.push_back(fmt::format("{}{} not read: {}", shown, name, why));
    seen_ += notes_.back();
  }

  const sandbox::Workspace& workspace_;
  const Dir& directory_;
  const Path& path_;
  IgnoreLevel& level_;
  std::vector<std::string>& notes_;
  std::string seen_;  // all that was read
};

}  // namespace

bool may_be_over(const Error& error) {
  return error.code == Code::kUnavailable || error.code == Code::kInternal;
}

std::shared_ptr<const IgnoreLevel> load_level(const sandbox::Workspace& workspace,
                                              const Dir& directory, const Path& path,
                                              IgnoreNames names,
                                              std::shared_ptr<const IgnoreLevel> parent,
                                              std::vector<std::string>& notes) {
  if (!names.ignore && !names.git && !names.git_dir && !names.git_file) return parent;
  IgnoreLevel level;
  level.base = path.is_root() ? 0 : path.text().size() + 1;
  level.fold_case = parent != nullptr && parent->fold_case;
  LevelReader(workspace, directory, path, level, notes).read(names);
  const bool without_rules = level.ignore.empty() && level.git.empty();
  if (!level.repository && without_rules && !level.unsure) return parent;
  level.unsure = level.unsure || (parent != nullptr && parent->unsure);
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
    IgnoreNames names{true, true, false, false};
    if (const auto git = directory->metadata(".git")) {
      (git->kind == sandbox::Kind::kDirectory ? names.git_dir : names.git_file) = true;
    }
    level = load_level(workspace, *directory, *at, names, std::move(level), notes);
  }
  return level;
}

// Paths in `.git` files may be those of another machine, or of the outside of a container. Then the
// two that git keeps must agree: where the worktree says that the repository lies, and where the
// repository says that the worktree does.
bool is_worktree_of_enclosing(const sandbox::Workspace& workspace, const Dir& directory,
                              const Path& path, const IgnoreLevel* parents) {
  constexpr std::string_view kStore = "/.git/worktrees/";
  while (parents != nullptr && !parents->repository) parents = parents->parent.get();
  if (parents == nullptr) return false;
  const std::string link = git_link(directory);
  const std::size_t slash = link.rfind('/');
  if (slash == std::string::npos || !link.substr(0, slash + 1).ends_with("/worktrees/")) {
    return false;
  }
  Path top = path;
  while (!top.is_root() && top.text().size() >= parents->base) top = top.parent();
  const auto enclosing = workspace.open_directory(top);
  if (!enclosing) return false;
  const auto git = enclosing->open_dir(".git");
  // The one above may be a linked worktree itself: then both are kept in one place.
  if (!git) return git_link(*enclosing).starts_with(link.substr(0, slash + 1));
  if (const auto place = path_from(workspace, path, link)) {
    return place->parent() == top.child(".git").child("worktrees");
  }
  const auto all = git->open_dir("worktrees");
  const auto own = all ? all->open_dir(link.substr(slash + 1)) : fail(Code::kNotFound, "none");
  const std::size_t store = link.rfind(kStore);
  return own && store != std::string::npos &&
         first_line(*own, "gitdir") ==
             fmt::format("{}/{}/.git", link.substr(0, store), path.text().substr(parents->base));
}

}  // namespace quarry::search
