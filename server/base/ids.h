// Random handles: 128 bits of the kernel's generator, URL-safe. Safe from any thread.

#pragma once

#include <string>

namespace quarry {

// 22 characters of A-Z a-z 0-9 - _ (base64url, RFC 4648 section 5, without padding).
std::string random_id();

}  // namespace quarry
