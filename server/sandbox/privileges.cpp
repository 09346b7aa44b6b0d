#include "server/sandbox/privileges.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace quarry::sandbox {
namespace {

constexpr std::uint64_t kKept = (1U << CAP_CHOWN) | (1U << CAP_DAC_OVERRIDE) |
                                (1U << CAP_DAC_READ_SEARCH) | (1U << CAP_FOWNER) |
                                (1U << CAP_FSETID) | (1U << CAP_LEASE);

constexpr unsigned kCapabilities = 64;  // more than any kernel has

// So that a program started by root does not get them back. EPERM without CAP_SETPCAP is no
// loss: then there is nothing to get back either, since new privileges are forbidden.
void shrink_bounding_set() {
  for (unsigned capability = 0; capability < kCapabilities; ++capability) {
    if ((kKept >> capability & 1U) != 0) continue;
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno == EINVAL) return;
  }
}

}  // namespace

Result<void> forbid_new_privileges() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) return {};
  return fail(Code::kInternal, "cannot forbid new privileges: {}", strerrordesc_np(errno));
}

Result<void> drop_capabilities() {
  shrink_bounding_set();
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (syscall(SYS_capget, &header, sets.data()) == 0) {
    for (unsigned word = 0; word < sets.size(); ++word) {
      const auto kept = static_cast<std::uint32_t>(kKept >> (32U * word));
      sets[word].effective &= kept;
      sets[word].permitted &= kept;
      sets[word].inheritable = 0;
    }
    if (syscall(SYS_capset, &header, sets.data()) == 0) return {};
  }
  return fail(Code::kInternal, "cannot drop capabilities: {}", strerrordesc_np(errno));
}

}  // namespace quarry::sandbox
