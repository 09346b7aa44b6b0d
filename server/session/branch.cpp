#include "server/session/branch.h"

namespace quarry::session {
namespace {

constexpr std::int64_t kMaxHeadBytes = 4096;
// Coarser than any file system's clock that keeps ctime at all.
constexpr std::int64_t kTickMs = 100;

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
  const auto git = workspace.parse(".git");
  const auto head = workspace.parse(".git/HEAD");
  if (!git || !head) return known;
  // Before the file: a directory that is replaced meanwhile is found out at the next look.
  if (auto directory = workspace.open_workspace(*git)) known.directory = std::move(*directory);
  const auto file = workspace.open_file(*head);
  std::string text;
  if (!file || !file->read_all(text, kMaxHeadBytes)) return known;
  known.name = branch_in(text);
  if (now_ms - file->stamp().ctime_ns / 1'000'000 > kTickMs) known.stamp = file->stamp();
  return known;
}

std::string Branch::name(const sandbox::Workspace& workspace, std::int64_t now_ms) {
  const auto git = workspace.glance(".git");
  if (!git) return {};
  {
    auto known = known_.lock();
    if (known->stamp && known->directory && known->directory->is(*git)) {
      if (known->directory->glance("HEAD") == known->stamp) return known->name;
    }
  }
  Known found = read(workspace, now_ms);
  std::string name = found.name;
  *known_.lock() = std::move(found);
  return name;
}

}  // namespace quarry::session
