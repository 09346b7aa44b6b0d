// Channel: whole frames over the helper's socket, until a call's time is up or it is cancelled.
//
// Waiting happens in slices of at most 10 ms, since a CancelToken is a flag that wakes nobody.
// After any error but kTooLarge of an unsent request the stream is out of step and the helper
// behind it must be dropped.
//
// Functions over a descriptor; thread-compatible.

#pragma once

#include <string>
#include <string_view>

#include "server/base/cancel.h"
#include "server/base/result.h"

namespace quarry::git {

// kCancelled, kTimeout, or kUnavailable when the other end is closed.
Result<void> send_frame(int channel, std::string_view frame, const CancelToken& cancel);
// The next frame's body, into `body`. Besides the above, kInternal when it claims more than an
// answer may hold.
Result<void> receive_frame(int channel, std::string& body, const CancelToken& cancel);

}  // namespace quarry::git
