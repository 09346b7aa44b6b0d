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

// What the pattern would match in ignored files, with the other case, with [ and { as characters.
std::string look_again(const FindQuery& query, const Engine& engine, const Walk& walk,
                       const PathPattern& pattern, const Stop& stop, bool& repeatable) {
  Parts found;
  if (!query.include_ignored) {
    std::uint64_t ignored = 0;
    std::uint64_t untried = 0;
    const Stop soon = stop.within(kLookNs);
    bool whole = each_ignored(engine, walk, soon, [&](const Walk& inner, Places places) {
      untried += keep_matching(inner, pattern, soon, places);
      ignored += places.size();
    });
    whole = whole && untried == 0;
    repeatable = repeatable && whole;
    if (ignored > 0) {
      found.add(
          fmt::format("{}{} ignored (include_ignored=true)", ignored, whole ? "" : " or more"));
    } else if (!whole) {
      found.add("a second look was cut short");
    }
  }
  bool cut = false;
  const auto variant = [&](bool literal, bool fold, std::string_view how) {
    auto other = PathPattern::make(query, engine.workspace, literal, fold);
    if (!other) return;
    Places places = walk.files(true);
    if (keep_matching(walk, *other, stop.within(kLookNs), places) > 0) {
      repeatable = false;
      cut = true;
    }
    found.add(places.size(), how);
  };
  variant(false, true, "with the other case");
  if (query.pattern.find_first_of("[{") != std::string_view::npos) {
    variant(true, false, "with \\ before each [ ] { }");
  }
  if (cut && found.text().empty()) return "a second look was cut short";
  return found.text();
}

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
  if (order.empty() && !stop.now())
    elsewhere = look_again(query, engine, walk, pattern, stop, answer.repeatable);
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
  answer.repeatable =
      answer.repeatable && sorted && !walk.stopped && !stop.now() && walk.unreadable == 0;
  answer.complete = untried == 0 && sorted && !walk.stopped && walk.full_at == 0;
  return answer;
}

}  // namespace quarry::search
