// The part of Change that knows which names are one file's, and keeps them one where it puts them
// back.

#include <map>

#include "server/change/change.h"
#include "server/change/changes.h"

namespace quarry::change {
namespace {

using journal::Step;
using sandbox::Path;
using sandbox::Place;
using sandbox::Stamp;

// But for the time of the inode, which every new name of it changes.
bool is_same_file(const Stamp& one, const Stamp& other) {
  Stamp same = one;
  same.ctime_ns = other.ctime_ns;
  return same == other;
}

// Whether it is a name of that file, and not of one that has come to its place since.
bool is_of(const sandbox::Draft& draft, const Stamp& file) {
  const auto stamp = draft.stamp();
  return stamp && is_same_file(*stamp, file);
}

}  // namespace

// Steps on several names of one file. Each changes the time of the file's inode under the others.
void Change::find_shared_files() {
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::size_t> last;
  std::uint64_t files = 0;
  for (std::size_t at = 0; at < plans_.size(); ++at) {
    const auto& was = plans_[at].was;
    if (!was) continue;
    const auto [name, first] = last.emplace(std::pair(was->device, was->inode), at);
    if (first) continue;
    next_name_.emplace(name->second, at);
    Step& before = entry_.steps[name->second];
    if (before.file == 0) before.file = ++files;
    entry_.steps[at].file = before.file;
    name->second = at;
  }
}

std::vector<std::string> Change::find_split() const {
  std::map<std::uint64_t, std::uint64_t> changed;  // names of each file
  for (const Step& step : entry_.steps) {
    if (step.file != 0) ++changed[step.file];
  }
  std::vector<std::string> split;
  for (std::size_t at = 0; at < plans_.size(); ++at) {
    const Step& step = entry_.steps[at];
    const std::uint64_t here = step.file == 0 ? 1 : changed[step.file];
    if (here < plans_[at].names) split.push_back(step.path);
  }
  return split;
}

// What the step `made` did to the file of a later one is no other program's work.
void Change::follow_own_change(std::size_t made) {
  const auto next = next_name_.find(made);
  if (next == next_name_.end()) return;
  Plan& plan = plans_[next->second];
  const auto there = find_file(next->second, plan.was);
  if (there) plan.was = there->metadata.stamp;
}

Result<void> Change::put_name(const Path& path, std::string bytes,
                              std::optional<std::uint32_t> mode, std::string attributes,
                              const Path& of) {
  TRY(put(path, std::move(bytes), mode, kNewFile, std::move(attributes)));
  const Planned first = source_of(of);
  Plan& plan = plans_.back();
  if (first.step && plans_[*first.step].bytes == plan.bytes) plan.name_of = first.step;
  return {};
}

// The file of a step, when it is still the one with this stamp.
std::optional<Change::There> Change::find_file(std::size_t step,
                                               const std::optional<Stamp>& stamp) const {
  auto place = place_in(workspace_, entry_.steps[step].path);
  if (!place || !stamp) return std::nullopt;
  const auto found = place->look();
  if (!found || !*found || !is_same_file((*found)->stamp, *stamp)) return std::nullopt;
  return There{std::move(*place), **found};
}

Result<bool> Change::write_name(const Place& place, std::size_t at, std::size_t first) {
  const Plan& plan = plans_[at];
  const bool replace = entry_.steps[at].before.has_value();
  const auto of = find_file(first, plans_[first].now);
  if (!of) return false;
  std::optional<std::uint32_t> mode = plan.mode;
  if (replace) {
    TRY_ASSIGN(const auto old, place.look());
    // What somebody has done to one of them since stays.
    if (!old || place.attributes() != of->place.attributes()) return false;
    mode = mode.value_or(old->mode);
  }
  if (mode != of->metadata.mode) return false;
  auto draft = place.draft_link(tag(at), of->place);
  if (!draft || !is_of(*draft, of->metadata.stamp)) return false;
  TRY(check_unchanged(place, plan));
  if (!replace) {
    TRY(draft->put());
    return true;
  }
  TRY_ASSIGN(const sandbox::Expected old, expected(place, at));
  TRY(finished(at, draft->put_over(old)));
  return true;
}

bool Change::revert_name(const Place& place, std::size_t at, std::size_t made) {
  const Step& step = entry_.steps[at];
  for (std::size_t other = at + 1; step.file != 0 && other < entry_.steps.size(); ++other) {
    const Step& one = entry_.steps[other];
    if (one.file != step.file || one.before != step.before) continue;
    const auto of = find_file(other, other < made ? plans_[other].now : plans_[other].was);
    if (!of || of->metadata.mode != step.before->mode) continue;
    auto draft = place.draft_link(tag(at), of->place);
    const auto there = place.look();
    if (!draft || !there || !is_of(*draft, of->metadata.stamp)) continue;
    const auto put =
        *there ? finished(at, draft->put_over(expected((*there)->stamp, &plans_[at].bytes)))
               : draft->put();
    if (!put) continue;
    plans_[at].now = of->metadata.stamp;
    return true;
  }
  return false;
}

}  // namespace quarry::change
