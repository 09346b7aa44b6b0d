// A report as short text for a reader. Pure; safe from any thread.

#pragma once

#include <string>

#include "server/analysis/project/render.h"
#include "server/analysis/report.h"
#include "server/sandbox/path.h"

namespace quarry::analysis {

struct RenderOptions {
  const sandbox::Path& path;
  bool languages = true;
  bool manifests = true;
  bool git = true;
  project::Show project;
  std::size_t max_rows = 12;  // of languages and of manifest kinds
  std::size_t max_paths = 3;  // of each manifest kind
};

// Lines without a last newline; names escaped so that each stays on its line.
void append_text(std::string& out, const Report& report, const RenderOptions& options);

// "2024-01-02T03:04:05Z"
std::string utc_time(std::int64_t unix_seconds);

}  // namespace quarry::analysis
