// Projects of nx: their executors tell what they are built on, the root's package.json which
// version of it.

#pragma once

#include "server/analysis/ecosystem/facts.h"

namespace quarry::analysis::ecosystem {

// project.json: its targets are commands. Other programs have files of this name too.
void read_nx_project(const Source& source, Facts& facts);

}  // namespace quarry::analysis::ecosystem
