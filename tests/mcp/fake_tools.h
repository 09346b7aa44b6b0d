// Tools that tests make up: they wait, write, fail and report on demand.

#pragma once

#include <span>
#include <string>

#include "tools/all.h"

namespace quarry::test {

// Sorted by name:
//   begin_session  keeps state; opens a session, read-only when asked, and answers its handle
//   echo     quick; answers its 'text'
//   gate     heavy; counts in lingering(), waits for open_gate(true); appends 'text' to log() when
//            its answer was sent
//   linger   heavy; runs until cancelled or its deadline of 300 ms; counts in lingering()
//   look     heavy, shared; appends 'text' to log() when it begins, waits `ms`
//   modify   alone; the same
//   scribble quick, alone, writes; the same
//   steps    heavy; reports progress `count` times, a quarter of a second apart
//   throws   heavy; throws
//   where    quick, touches the tree; answers the session's root
std::span<const tools::Entry> fake_tools();

void open_gate(bool open);

// What look, modify and scribble have done, and how often linger has begun and ended by
// cancellation.
std::string take_log();
int lingering();
int lingered();

}  // namespace quarry::test
