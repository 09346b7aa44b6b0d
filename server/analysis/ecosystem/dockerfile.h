// The reader of Dockerfiles: ports, variables, images, the command that a container starts.
//
// Read as BuildKit does: an escape directive, comments and blank lines within an instruction,
// here-documents, stages that are built on others. Nothing is run.

#pragma once

#include <string_view>

#include "server/analysis/ecosystem/facts.h"

namespace quarry::analysis::ecosystem {

void read_dockerfile(const Source& source, Facts& facts);

// Of "udp", "UDP".
bool is_udp_protocol(std::string_view protocol);

}  // namespace quarry::analysis::ecosystem
