// What build.sbt says. A pure function; safe from any thread.

#pragma once

#include "server/analysis/ecosystem/facts.h"

namespace quarry::analysis::ecosystem {

void read_sbt(const Source& source, Facts& facts);

}  // namespace quarry::analysis::ecosystem
