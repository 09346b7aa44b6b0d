// Why an edit's old text is not in a file, and what is there instead.
//
// Lines are compared loosely (blanks, quotes, dashes, case, a line number that was copied along) to
// find the region that was meant; then the first difference is shown with everything that the eye
// takes for the same made visible. Nothing is ever applied by this. Work is bounded by the size of
// the two texts. Pure; safe from any thread.

#pragma once

#include <string>
#include <string_view>

namespace quarry::edit {

// `text` and `old_text` have "\n" as their line ends. `name`: how the caller knows the old text.
// Several lines, the last without its end. `compared`, unless null: how many lines were held
// against one of the old text.
std::string explain_miss(std::string_view text, std::string_view old_text,
                         std::string_view name = "old_string", std::size_t* compared = nullptr);

}  // namespace quarry::edit
