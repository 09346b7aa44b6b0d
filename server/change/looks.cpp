#include "server/change/looks.h"

#include "server/base/hash.h"
#include "server/change/change.h"

namespace quarry::change {
namespace {

using journal::State;
using journal::Step;
using sandbox::Kind;
using sandbox::Path;

struct There {
  std::string content;  // its hash
  std::string unread;   // what tells it without that
  std::uint32_t mode = 0;
};

// `by_mode`: the content does not tell one state from the other.
bool is(const std::optional<State>& wanted, const std::optional<There>& there, bool by_mode) {
  if (!wanted || !there) return wanted.has_value() == there.has_value();
  if (by_mode && wanted->mode != there->mode) return false;
  return wanted->hash == (is_unread(*wanted) ? there->unread : there->content);
}

Result<std::optional<There>> there_at(const sandbox::Workspace& workspace, const Path& path,
                                      std::int64_t most) {
  const auto place = workspace.place(path);
  if (!place && place.error().code == Code::kNotFound) return std::optional<There>();
  if (!place) return hand_on(place.error());
  TRY_ASSIGN(const auto found, place->look());
  if (!found) return std::optional<There>();
  There there{.content = {}, .unread = state_unread(*found).hash, .mode = found->mode};
  std::string bytes;
  if (found->kind == Kind::kFile) {
    const auto file = place->open_file();
    there.content = file && file->read_all(bytes, most) ? content_hash(bytes) : "unreadable";
  } else if (found->kind == Kind::kSymlink) {
    there.content = content_hash(place->link_target().value_or(""));
  }
  return std::optional(std::move(there));
}

}  // namespace

Looks looks(const sandbox::Workspace& workspace, const journal::Entry& entry, std::size_t at,
            std::int64_t most) {
  const Step& step = entry.steps[at];
  const auto path = path_in(workspace, step.path);
  if (!path) return Looks::kNeither;
  const auto seen = there_at(workspace, *path, most);
  if (!seen) return Looks::kNeither;
  const std::optional<There>& here = *seen;
  if (step.kind == Step::Kind::kMove) return here ? Looks::kOld : Looks::kNew;
  const bool by_mode = step.before && step.after && step.before->hash == step.after->hash;
  if (is(step.after, here, by_mode)) return Looks::kNew;
  // What lies there is the old or what was moved onto it, and the two may be the same.
  if (entry.is_replaced_by_next(at)) return looks(workspace, entry, at + 1, most);
  return is(step.before, here, by_mode) ? Looks::kOld : Looks::kNeither;
}

}  // namespace quarry::change
