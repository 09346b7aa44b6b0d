// Addresses that a server listens on, as programs write them. Pure functions; safe from any thread.

#pragma once

#include <cstdint>
#include <string_view>

namespace quarry::analysis::project {

// The port of "0.0.0.0:8080", ":8080", "localhost:3000", "8080", "http://0.0.0.0:8080/"; 0 where
// there is none, or the host is not a server's own.
std::uint32_t port_of_address(std::string_view text);

}  // namespace quarry::analysis::project
