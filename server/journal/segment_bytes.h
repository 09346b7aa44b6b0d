// Bytes of the journal's files. Errors are errno, or worded for the caller by disk_failure().
//
// Safe from any thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/base/result.h"

namespace quarry::journal {

[[gnu::cold]] Failure disk_failure(int error);

bool write_all(int fd, std::string_view bytes, std::uint64_t offset);
// As much as there is of `length` bytes.
bool read_some(int fd, std::uint64_t from, std::uint64_t length, std::string& out);
bool read_all(int fd, std::string& out);

}  // namespace quarry::journal
