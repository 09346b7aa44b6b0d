#include "server/search/find_files.h"

#include <numeric>
#include <vector>

#include "server/base/format.h"
#include "server/base/utf8.h"
#include "server/search/coverage.h"
#include "server/search/file_filter.h"
#include "server/search/known_walk.h"
#include "server/search/recency.h"
#include "server/search/second_look.h"
#include "server/search/snapshot.h"

namespace quarry::search {
namespace {

using Places = std::vector<Walk::Place>;

constexpr std::size_t kTailBytes = 512;
constexpr std::size_t kFewSteps = 64;  // for each byte of a name

// The pattern, and what it is matched against.
class PathPattern {
 public:
  static Result<PathPattern> make(const FindQuery& query, const sandbox::Workspace& workspace,
                                  bool literal, bool fold_case) {
    PathPattern made;
    std::string_view text = query.pattern;
    bool rooted = false;
    for (const std::string& root : {workspace.root(), workspace.given_root()}) {
      if (!rooted && text.starts_with(root) && text.substr(root.size()).starts_with('/')) {
        text.remove_prefix(root.size() + 1);
        rooted = true;
      }
    }
    TRY_ASSIGN(std::string normal, normal_glob(text, "pattern"));
    if (literal) {
      std::string escaped;
      for (const char c : normal) {
        if (c == '[' || c == ']' || c == '{' || c == '}') escaped.push_back('\\');
        escaped.push_back(c);
      }
      normal = std::move(escaped);
    }
    TRY_ASSIGN(Glob glob, Glob::compile(normal, Glob::Flavour::kTool, fold_case));
    made.glob_.push_back(std::move(glob));
    if (!rooted && !query.path.is_root()) made.base_ = query.path.text().size() + 1;
    made.whole_ = rooted;
    return made;
  }

  // Whether a file's name alone decides.
  bool by_name() const { return !whole_ && glob_.front().by_name(); }
  bool matches_name(std::string_view name) const { return glob_.front().matches_name(name); }
  // The most steps that matching `bytes` takes, as Pace counts them.
  std::size_t steps(std::size_t bytes) const { return glob_.front().steps(bytes); }
  // `path` is from the root and lies below the search's start.
  bool matches(std::string_view path) const {
    const std::string_view below = path.substr(base_);
    return whole_ ? glob_.front().matches(below) : glob_.front().matches_name_or_path(below);
  }

 private:
  std::vector<Glob> glob_;  // one
  std::size_t base_ = 0;    // bytes of the start's path and its '/'
  bool whole_ = false;
};

// Returns how many were not tried because it was time to stop; they are not kept.
std::uint64_t keep_matching(const Walk& walk, const PathPattern& pattern, const Stop& stop,
                            Places& places) {
  Pace pace(stop);
  std::uint64_t untried = 0;
  std::string path;
  const bool by_name = pattern.by_name();
  std::erase_if(places, [&](Walk::Place place) {
    std::string_view text = walk.name(place);
    if (!by_name) {
      path.clear();
      walk.append_path(path, place);
      text = path;
    }
    if (pace.over(pattern.steps(text.size()))) {
      ++untried;
      return true;
    }
    return !(by_name ? pattern.matches_name(text) : pattern.matches(text));
  });
  return untried;
}

// What else the pattern may have been meant for, when it matches nothing: ignored files, names with
// the other case, directories, a list of patterns, [ and { as characters.
class SecondLook {
 public:
  SecondLook(const FindQuery& query, const Engine& engine, const Walk& walk, const Stop& stop)
      : query_(query), engine_(engine), walk_(walk), stop_(stop) {}

  std::string look(const PathPattern& pattern) {
    if (!query_.include_ignored) look_at_ignored(pattern);
    look_at_directories(pattern);
    try_another(PathPattern::make(query_, engine_.workspace, false, true), "with the other case");
    // `a/*.c` is taken from `path` on, and may have been meant at any depth.
    if (query_.pattern.contains('/') && !query_.pattern.starts_with('/')) {
      const std::string anywhere = "**/" + std::string(query_.pattern);
      FindQuery deep = query_;
      deep.pattern = anywhere;
      try_another(PathPattern::make(deep, engine_.workspace, false, false), "with **/ before it");
    }
    if (query_.pattern.find_first_of("*?[{/\\") == std::string_view::npos) {
      const std::string within = fmt::format("*{}*", query_.pattern);
      FindQuery part = query_;
      part.pattern = within;
      try_another(PathPattern::make(part, engine_.workspace, false, true), "with * around it");
    }
    if (const std::string listed = listed_globs(query_.pattern); !listed.empty()) {
      FindQuery one = query_;
      one.pattern = listed;
      try_another(PathPattern::make(one, engine_.workspace, false, false), "with " + listed);
    }
    if (query_.pattern.find_first_of("[{") != std::string_view::npos) {
      try_another(PathPattern::make(query_, engine_.workspace, true, false),
                  "with \\ before each [ ] { }");
    }
    if (cut_ && found_.text().empty()) return "not all of what else it may mean was tried";
    return found_.text();
  }
  // Time cut nothing short.
  bool whole() const { return !cut_; }

 private:
  void look_at_ignored(const PathPattern& pattern) {
    const auto folded = PathPattern::make(query_, engine_.workspace, false, true);
    std::uint64_t ignored = 0;
    std::uint64_t other_case = 0;
    std::uint64_t untried = 0;
    const Stop soon = stop_.within(kLookNs);
    bool whole = each_ignored(engine_, walk_, soon, [&](const Walk& inner, Places places) {
      Places again = places;
      untried += keep_matching(inner, pattern, soon, places);
      ignored += places.size();
      if (!folded || ignored > 0) return;
      untried += keep_matching(inner, *folded, soon, again);
      other_case += again.size();
    });
    whole = whole && untried == 0;
    cut_ = cut_ || !whole;
    const std::uint64_t files = ignored > 0 ? ignored : other_case;
    if (files == 0) return;
    found_.add(fmt::format("{}{} ignored{} (include_ignored=true)", files, whole ? "" : " or more",
                           ignored > 0 ? "" : " with the other case"));
  }

