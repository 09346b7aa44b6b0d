// Whether a file is being written to by somebody who has it open: what no look at the file tells.
//
// The kernel is asked for a read lease (fcntl(2)), which it gives only where nobody can write.
// Safe from any thread; whoever opens the file to write in that moment waits for some microseconds,
// or fails with EWOULDBLOCK when it does not want to (O_NONBLOCK). While this process is stopped
// right then it waits for as long as /proc/sys/fs/lease-break-time says.

#pragma once

namespace quarry::sandbox {

// Of the regular file that `fd` has open for reading. False also where nobody can tell: a file of
// another user's, without CAP_LEASE, and a file system that is not this kernel's own.
bool has_writer(int fd);

}  // namespace quarry::sandbox
