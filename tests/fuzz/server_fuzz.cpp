// Any bytes as the whole input of a server: it must come to the end of them, alive.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <sys/mman.h>
#include <unistd.h>

#include "server/base/fd.h"
#include "server/rpc/descriptors.h"
#include "tests/mcp/fake_tools.h"
#include "tests/mcp/fake_world.h"
#include "tests/support/temp_workspace.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quarry;
  static const test::TempWorkspace workspace;
  const Fd in(memfd_create("input", MFD_CLOEXEC));
  if (write(in.get(), data, size) != static_cast<ssize_t>(size)) std::abort();
  lseek(in.get(), 0, SEEK_SET);
  const Fd out = rpc::open_null();
  // The first tool only answers; the others wait on purpose.
  test::FakeWorld world(test::fake_tools().first(1), /*workers=*/0, 16, workspace.root(),
                        out.get());
  rpc::LineReader reader(in.get(), 1 << 16);
  mcp::Server server({.in = in.get(),
                      .reader = reader,
                      .writer = world.writer,
                      .tools = world.tools,
                      .runner = world.runner,
                      .in_flight = world.in_flight,
                      .calls = world.calls,
                      .sessions = world.sessions,
                      .pool = world.pool,
                      .clock = world.clock});
  server.run(/*drain_ms=*/10);
  if (world.in_flight.size() != 0) std::abort();
  return 0;
}
