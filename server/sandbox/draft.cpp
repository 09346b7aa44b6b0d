// Draft: see place.h.

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "server/sandbox/attributes.h"
#include "server/sandbox/place.h"
#include "server/sandbox/resolve.h"
#include "server/sandbox/status.h"

namespace quarry::sandbox {
Draft::Draft(const Place& place, Fd fd, std::string name)
    : place_(&place), fd_(std::move(fd)), name_(std::move(name)) {}

Draft::~Draft() {
  if (fd_ && !name_.empty()) (void)unlinkat(place_->directory_, name_.c_str(), 0);
}

Result<void> Draft::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd_.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return change_failure(put < 0 ? errno : ENOSPC, place_->path_.display());
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<void> Draft::resemble(const Place& old) {
  const Fd from(openat(old.directory_, old.name(), kReadFlags | O_NOFOLLOW));
  struct stat was {};
  if (!from || fstat(from.get(), &was) != 0) return entry_failure(errno, old.path_.display());
  sandbox::set_attributes(fd_.get(), read_attributes(from.get()));
  // Last: a change of owner clears bits of the mode.
  return set_mode(was.st_mode & 07777U);
}

void Draft::set_attributes(std::string_view attributes) {
  sandbox::set_attributes(fd_.get(), attributes);
}

Result<void> Draft::set_mode(std::uint32_t mode) {
  if (fchmod(fd_.get(), mode) == 0) return {};
  return change_failure(errno, place_->path_.display());
}

Result<void> Draft::sync() {
  const int error = sync_descriptor(fd_.get());
  if (error == 0) return {};
  return change_failure(error, place_->path_.display());
}

void Draft::begin_sync() {
  (void)sync_file_range(fd_.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
}

Result<void> Draft::put() {
  const int directory = place_->directory_;
  if (renameat2(directory, name_.c_str(), directory, place_->name(), RENAME_NOREPLACE) == 0) {
    name_.clear();
    return {};
  }
  const bool unknown = errno == EINVAL || errno == ENOSYS;
  if (unknown && linkat(directory, name_.c_str(), directory, place_->name(), 0) == 0) return {};
  return change_failure(errno, place_->path_.display());
}

Result<Stamp> Draft::stamp() const {
  struct stat status {};
  if (fstat(fd_.get(), &status) != 0) return change_failure(errno, place_->path_.display());
  return stamp_of(status);
}

}  // namespace quarry::sandbox
