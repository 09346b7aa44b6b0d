// Serving: requests from one descriptor, one after the other, until its other end closes.

#pragma once

#include <string>

namespace quarry::git::helper {

// Returns when the client is gone or sent something that is no request.
void serve(int channel, const std::string& root);

}  // namespace quarry::git::helper
