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

std::string Branch::name(const sandbox::Workspace& workspace, std::int64_t now_ms) {
  const auto path = workspace.parse(".git/HEAD");
  if (!path) return {};
  const auto stamp = workspace.glance(*path);
  if (!stamp) return {};
  {
    auto known = known_.lock();
    if (known->stamp == stamp) return known->name;
  }
  const auto file = workspace.open_file(*path);
  std::string head;
  if (!file || !file->read_all(head, kMaxHeadBytes)) return {};
  Known read{.stamp = std::nullopt, .name = branch_in(head)};
  if (now_ms - file->stamp().ctime_ns / 1'000'000 > kTickMs) read.stamp = file->stamp();
  auto known = known_.lock();
  *known = std::move(read);
  return known->name;
}

}  // namespace quarry::session
