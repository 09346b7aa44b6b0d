#include "server/base/log.h"
#include "server/cli/commands.h"
#include "server/cli/instance.h"
#include "server/cli/mapping_lost.h"
#include "server/mcp/server.h"
#include "server/metrics/memory.h"
#include "server/rpc/descriptors.h"
#include "server/rpc/line_reader.h"

namespace quarry::cli {

int serve(const Options& options) {
  metrics::keep_freed_memory();
  tell_of_lost_mappings();
  const auto descriptors = rpc::take_protocol_descriptors();
  if (!descriptors) {
    log::error("{}", descriptors.error().message);
    return kEnvironment;
  }
  if (const auto armed = rpc::end_input_on_signals(descriptors->in.get()); !armed) {
    log::error("{}", armed.error().message);
    return kEnvironment;
  }
  auto ground = prepare_ground(options);
  if (!ground) {
    log::error("{}", ground.error().message);
    return kEnvironment;
  }
  Instance instance(options, *ground, descriptors->out.get());
  rpc::LineReader reader(descriptors->in.get(), options.limits.size(Limit::kLineBytes));
  mcp::Server server({.in = descriptors->in.get(),
                      .reader = reader,
                      .writer = instance.writer(),
                      .tools = instance.tools(),
                      .runner = instance.runner(),
                      .in_flight = instance.in_flight(),
                      .calls = instance.calls(),
                      .sessions = instance.sessions(),
                      .pool = instance.pool(),
                      .clock = instance.clock()});
  server.run(options.drain_ms);
  rpc::leave_within(/*milliseconds=*/800);
  instance.sessions().remember_use();
  return kDone;
}

}  // namespace quarry::cli
