// Lines from a file, so that the pipe and its other end do not count.

#include <cstdlib>
#include <string>

#include <benchmark/benchmark.h>
#include <unistd.h>

#include "server/base/fd.h"
#include "server/rpc/line_reader.h"

namespace quarry {
namespace {

// Reads `count` lines of `size` bytes per iteration; the counters are per line.
void lines(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const auto count = static_cast<std::size_t>(state.range(1));
  char path[] = "/tmp/quarry_bench_XXXXXX";
  const Fd file(::mkstemp(path));
  if (!file || ::unlink(path) != 0) std::abort();
  const std::string line = std::string(size, 'x') + "\n";
  for (std::size_t i = 0; i < count; ++i)
    if (::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
      std::abort();
  rpc::Line into;
  std::size_t got = 0;
  for (auto _ : state) {
    if (::lseek(file.get(), 0, SEEK_SET) != 0) std::abort();
    rpc::LineReader reader(file.get(), 8UL << 20U);
    while (reader.next(into) != rpc::LineReader::Status::kEnd) got += into.size();
  }
  if (got != static_cast<std::size_t>(state.iterations()) * count * size) std::abort();
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(count));
  state.SetBytesProcessed(static_cast<std::int64_t>(got));
}
BENCHMARK(lines)
    ->Name("line_reader/lines")
    ->Args({214, 10'000})
    ->Args({105'000, 20})
    ->Args({1 << 20, 4});

}  // namespace
}  // namespace quarry
