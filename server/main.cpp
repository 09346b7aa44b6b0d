#include "server/base/log.h"
#include "server/cli/commands.h"
#include "server/cli/options.h"

namespace quarry {
namespace {

int run(const cli::Options& options) {
  switch (options.command) {
    case cli::Command::kServe:
      return cli::serve(options);
    case cli::Command::kCall:
      return cli::call_tool(options);
    case cli::Command::kTools:
      return cli::list_tools(options);
    case cli::Command::kDoctor:
      return cli::doctor(options);
    case cli::Command::kConfig:
      return cli::print_client_config(options);
  }
  return cli::kUsage;
}

}  // namespace
}  // namespace quarry

int main(int argc, char** argv) {
  using namespace quarry;
  cli::Options options;
  if (const int code = cli::parse_options(argc, argv, options); code >= 0) return code;
  log::configure(options.log_level, options.log_style);
  return cli::delivered(run(options));
}
