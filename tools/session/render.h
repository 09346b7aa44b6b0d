// One session as the tools show it: the members of a JSON object.

#pragma once

#include <string_view>

#include "server/json/writer.h"
#include "server/session/session.h"

namespace quarry::tools {

// Appends the members of one session to an open object. Times are ISO 8601 in UTC.
void append_session(json::Writer& out, const session::Record& record);

}  // namespace quarry::tools
