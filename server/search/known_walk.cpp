#include "server/search/known_walk.h"

#include "server/sandbox/shown.h"
#include "server/search/ignore_files.h"
#include "server/search/snapshot.h"
#include "server/search/with_ignored.h"

namespace quarry::search {
namespace {

using sandbox::Path;

// The notes of the directories above `start`.
void add_notes_above(const TreeNode& top, const Path& start, std::vector<std::string>& notes) {
  if (top.counts.noted == 0) return;
  const std::string& text = start.text();
  for (std::size_t end = 0; end < text.size();
       end = std::min(text.find('/', end + 1), text.size())) {
    const TreeNode* const above = top.find(std::string_view(text).substr(0, end));
    if (above == nullptr) return;
    notes.insert(notes.end(), above->listing->notes.begin(), above->listing->notes.end());
  }
}

// What the catalogue knows of the directory; top is null when it does not.
KnownTree from_catalogue(const Engine& engine, const Path& start, const WalkOptions& options,
                         const Stop& stop, Effort effort) {
  KnownTree known;
  auto tree = engine.catalogue->now(engine.workspace, engine.pool, stop, effort, options.dated);
  if (tree == nullptr) return known;
  const TreeNode* const top = tree->find(start.text());
  // An ignored directory, a linked worktree or a link is read when it is named; from a deep start
  // more levels are read than from the root.
  if (top == nullptr || !top->listing->read || top->listing->unreadable || top->listing->worktree ||
      (top->counts.too_deep > 0 && !start.is_root())) {
    return known;
  }
  add_notes_above(*tree, start, known.notes);
  known.top = top;
  known.tree = std::move(tree);
  return known;
}

Result<KnownTree> from_snapshot(const Snapshot& snapshot, const Path& start) {
  KnownTree known;
  known.tree = snapshot.tree();
  known.top = known.tree->find(start.text());
  if (known.top == nullptr) {
    return fail(Code::kNotFound, "no directory '{}' {}", sandbox::shown_name(start.display()),
                snapshot.label());
  }
  return known;
}

Result<KnownTree> from_tree(const Engine& engine, const Path& start, const WalkOptions& options,
                            const Stop& stop, Effort effort) {
  if (engine.catalogue != nullptr) {
    KnownTree known = from_catalogue(engine, start, options, stop, effort);
    if (known.top != nullptr && options.include_ignored) {
      const std::shared_ptr<const TreeNode> top(std::move(known.tree), known.top);
      known.tree = with_ignored(top, engine.workspace, options, engine.pool, stop);
      known.top = known.tree.get();
      known.notes.clear();  // no rules are asked
    }
    if (known.top != nullptr) return known;
    if (stop.cancelled()) return fail(Code::kCancelled, "cancelled");
  }
  KnownTree known;
  TreeStart from;
  from.path = start;
  if (!options.include_ignored) {
    from.parents = load_parents(engine.workspace, start, known.notes);
  }
  TRY_ASSIGN(TreeReading reading, read_tree(engine.workspace, from, options, engine.pool, stop));
  known.tree = std::move(reading.top);
  known.top = known.tree.get();
  known.stopped = reading.stopped;
  known.full_at = reading.full_at;
  return known;
}

}  // namespace

bool pass_rules_by(const TreeNode& top, WalkOptions& options) {
  if (options.include_ignored || !top.listing->all_ignored()) return false;
  options.include_ignored = true;
  return true;
}

Result<KnownTree> known_tree(const Engine& engine, const Path& start, const WalkOptions& options,
                             const Stop& stop, Effort effort) {
  if (engine.snapshot != nullptr) return from_snapshot(*engine.snapshot, start);
  TRY_ASSIGN(KnownTree known, from_tree(engine, start, options, stop, effort));
  WalkOptions all = options;
  if (!pass_rules_by(*known.top, all)) return known;
  TRY_ASSIGN(known, from_tree(engine, start, all, stop, effort));
  known.notes.emplace_back(kRulesPassedBy);
  return known;
}

Result<Walk> known_walk(const Engine& engine, const Path& start, const WalkOptions& options,
                        const Stop& stop) {
  TRY_ASSIGN(KnownTree known, known_tree(engine, start, options, stop, Effort::kBuild));
  Walk walk(std::move(known.tree), *known.top);
  walk.stopped = known.stopped;
  walk.full_at = known.full_at;
  walk.add_notes(known.notes);
  return walk;
}

}  // namespace quarry::search
