// The files that perf/load asks about: made on the spot, the same bytes every time.
//
//   one_kib.txt, ten_kib.txt, sixty_four_kib.txt, one_mib.txt   text of 64-byte lines with some
//   characters
//                                                  that JSON escapes
//   one_gib.log      kMarginBytes of such lines at its start and at its end, a hole between
//   batch/           20 files of 1 KiB
//   hundred/         a directory of 100 small files
//   tree/            `files` source files in folders of 50, one of which holds kNeedle

#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace quarry::perf {

inline constexpr const char* kNeedle = "needle_in_the_tree";
inline constexpr std::size_t kGib = std::size_t{1} << 30U;
inline constexpr std::size_t kMarginBytes = std::size_t{1} << 20U;
inline constexpr std::size_t kLineBytes = 64;  // of the text files, newline included

std::string make_text(std::size_t bytes, unsigned seed);
void make_corpus(const std::filesystem::path& root, std::size_t files);

}  // namespace quarry::perf
