#include "server/session/branch.h"

namespace quarry::session {
namespace {

constexpr std::int64_t kMaxHeadBytes = 4096;

std::string branch_in(std::string_view head) {
  constexpr std::string_view kPrefix = "ref: refs/heads/";
  if (!head.starts_with(kPrefix)) return {};
  head.remove_prefix(kPrefix.size());
  while (!head.empty() && (head.back() == '\n' || head.back() == ' ')) head.remove_suffix(1);
  return std::string(head);
}

}  // namespace

Branch::Known Branch::read(const sandbox::Workspace& workspace, std::int64_t now_ms) {
  Known known;
  const auto path = workspace.parse(".git");
  const auto head = workspace.parse("HEAD");
  if (!path || !head) return known;
  // Before what is read, so that a change meanwhile is found out at the next look.
  auto stamp = workspace.root_stamp();
  if (!workspace.glance(".git")) {
    // No repository.
  } else if (auto git = workspace.open_workspace(*path)) {
    known.git = std::move(*git);
    stamp = known.git->root_stamp();
    // Where a link leads elsewhere tomorrow, nothing that is kept open would show it.
    const auto itself = workspace.metadata(*path);
    if (!itself || itself->kind != sandbox::Kind::kDirectory) stamp.reset();
    if (auto file = known.git->open_file(*head)) {
      std::string text;
      if (file->read_all(text, kMaxHeadBytes)) known.name = branch_in(text);
      if (!sandbox::settled(file->stamp(), now_ms)) stamp.reset();
      known.head = std::make_unique<const sandbox::File>(std::move(*file));
    } else if (known.git->glance("HEAD")) {
      stamp.reset();  // it is there, and may open one day without a change around it
    }
  } else {
    stamp.reset();
  }
  if (stamp && sandbox::settled(*stamp, now_ms)) known.stamp = stamp;
  return known;
}

bool Branch::is_current(const Known& known, const sandbox::Workspace& workspace) {
  if (!known.stamp) return false;
  if ((known.git ? *known.git : workspace).root_stamp() != known.stamp) return false;
  if (!known.head) return true;
  const auto head = known.head->restamp();
  return head && *head == known.head->stamp();
}

std::string Branch::name(const sandbox::Workspace& workspace, const Clock& clock) {
  {
    auto known = known_.lock();
    if (is_current(*known, workspace)) return known->name;
  }
  Known found = read(workspace, clock.wall_ms());
  std::string name = found.name;
  *known_.lock() = std::move(found);
  return name;
}

}  // namespace quarry::session