  // A pattern may name a directory for what lies in it.
  void look_at_directories(const PathPattern& pattern) {
    const Stop soon = stop_.within(kLookNs);
    Pace pace(soon);
    std::uint64_t directories = 0;
    for (const TreeNode* const node : walk_.directories) {
      const std::string& path = node->listing->path.text();
      if (node == walk_.directories.front()) continue;
      if (pace.over(pattern.steps(path.size()))) break;
      directories += pattern.matches(path) ? 1 : 0;
    }
    cut_ = cut_ || pace.over();
    if (directories == 0) return;
    found_.add(counted(directories, "directory") + " (add /** for the files in " +
               (directories == 1 ? "it)" : "them)"));
  }

  void try_another(const Result<PathPattern>& other, std::string_view how) {
    if (!other) return;
    Places places = walk_.files(true);
    cut_ = keep_matching(walk_, *other, stop_.within(kLookNs), places) > 0 || cut_;
    found_.add(places.size(), how);
  }

  const FindQuery& query_;
  const Engine& engine_;
  const Walk& walk_;
  const Stop& stop_;
  Parts found_;
  bool cut_ = false;
};

std::uint64_t append_page(std::string& out, const FindQuery& query, const Walk& walk,
                          const Places& places, const std::vector<std::uint32_t>& order) {
  const std::size_t limit =
      query.max_bytes > 2 * kTailBytes ? query.max_bytes - kTailBytes : query.max_bytes / 2;
  std::uint64_t shown = 0;
  std::string path;
  for (std::size_t i = query.offset; i < order.size() && shown < query.limit; ++i) {
    path.clear();
    walk.append_path(path, places[order[i]]);
    const std::size_t size = out.size();
    utf8::append_escaped_name(out, path);
    out.push_back('\n');
    if (out.size() > limit && shown > 0) {
      out.resize(size);
      break;
    }
    ++shown;
  }
  return shown;
}

}  // namespace

Result<FindAnswer> find_files(const FindQuery& asked, const Engine& engine) {
  FindQuery query = asked;
  if (query.limit == 0) query.limit = FindQuery::kMaxShown;
  const Stop stop(engine.cancel, engine.clock);
  TRY_ASSIGN(const PathPattern pattern, PathPattern::make(query, engine.workspace, false, false));
  WalkOptions options;
  options.include_ignored = query.include_ignored;
  // Where all of the tree is searched, by a pattern that is tried in no time.
  const Wanted dated = [&](std::string_view name) { return pattern.matches_name(name); };
  if (query.sort == FileOrder::kMtime && query.path.is_root() && pattern.by_name() &&
      pattern.steps(1) <= kFewSteps) {
    options.dated = &dated;
  }
  TRY_ASSIGN(const Walk walk, known_walk(engine, query.path, options, stop));
  Places places = walk.files(true);
  FindAnswer answer;
  answer.files = places.size();
  const std::uint64_t untried = keep_matching(walk, pattern, stop, places);
  answer.matched = places.size();
  std::vector<std::uint32_t> order(answer.matched);
  std::iota(order.begin(), order.end(), 0U);
  bool sorted = true;
  if (query.sort == FileOrder::kMtime && order.size() > 1 && engine.snapshot == nullptr) {
    sorted = order_by_mtime(engine, walk, places, query.offset + query.limit, stop, order);
  }
  std::string elsewhere;
  if (order.empty() && !stop.now()) {
    SecondLook look(query, engine, walk, stop);
    elsewhere = look.look(pattern);
    answer.repeatable = look.whole();
  }
  if (stop.cancelled()) return fail(Code::kCancelled, "cancelled");

  std::string& out = answer.text;
  const std::uint64_t shown = append_page(out, query, walk, places, order);
  if (!out.empty()) out.push_back('\n');
  const std::uint64_t next = query.offset + shown;
  if (shown > 0 && next < order.size()) {
    out += fmt::format("{} more; call again with offset={}\n", order.size() - next, next);
  } else if (!order.empty() && query.offset >= order.size()) {
    out += fmt::format("offset={} is behind the last of {}\n", query.offset,
                       counted(order.size(), "file"));
  }
  out += fmt::format("{}{} of {} match", untried > 0 ? "at least " : "", order.size(),
                     counted(answer.files, "file"));
  if (engine.snapshot != nullptr) out += " " + engine.snapshot->label();
  if (!elsewhere.empty()) out += fmt::format("; but {}", elsewhere);
  Parts skipped;
  // Listed here, though not followed.
  EntryCounts left_out = walk;
  left_out.symlinks = 0;
  if (engine.snapshot != nullptr) {
    add_snapshot(skipped, left_out);
  } else {
    add_walk(skipped, left_out, "lists");
  }
  if (!skipped.text().empty()) out += fmt::format("; not listed: {}", skipped.text());
  out.push_back('\n');
  if (untried > 0) {
    out += fmt::format("incomplete: time was up before {} were tried; narrow path or pattern\n",
                       counted(untried, "file"));
  }
  if (!sorted) out += "incomplete: time was up before all were dated; sorted by path\n";
  append_walk_notes(out, walk);
  answer.repeatable = answer.repeatable && sorted && !walk.stopped && !stop.now() &&
                      walk.unreadable + walk.unsure == 0;
  answer.complete = untried == 0 && sorted && !walk.stopped && walk.full_at == 0;
  return answer;
}

}  // namespace quarry::search
