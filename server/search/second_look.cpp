#include "server/search/second_look.h"

#include <algorithm>

#include "server/base/format.h"
#include "server/search/count_matches.h"
#include "server/search/coverage.h"
#include "server/search/pattern.h"

namespace quarry::search {
namespace {

constexpr std::uint64_t kEnough = 1000;  // matches that are counted at most

// "14", or "1000 or more" when counting ended early.
std::string at_least(std::uint64_t matches, bool more) {
  return more ? fmt::format("{} or more", matches) : fmt::format("{}", matches);
}

class Looks {
 public:
  Looks(const GrepQuery& query, const Engine& engine, const Stop& stop)
      : query_(query), engine_(engine), stop_(stop) {}

  void variant(const MatchOptions& options, const Corpus& corpus, std::string_view how) {
    auto matcher = Matcher::compile(query_.pattern, options);
    if (!matcher || !(*matcher)->note().empty()) return;
    const Stop stop = stop_.within(kLookNs);
    report(count(corpus, **matcher, stop), how);
  }

  void ignored(const Walk& walk, const FileFilter& filter) {
    auto matcher = Matcher::compile(query_.pattern, query_.match);
    if (!matcher) return;
    const Stop stop = stop_.within(kLookNs);
    Counts sum;
    const bool whole =
        each_ignored(engine_, walk, stop, [&](const Walk& inner, std::vector<Walk::Place> places) {
          std::erase_if(places, [&](Walk::Place place) {
            std::string path;
            inner.append_path(path, place);
            return !filter.takes(path);
          });
          const Corpus corpus(engine_.workspace, inner, std::move(places));
          const Counts counts = count(corpus, **matcher, stop);
          sum.matches += counts.matches;
          sum.not_reached += counts.not_reached;
          sum.stopped = sum.stopped || counts.stopped;
        });
    sum.stopped = sum.stopped || !whole;
    report(sum, "in ignored files (include_ignored=true)");
  }

  bool repeatable() const { return repeatable_; }

  std::string text() && {
    std::string text = found_.text();
    if (cut_) text += text.empty() ? "a second look was cut short" : " (cut short)";
    return text;
  }

 private:
  Counts count(const Corpus& corpus, const Matcher& matcher, const Stop& stop) const {
    CountOptions options;
    options.enough = kEnough;
    options.per_file = kEnough;
    options.max_file_bytes = query_.max_file_bytes;
    return count_matches(engine_, corpus, matcher, options, stop);
  }

  void report(const Counts& counts, std::string_view how) {
    repeatable_ = repeatable_ && !counts.stopped;
    if (counts.matches > 0) {
      const bool more = counts.stopped || counts.not_reached > 0 || counts.matches >= kEnough;
      found_.add(fmt::format("{} {}", at_least(counts.matches, more), how));
    } else {
      cut_ = cut_ || counts.stopped;
    }
  }

  const GrepQuery& query_;
  const Engine& engine_;
  const Stop& stop_;
  Parts found_;
  bool cut_ = false;
  bool repeatable_ = true;
};

bool has_letters(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<signed char>(c) < 0;
  });
}

}  // namespace

bool each_ignored(const Engine& engine, const Walk& walk, const Stop& stop,
                  const std::function<void(const Walk&, std::vector<Walk::Place>)>& visit) {
  if (auto places = walk.ignored_places(); !places.empty()) visit(walk, std::move(places));
  bool whole = true;
  WalkOptions options;
  options.include_ignored = true;
  // One by one, so that a directory that cannot be opened hides only itself.
  for (const sandbox::Path& path : walk.ignored_paths()) {
    if (stop.now()) return false;
    auto inner = search::walk(engine.workspace, {&path, 1}, options, engine.pool, stop);
    if (!inner) continue;
    whole = whole && !inner->stopped;
    if (auto places = inner->files(true); !places.empty()) visit(*inner, std::move(places));
  }
  return whole;
}

std::string look_again(const GrepQuery& query, const Engine& engine, const Corpus& corpus,
                       const Walk* walk, const FileFilter& filter, const Stop& stop,
                       bool& repeatable) {
  Looks looks(query, engine, stop);
  if (walk != nullptr && !query.include_ignored) looks.ignored(*walk, filter);
  if (!query.match.ignore_case && has_letters(query.pattern)) {
    MatchOptions options = query.match;
    options.ignore_case = true;
    looks.variant(options, corpus, "with the other case (ignore_case=true)");
  }
  if (!query.match.fixed && !as_literal(read_pattern(query.pattern))) {
    MatchOptions options = query.match;
    options.fixed = true;
    looks.variant(options, corpus, "as plain text (fixed=true)");
  }
  repeatable = repeatable && looks.repeatable();
  return std::move(looks).text();
}

}  // namespace quarry::search
