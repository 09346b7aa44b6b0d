#include "server/sandbox/attributes.h"

#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "server/base/bytes.h"

namespace quarry::sandbox {
namespace {

constexpr std::size_t kMaxList = std::size_t{64} << 10U;   // the kernel's XATTR_LIST_MAX
constexpr std::size_t kMaxValue = std::size_t{64} << 10U;  // XATTR_SIZE_MAX

void append_extended(int fd, std::string& out) {
  if (flistxattr(fd, nullptr, 0) <= 0) return;  // most files have none
  std::vector<char> names(kMaxList);
  const ssize_t length = flistxattr(fd, names.data(), names.size());
  std::vector<char> value(kMaxValue);
  ByteWriter writer(out);
  for (ssize_t at = 0; at < length;) {
    const std::string_view name(names.data() + at);
    at += static_cast<ssize_t>(name.size()) + 1;
    const ssize_t size = fgetxattr(fd, name.data(), value.data(), value.size());
    if (size < 0 || out.size() + name.size() + static_cast<std::size_t>(size) > kMaxAttributes) {
      continue;
    }
    writer.string(name).string({value.data(), static_cast<std::size_t>(size)});
  }
}

// What a file or directory takes from its directory when it is made there.
constexpr const char* kInherited[] = {"system.posix_acl_access", "system.posix_acl_default"};

void set_owner(int fd, uid_t owner, gid_t group) {
  struct stat now {};
  if (fstat(fd, &now) != 0 || (now.st_uid == owner && now.st_gid == group)) return;
  // Both, or at least the group.
  if (fchownat(fd, "", owner, group, AT_EMPTY_PATH) == 0) return;
  (void)(fchownat(fd, "", static_cast<uid_t>(-1), group, AT_EMPTY_PATH) != 0);
}

}  // namespace

std::string read_attributes(int fd) {
  std::string out;
  struct stat was {};
  if (fstat(fd, &was) != 0) return out;
  ByteWriter(out).number(was.st_uid).number(was.st_gid);
  append_extended(fd, out);
  return out;
}

void set_attributes(int fd, std::string_view attributes) {
  ByteReader in(attributes);
  const std::uint64_t owner = in.number();
  const std::uint64_t group = in.number();
  if (!in.ok()) return;
  set_owner(fd, static_cast<uid_t>(owner), static_cast<gid_t>(group));
  // Of a file none, of a directory both: else it lets in whom the old one did not.
  for (const char* const name : kInherited) (void)fremovexattr(fd, name);
  while (!in.at_end()) {
    const std::string name(in.string());
    const std::string_view value = in.string();
    if (!in.ok()) return;
    (void)fsetxattr(fd, name.c_str(), value.data(), value.size(), 0);
  }
}

}  // namespace quarry::sandbox
