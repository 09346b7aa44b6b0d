// Soak: very many mixed calls through the pipes of one server, to see whether anything grows.
//
// Reads, lists, searches, sessions opened, used and closed, calls that fail and calls that are
// cancelled, a hundred in flight. Every answer is judged: the right id, an error exactly where one
// is due, none missing and none twice. Every 10,000 calls the server's anonymous memory, its
// descriptors and its threads are looked at.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace quarry::perf {

// Prints the samples. True when between the end of the warm-up (a tenth of the calls) and the end,
// each looked at after some idle seconds, memory grew by at most 5% and neither descriptors nor
// threads grew. Throws std::runtime_error on a wrong answer. The root holds what make_corpus()
// makes.
bool soak(const std::vector<std::string>& command, std::size_t calls);
// The same calls, and nothing looked at but the answers.
void soak_calls(const std::vector<std::string>& command, std::size_t calls);

}  // namespace quarry::perf
