#include "server/search/second_look.h"

#include <algorithm>

#include "server/base/format.h"
#include "server/search/count_matches.h"
#include "server/search/coverage.h"
#include "server/search/pattern.h"
#include "server/search/selection.h"

namespace quarry::search {
namespace {

constexpr std::uint64_t kEnough = 1000;  // matches that are counted at most

// "14", or "1000 or more" when counting ended early.
std::string at_least(std::uint64_t matches, bool more) {
  return more ? fmt::format("{} or more", matches) : fmt::format("{}", matches);
}

// What `look`, and each of `variants`, finds in the ignored files, and whether that is all.
Counts count_ignored(const LookAgain& look, const std::vector<Variant>& variants) {
  const Stop stop = look.stop.within(kLookNs);
  CountOptions options;
  options.enough = options.per_file = kEnough;
  options.max_file_bytes = look.query.max_file_bytes;
  for (const Variant& variant : variants) options.also.push_back(variant.matcher.get());
  options.also_enough = kEnough;
  Counts sum;
  sum.also.resize(variants.size());
  const bool whole = each_ignored(
      look.engine, *look.walk, stop, [&](const Walk& inner, std::vector<Walk::Place> places) {
        Sifted taken;
        taken.read = std::move(places);
        keep_taken(inner, look.filter, stop, taken);
        sum.stopped = sum.stopped || taken.unjudged > 0;
        const Corpus corpus(look.engine.workspace, inner, std::move(taken.read));
        const Counts counts = count_matches(look.engine, corpus, look.matcher, options, stop);
        sum.matches += counts.matches;
        sum.not_reached += counts.not_reached;
        sum.stopped = sum.stopped || counts.stopped;
        for (std::size_t i = 0; i < sum.also.size(); ++i) sum.also[i] += counts.also[i];
      });
  sum.stopped = sum.stopped || !whole;
  return sum;
}

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

std::vector<Variant> variants_of(const GrepQuery& query) {
  std::vector<Variant> variants;
  const auto add = [&](const MatchOptions& options, std::string_view how,
                       std::string_view pattern) {
    auto matcher = Matcher::compile(pattern, options);
    if (matcher && (*matcher)->note().empty()) variants.push_back({std::move(*matcher), how});
  };
  if (!query.match.ignore_case && has_letters(query.pattern)) {
    MatchOptions options = query.match;
    options.ignore_case = true;
    add(options, "with the other case (ignore_case=true)", query.pattern);
  }
  if (query.match.word) {
    MatchOptions options = query.match;
    options.word = false;
    add(options, "within longer words (word=false)", query.pattern);
  }
  if (!query.match.fixed && !as_literal(read_pattern(query.pattern))) {
    MatchOptions options = query.match;
    options.fixed = true;
    add(options, "as plain text (fixed=true)", query.pattern);
  }
  const std::string modern = query.match.fixed ? "" : without_basic_syntax(query.pattern);
  if (!modern.empty()) {
    add(query.match, "with | for \\| and \\b for \\< and \\>", modern);
  }
  return variants;
}

std::string look_again(const LookAgain& look, const std::vector<Variant>& variants,
                       const Counts& counts, std::uint64_t enough, bool& repeatable) {
  Parts found;
  bool cut = false;
  if (look.walk != nullptr && !look.query.include_ignored && !look.stop.now()) {
    const Counts ignored = count_ignored(look, variants);
    repeatable = repeatable && !ignored.stopped;
    cut = ignored.stopped && ignored.matches == 0;
    const bool more = ignored.stopped || ignored.not_reached > 0;
    if (ignored.matches > 0) {
      found.add(fmt::format("{} in ignored files (include_ignored=true)",
                            at_least(ignored.matches, more || ignored.matches >= kEnough)));
    }
    for (std::size_t i = 0; i < variants.size() && ignored.matches == 0; ++i) {
      if (ignored.also[i] == 0) continue;
      found.add(fmt::format("{} in ignored files (include_ignored=true) {}",
                            at_least(ignored.also[i], more || ignored.also[i] >= kEnough),
                            variants[i].how));
      cut = false;
    }
  }
  for (std::size_t i = 0; i < variants.size(); ++i) {
    if (counts.also[i] == 0) continue;
    const bool more = counts.stopped || counts.also[i] >= enough;
    found.add(fmt::format("{} {}", at_least(counts.also[i], more), variants[i].how));
  }
  std::string text = found.text();
  if (cut && text.empty()) return "not all ignored files were searched";
  if (cut) text += " (not all ignored files were searched)";
  return text;
}

}  // namespace quarry::search
