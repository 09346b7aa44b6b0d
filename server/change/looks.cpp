#include "server/change/looks.h"

#include "server/base/hash.h"
#include "server/change/change.h"

namespace quarry::change {
namespace {

using journal::State;
using journal::Step;
using sandbox::Kind;
using sandbox::Path;

bool is(const std::optional<State>& wanted, const std::optional<State>& there) {
  if (!wanted || !there) return wanted.has_value() == there.has_value();
  return wanted->hash == there->hash;
}

std::optional<State> state_at(const sandbox::Workspace& workspace, const Path& path,
                              std::int64_t most) {
  const auto place = workspace.place(path);
  if (!place) return std::nullopt;
  const auto there = place->look();
  if (!there || !*there) return std::nullopt;
  State state{.hash = {}, .mode = (*there)->mode, .size = 0};
  std::string bytes;
  if ((*there)->kind == Kind::kFile) {
    const auto file = place->open_file();
    state.hash = file && file->read_all(bytes, most) ? content_hash(bytes) : "unreadable";
  } else if ((*there)->kind == Kind::kSymlink) {
    state.hash = content_hash(place->link_target().value_or(""));
  }
  return state;
}

}  // namespace

Looks looks(const sandbox::Workspace& workspace, const journal::Entry& entry, std::size_t at,
            std::int64_t most) {
  const Step& step = entry.steps[at];
  const auto path = path_in(workspace, step.path);
  if (!path) return Looks::kNeither;
  const auto here = state_at(workspace, *path, most);
  if (step.kind == Step::Kind::kMove) return here ? Looks::kOld : Looks::kNew;
  if (is(step.after, here)) return Looks::kNew;
  // What lies there is the old or what was moved onto it, and the two may be the same.
  if (entry.is_replaced_by_next(at)) return looks(workspace, entry, at + 1, most);
  return is(step.before, here) ? Looks::kOld : Looks::kNeither;
}

}  // namespace quarry::change
