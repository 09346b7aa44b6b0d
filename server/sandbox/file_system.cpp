#include "server/sandbox/file_system.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include <sys/vfs.h>

#include "server/base/format.h"

namespace quarry::sandbox {
namespace {

// The magic numbers of the kernel's file systems that no other machine and no process changes
// behind its back; statfs(2) lists them. What is not here is not trusted.
constexpr auto kLocal = std::to_array<std::uint32_t>({
    0xEF53,      // ext2, ext3, ext4
    0x58465342,  // xfs
    0x9123683E,  // btrfs
    0x01021994,  // tmpfs
    0x794C7630,  // overlayfs
    0x858458F6,  // ramfs
    0xF2F52010,  // f2fs
    0x2FC12FC1,  // zfs
    0xCA451A4E,  // bcachefs
    0x3153464A,  // jfs
    0x52654973,  // reiserfs
    0x3434,      // nilfs2
    0x4D44,      // fat
    0x2011BAB0,  // exfat
    0x7366746E,  // ntfs3
    0x73717368,  // squashfs
    0xE0F5E1E2,  // erofs
    0x9660,      // iso9660
    0xF15F,      // ecryptfs
});

}  // namespace

std::string why_not_own(int fd) {
  struct statfs system {};
  if (fstatfs(fd, &system) != 0) return strerrordesc_np(errno);
  const auto magic = static_cast<std::uint32_t>(system.f_type);
  if (std::ranges::find(kLocal, magic) != kLocal.end()) return {};
  return fmt::format("a file system that may change unseen (type 0x{:x})", magic);
}

}  // namespace quarry::sandbox
