#include "server/sandbox/landlock.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "server/sandbox/shown.h"

namespace quarry::sandbox::landlock {
namespace {

constexpr unsigned kVersionFlag = 1;
constexpr int kRulePathBeneath = 1;

constexpr std::uint64_t kTcpBind = 1U << 0U;
constexpr std::uint64_t kTcpConnect = 1U << 1U;
constexpr std::uint64_t kScopeAbstractSocket = 1U << 0U;
constexpr std::uint64_t kScopeSignal = 1U << 1U;

struct RulesetAttr {
  std::uint64_t handled_fs;
  std::uint64_t handled_net;  // ABI 4
  std::uint64_t scoped;       // ABI 6
};

struct [[gnu::packed]] PathBeneathAttr {
  std::uint64_t allowed;
  std::int32_t parent_fd;
};

// All rights on files up to and including `abi`.
Rights known_rights(int abi) {
  const int bits = abi >= 5 ? 16 : abi >= 3 ? 15 : abi == 2 ? 14 : 13;
  return (Rights{1} << static_cast<unsigned>(bits)) - 1;
}

// An older kernel refuses a structure with fields that it does not know.
std::size_t attr_size(int abi) {
  if (abi >= 6) return sizeof(RulesetAttr);
  return abi >= 4 ? offsetof(RulesetAttr, scoped) : offsetof(RulesetAttr, handled_net);
}

}  // namespace

int abi() {
  const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, kVersionFlag);
  return static_cast<int>(std::max(version, 0L));
}

Result<Ruleset> Ruleset::make(int abi) {
  RulesetAttr attr{};
  attr.handled_fs = known_rights(abi);
  if (abi >= 4) attr.handled_net = kTcpBind | kTcpConnect;
  if (abi >= 6) attr.scoped = kScopeAbstractSocket | kScopeSignal;
  Fd fd(static_cast<int>(syscall(SYS_landlock_create_ruleset, &attr, attr_size(abi), 0)));
  if (!fd) {
    return fail(Code::kUnavailable, "the kernel refused a landlock ruleset: {}",
                strerrordesc_np(errno));
  }
  return Ruleset(std::move(fd), attr.handled_fs);
}

Result<bool> Ruleset::allow(const std::string& path, Rights rights) const {
  const Fd target(open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat status {};
  if (!target || fstat(target.get(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR || errno == EACCES) return false;
    return fail(Code::kInternal, "cannot grant access to '{}': {}", shown_name(path),
                strerrordesc_np(errno));
  }
  PathBeneathAttr rule{};
  rule.allowed = rights & handled_ & (S_ISDIR(status.st_mode) ? ~Rights{0} : kFileOnly);
  rule.parent_fd = target.get();
  if (syscall(SYS_landlock_add_rule, fd_.get(), kRulePathBeneath, &rule, 0) != 0) {
    return fail(Code::kInternal, "landlock refused a rule for '{}': {}", shown_name(path),
                strerrordesc_np(errno));
  }
  return true;
}

Result<void> Ruleset::enforce() const {
  if (syscall(SYS_landlock_restrict_self, fd_.get(), 0) == 0) return {};
  return fail(Code::kUnavailable, "the kernel refused to enforce landlock: {}",
              strerrordesc_np(errno));
}

}  // namespace quarry::sandbox::landlock
