// The files that perf/load asks about: made on the spot, the same bytes every time.
//
//   one_kib.txt, sixty_four_kib.txt, one_mib.txt   text of 64-byte lines with some characters
//                                                  that JSON escapes
//   hundred/         a directory of 100 small files
//   tree/            `files` source files in folders of 50, one of which holds kNeedle

#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace quarry::perf {

inline constexpr const char* kNeedle = "needle_in_the_tree";
inline constexpr std::size_t kLineBytes = 64;  // of the text files, newline included

std::string make_text(std::size_t bytes, unsigned seed);
void make_corpus(const std::filesystem::path& root, std::size_t files);

}  // namespace quarry::perf
