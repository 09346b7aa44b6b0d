// Plays a transcript against the real binary.
//
// Without workers everything is answered in order, so after each exchange the player sends a ping
// of its own and takes every line before its answer: what the exchange does not expect, and what
// it expects but was not written, is seen at that place. With workers it reads as many lines as
// are expected and finds left-over ones at the end. Always: every line is one JSON value, nothing
// follows the end of input, and the exit code is 0.

#pragma once

#include <string>
#include <vector>

#include "tests/transcripts/transcript.h"

namespace quarry::transcripts {

struct Played {
  std::vector<std::string> problems;  // none: the conversation went as written
  std::vector<std::string> golden;    // the file's lines with the answers that were given
};

Played play(const std::string& server, const Transcript& transcript);

}  // namespace quarry::transcripts
