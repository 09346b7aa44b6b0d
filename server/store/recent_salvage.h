// What can still be read of a log of recent changes that has lost its head, which says how far the
// log reaches, in which file, and under which epoch.
//
// Each frame has a checksum and says what use of which file it belongs to. The two last uses are
// taken together, the later change of a key counting: so it does not matter whether a new beginning
// was just made. What lies behind the log's end was whole, and of a writer that died before it was
// told so; it may count.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "server/store/recent_log.h"

namespace quarry::store {

// One of its files as it lies there, in its last use. Nothing when no whole frame begins it.
struct LogFile {
  std::string bytes;
  std::uint64_t life = 0;

  bool any() const { return !bytes.empty(); }
  // Whether it is the file `number` of the log of that epoch.
  bool is_of(std::uint64_t epoch, std::size_t number) const;
};

LogFile read_log_file(int folder, const char* name);

struct SalvagedLog {
  RecentLog::Records records;
  std::uint64_t epoch = 0;  // 0: none that the state knows
};

// Of the log in the directory `name`. `epoch`: of what the state covers, 0 when it covers nothing.
SalvagedLog salvage_log(const StateDirectory& directory, const std::string& name,
                        std::uint64_t epoch);

}  // namespace quarry::store
