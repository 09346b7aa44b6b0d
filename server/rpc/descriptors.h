// The protocol's descriptors, taken out of everybody else's reach, and the ways out.
//
// Called by main, before the first thread, except leave_within().

#pragma once

#include "server/base/fd.h"
#include "server/base/result.h"

namespace quarry::rpc {

struct Descriptors {
  Fd in;
  Fd out;
};

// Moves fd 0 and fd 1 to private close-on-exec copies, points fd 0 at the null device and fd 1 at
// stderr. From then on a stray printf, a library's chatter or a child's output cannot reach the
// wire, and nothing else can eat a request. Closed standard descriptors are replaced by the null
// device first, so that no file of ours ever gets the number 0, 1 or 2.
Result<Descriptors> take_protocol_descriptors();

// SIGTERM, SIGINT, SIGHUP and the death of the parent process end the input: the reader sees end
// of file and the server leaves by its one way out. The handler points `in` at a pipe that nobody
// writes to, which is async-signal-safe and cannot be missed between a check and a blocking read,
// nor by a poll() that asks for no input. SIGPIPE is ignored. `in` stays the caller's. Once per
// process.
Result<void> end_input_on_signals(int in);

// Whether one of these has come, also after the end of the input. Safe from any thread.
bool ended_by_signal();

// Such an end from any thread, for a server whose client takes no answers any more. Does nothing
// before end_input_on_signals().
void end_input();

// The end of a server that nothing can hold up: the process exits with code 0 when `milliseconds`
// have passed and it has not left by itself (a worker may hang in a file system that is gone).
void leave_within(int milliseconds);

// The null device, for a writer whose lines nobody reads.
Fd open_null();

}  // namespace quarry::rpc
