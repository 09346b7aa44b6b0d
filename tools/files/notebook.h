// A Jupyter notebook (.ipynb, nbformat 3 and 4) as its cells: number, kind, source, and outputs as
// text, clipped; images and other rich outputs are named with their size.
//
//   a.ipynb: notebook, 2 cells (1 code, 1 markdown), python3, 1.2 KiB, hash 0123456789abcdef
//   -- cell 1 (markdown)
//   # Title
//   -- cell 2 (code [3])
//   print(x)
//   -- output (stdout)
//   7
//
// Pure; safe from any thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/base/result.h"

namespace quarry::tools {

struct NotebookRequest {
  std::string_view title;     // of the header: the path, and the revision
  std::string_view place;     // arguments that name the file again, for the line that continues
  std::int64_t first = 1;     // cell, 1-based
  std::int64_t count = 0;     // cells at most
  std::int64_t tail = 0;      // above 0: the last ones, instead of `first`
  std::size_t max_bytes = 0;  // exceeded only by what names one clipped cell
};

bool names_notebook(std::string_view path);

// Appends the cells of the notebook `raw`. kInvalidArgs, with nothing appended, says why it is
// none.
Result<void> append_notebook(std::string& out, std::string_view raw,
                             const NotebookRequest& request);

}  // namespace quarry::tools
