#include "server/change/leftover.h"

#include <optional>
#include <string>

#include "server/base/hash.h"
#include "server/base/log.h"
#include "server/change/change.h"
#include "server/change/looks.h"

namespace quarry::change {
namespace {

using journal::Step;
using sandbox::Kind;
using sandbox::Metadata;
using sandbox::Place;

// Content or target; nullopt when it cannot be read, or is too large.
std::optional<std::string> bytes_at(const Place& place, const Metadata& there, std::int64_t most) {
  if (there.kind == Kind::kSymlink) {
    auto target = place.link_target();
    return target ? std::optional(std::move(*target)) : std::nullopt;
  }
  if (there.kind != Kind::kFile) return std::nullopt;
  const auto file = place.open_file();
  std::string bytes;
  if (!file || !file->read_all(bytes, most)) return std::nullopt;
  return bytes;
}

// Whether it is the step's old or new content, or the beginning of one: a draft is written from its
// start. `now`: what is at the step's path.
bool is_own(const Step& step, const Metadata& left, const std::optional<std::string>& bytes,
            const std::optional<std::string>& now) {
  if (step.before && is_unread(*step.before)) {
    return state_unread(left).hash == step.before->hash;
  }
  if (!bytes) return false;
  if (step.old_bytes.starts_with(*bytes)) return true;
  const std::string hash = content_hash(*bytes);
  if (step.after && hash == step.after->hash) return true;
  const bool is_new = now && step.after && content_hash(*now) == step.after->hash;
  return is_new && now->starts_with(*bytes);
}

// Whether it may be a part of the step's new content, which the journal does not have. What is
// written when a step is taken back is its old content.
bool may_be_draft(const Step& step, const Metadata& left) {
  if (!step.after || left.kind != Kind::kFile) return false;
  if (static_cast<std::uint64_t>(left.stamp.size) >= step.after->size) return false;
  return !step.before || (left.mode & ~kPrivate) == 0;
}

}  // namespace

void settle_leftover(const sandbox::Workspace& workspace, const journal::Entry& entry,
                     std::size_t at, std::int64_t most) {
  const Step& step = entry.steps[at];
  const auto path = path_in(workspace, step.path);
  if (!path || path->is_root()) return;
  const auto place = workspace.place(*path);
  const std::string name = Place::draft_name(draft_tag(entry.id, at));
  const auto beside = workspace.place(path->parent().child(name));
  if (!place || !beside) return;
  const auto left = beside->look();
  if (!left || !*left) return;
  const auto there = place->look();
  if (!there) return;
  const auto now = *there ? bytes_at(*place, **there, most) : std::nullopt;
  const auto is_own_now = [&] {
    const auto look = beside->look();
    return look && *look && is_own(step, **look, bytes_at(*beside, **look, most), now);
  };
  if (is_own_now()) {
    (void)beside->remove_file();
    return;
  }
  const Looks look = looks(workspace, entry, at, most);
  if (look == Looks::kOld && may_be_draft(step, **left)) {
    (void)beside->remove_file();
    return;
  }
  if (look != Looks::kNeither && !*there) {
    if (beside->move_to(*place).value_or(false)) return;
  } else if (look == Looks::kNew && beside->exchange(*place)) {
    if (is_own_now()) {
      (void)beside->remove_file();
      return;
    }
    (void)beside->exchange(*place);  // what has come to the name since is newer
  }
  log::warning("what was at '{}' before a change that was cut off is at '{}'", path->display(),
               beside->path().display());
}

}  // namespace quarry::change
