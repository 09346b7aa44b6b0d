// What the process gives up besides files: new privileges, and capabilities it does not need.
// Call from the only thread: capabilities belong to a thread.

#pragma once

#include "server/base/result.h"

namespace quarry::sandbox {

// No program started from here on gains rights by being setuid or having file capabilities.
Result<void> forbid_new_privileges();

// Gives up, for good, every capability except those with which root works on the files of other
// users (a container that runs as root on a user's repository): CAP_CHOWN, CAP_DAC_OVERRIDE,
// CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, and CAP_LEASE (writers.h). Gains none that the
// process did not have.
Result<void> drop_capabilities();

}  // namespace quarry::sandbox
