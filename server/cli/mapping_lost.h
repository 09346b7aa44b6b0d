// What is said before a mapped file that was cut short ends the process: the store's files are
// mapped, and a page that is not there any more is SIGBUS. Without a word a client has only an
// output that ended.

#pragma once

namespace quarry::cli {

// From now on SIGBUS writes one line to stderr before it ends the process as ever. Once per
// process, after the log is configured.
void tell_of_lost_mappings();

}  // namespace quarry::cli
