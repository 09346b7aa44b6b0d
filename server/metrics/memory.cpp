#include "server/metrics/memory.h"

#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server/base/fd.h"

namespace quarry::metrics {
namespace {

// The number after `name` in /proc/self/status, 0 when it is not there.
std::int64_t status_field(std::string_view status, std::string_view name) {
  const std::size_t at = status.find(name);
  if (at == std::string_view::npos) return 0;
  std::string_view rest = status.substr(at + name.size());
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
  std::int64_t value = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), value);
  return value;
}

// Counted by probing, since a listing of /proc/self/fd may be out of reach.
std::int64_t count_descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const int most = static_cast<int>(limit.rlim_cur < 4096 ? limit.rlim_cur : 4096);
  std::int64_t open = 0;
  for (int fd = 0; fd < most; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) ++open;
  }
  return open;
}

}  // namespace

MemoryFigures read_memory_figures() {
  MemoryFigures figures;
  const Fd status(open("/proc/self/status", O_RDONLY | O_CLOEXEC));
  if (status) {
    std::array<char, 4096> text{};
    const ssize_t got = read(status.get(), text.data(), text.size());
    if (got > 0) {
      const std::string_view view(text.data(), static_cast<std::size_t>(got));
      figures.rss_bytes = status_field(view, "VmRSS:") * 1024;
      figures.rss_anon_bytes = status_field(view, "RssAnon:") * 1024;
      // LMDB's lock file is shared memory to some kernels.
      figures.rss_file_bytes =
          (status_field(view, "RssFile:") + status_field(view, "RssShmem:")) * 1024;
      figures.rss_peak_bytes = status_field(view, "VmHWM:") * 1024;
      figures.threads = status_field(view, "Threads:");
    }
  }
  const struct mallinfo2 heap = mallinfo2();
  figures.heap_live_bytes = static_cast<std::int64_t>(heap.uordblks + heap.hblkhd);
  figures.heap_held_bytes = static_cast<std::int64_t>(heap.arena + heap.hblkhd);
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  figures.page_faults = used.ru_minflt;
  figures.descriptors = count_descriptors();
  return figures;
}

void keep_freed_memory() {
  constexpr int kKept = 4 << 20;
  mallopt(M_TRIM_THRESHOLD, kKept);
  mallopt(M_MMAP_THRESHOLD, kKept);  // setting one stops the allocator from finding the other
}

std::int64_t SystemMemory::resident() const {
  const Fd file(open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  std::array<char, 128> text{};
  const ssize_t got = file ? read(file.get(), text.data(), text.size()) : 0;
  if (got <= 0) return 0;
  // "size resident shared ...", in pages; what is shared is mapped from files.
  std::int64_t fields[3] = {};
  const char* at = text.data();
  const char* const end = at + got;
  for (std::int64_t& field : fields) {
    const auto parsed = std::from_chars(at, end, field);
    if (parsed.ec != std::errc()) return 0;
    at = parsed.ptr + 1;
  }
  return (fields[1] - fields[2]) * sysconf(_SC_PAGESIZE);
}

void SystemMemory::give_back() const {
  malloc_trim(0);
}

}  // namespace quarry::metrics
