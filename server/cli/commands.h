// The commands of the binary. Each returns the exit code.

#pragma once

#include "server/cli/options.h"

namespace quarry::cli {

// Speaks the protocol on stdin and stdout until the end of input.
int serve(const Options& options);
// Runs one tool and prints its text; its error goes to stderr.
int call_tool(const Options& options);
int list_tools(const Options& options);
// What works on this machine, a line each.
int doctor(const Options& options);
// The configuration that makes a known client start this binary.
int print_client_config(const Options& options);

// The exit code of a command that ended with `code`: no success when what it printed did not
// arrive.
int delivered(int code);

}  // namespace quarry::cli
