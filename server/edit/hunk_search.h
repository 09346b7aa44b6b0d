// Where a hunk belongs in the lines of a text. Pure; safe from any thread.

#pragma once

#include <string>
#include <vector>

#include "server/base/cancel.h"
#include "server/base/result.h"
#include "server/edit/image.h"
#include "server/edit/patch.h"

namespace quarry::edit {

// The lines of one side of a hunk, ready to be looked for.
struct Wanted {
  std::vector<ImageLine> lines;  // an end of "": the line is the text's last
  bool at_end = false;           // and so is the last of these
  // Lines of context at the start and the end of the hunk.
  std::size_t lead = 0;
  std::size_t tail = 0;
};
Wanted old_side(const Hunk& hunk);
Wanted new_side(const Hunk& hunk);

struct Fit {
  std::size_t at = 0;     // line of the first that is not left out, from 0
  std::size_t front = 0;  // lines left out
  std::size_t back = 0;
  std::size_t fuzz = 0;
};

// Nothing fits: nullopt. kInvalidArgs: more than one place does. `floor`: behind the hunk before
// (matters without a line number); `guess`: where the hunk should be, from 0.
Result<std::optional<Fit>> find_fit(const Image& image, const Hunk& hunk, const Wanted& wanted,
                                    std::size_t floor, std::size_t guess,
                                    const CancelToken& cancel);

// The first lines, at most `most`, at which all of `wanted` stands.
Result<std::vector<std::size_t>> find_all(const Image& image, const Wanted& wanted,
                                          std::size_t floor, std::size_t most,
                                          const CancelToken& cancel);

}  // namespace quarry::edit
