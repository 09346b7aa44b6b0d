#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <unistd.h>

#include "server/base/private_key.h"
#include "server/sandbox/status.h"
#include "server/sandbox/workspace.h"

namespace quarry::sandbox {
namespace {

[[gnu::cold]] Failure cannot_read(int error) {
  return fail(Code::kInternal, "reading the file failed: {}", strerrordesc_np(error));
}

[[gnu::cold]] Failure too_large(std::int64_t size, std::int64_t max_bytes) {
  return fail(Code::kTooLarge, "the file has {} bytes and the limit is {}; read a part of it", size,
              max_bytes);
}

}  // namespace

File::File(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {
  stamp_.size = static_cast<std::int64_t>(bytes_->size());
}

File::File(File&& other) noexcept
    : fd_(std::move(other.fd_)),
      bytes_(std::move(other.bytes_)),
      stamp_(other.stamp_),
      judged_(other.judged_.load(std::memory_order_relaxed)) {}

ssize_t File::fill(std::int64_t offset, char* into, std::size_t want) const {
  if (bytes_ != nullptr) {
    const auto from = static_cast<std::size_t>(std::min(offset, stamp_.size));
    return static_cast<ssize_t>(bytes_->copy(into, want, from));
  }
  std::size_t have = 0;
  while (have < want) {
    const ssize_t got =
        pread(fd_.get(), into + have, want - have, offset + static_cast<std::int64_t>(have));
    if (got == 0) break;
    if (got > 0) {
      have += static_cast<std::size_t>(got);
      // It ends where its size said: no need to be told so by a read of nothing.
      const std::int64_t at = offset + static_cast<std::int64_t>(have);
      if (have < want && at == stamp_.size) break;
    } else if (errno != EINTR) {
      return -errno;
    }
  }
  return static_cast<ssize_t>(have);
}

Result<void> File::judge(std::string_view seen) const {
  std::array<char, kKeyProbeBytes> probe;
  if (seen.size() < probe.size() && static_cast<std::int64_t>(seen.size()) < stamp_.size) {
    const ssize_t got = fill(0, probe.data(), probe.size());
    if (got < 0) return cannot_read(static_cast<int>(-got));
    seen = std::string_view(probe.data(), static_cast<std::size_t>(got));
  }
  const KeyLook look = look_for_key(seen.substr(0, kKeyProbeBytes));
  if (look == KeyLook::kKey) return private_key("the file");
  if (look == KeyLook::kMaybeBundle) {
    std::string bundle(kKeyBundleBytes, '\0');
    const ssize_t got = fill(0, bundle.data(), bundle.size());
    if (got < 0) return cannot_read(static_cast<int>(-got));
    bundle.resize(static_cast<std::size_t>(got));
    if (holds_private_key(bundle)) return private_key("the file");
  }
  judged_.store(true, std::memory_order_relaxed);
  return {};
}

Result<std::size_t> File::read_at(std::int64_t offset, std::span<char> into) const {
  const ssize_t got = fill(offset, into.data(), into.size());
  if (got < 0) return cannot_read(static_cast<int>(-got));
  if (!judged_.load(std::memory_order_relaxed)) {
    const auto seen = static_cast<std::size_t>(offset == 0 ? got : 0);
    TRY(judge(std::string_view(into.data(), seen)));
  }
  return static_cast<std::size_t>(got);
}

// The size is a hint: one byte more is asked for, so that a file that did not grow ends within
// the first buffer, and one that did goes on into a doubled one.
Result<void> File::read_all(std::string& out, std::int64_t max_bytes) const {
  out.clear();
  if (stamp_.size > max_bytes) return too_large(stamp_.size, max_bytes);
  const auto most = static_cast<std::size_t>(max_bytes) + 1;
  std::size_t want = static_cast<std::size_t>(stamp_.size) + 1;
  while (true) {
    const std::size_t have = out.size();
    ssize_t got = 0;
    out.resize_and_overwrite(want, [&](char* buffer, std::size_t) {
      got = fill(static_cast<std::int64_t>(have), buffer + have, want - have);
      return have + static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    });
    if (got < 0) return cannot_read(static_cast<int>(-got));
    if (!judged_.load(std::memory_order_relaxed)) {
      if (auto judged = judge(out); !judged) {
        out.clear();
        return judged;
      }
    }
    if (out.size() < want) return {};
    if (out.size() == most) {
      out.clear();
      const auto now = restamp();
      return too_large(now ? std::max(now->size, max_bytes + 1) : max_bytes + 1, max_bytes);
    }
    want = std::min(most, std::max<std::size_t>(want * 2, 4096));
  }
}

Result<Stamp> File::restamp() const {
  if (bytes_ != nullptr) return stamp_;
  struct stat status {};
  if (fstat(fd_.get(), &status) != 0) return cannot_read(errno);
  return stamp_of(status);
}

}  // namespace quarry::sandbox
