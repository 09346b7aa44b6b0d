// Reading one file for an answer: a header line, numbered lines within a budget, and, when
// something is left out, a last line with the arguments that continue. Or an image.
//
//   src/a.c: 120 lines, 3.4 KiB, utf-8, lf, hash 0123456789abcdef
//        1\t#include "a.h"
//   lines 1-80 of 120; continue with offset=81
//
// What is not UTF-8 is decoded (encoding.h), and the header says from what and how that is known.
// The hash is of the raw bytes (content_hash). Files up to 16 MiB are read whole; of larger ones
// only what it takes to find the lines asked for, and until that has reached their end the header
// leaves hash and line count out (large.h). A file of 64 KiB or more leaves a LineIndex, so that
// its next range costs only that range for as long as the file stays as it is. Binary files are
// refused by type and size. Lines end at
// '\n', or at '\r' where a file has no '\n'; a large file's always at '\n'.
//
// Safe from any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/base/cancel.h"
#include "server/base/limits.h"
#include "server/base/result.h"
#include "server/files/charset.h"
#include "server/files/line_index.h"
#include "server/sandbox/workspace.h"

namespace quarry::files {

enum class ReadMode : std::uint8_t {
  kAuto,   // an image as an image, everything else as text
  kText,   // an image is refused like other binary files
  kHex,    // the bytes of any file: offset counts bytes from 0, limit and tail count bytes
  kImage,  // anything but an image is refused
};

// Hosts refuse images above 5 MB in base64, or above 8000 pixels in either direction.
inline constexpr std::size_t kMaxImageBytes = standard<std::size_t>(Limit::kFileImageBytes);
inline constexpr std::uint32_t kMaxImagePixels = standard<std::uint32_t>(Limit::kFileImagePixels);
inline constexpr std::int64_t kMaxWholeBytes = standard(Limit::kFileWholeBytes);
inline constexpr std::int64_t kDefaultLines = 2000;

// What an answer shows of a text, for whoever keeps account of it.
struct ReadReport {
  std::size_t max_text_bytes = 0;  // how long a text is handed over at most

  // Whether the rest holds: the lines of a text whose hash is known.
  bool known = false;
  std::uint64_t hash = 0;
  std::int64_t first = 1;  // lines shown
  std::int64_t count = 0;
  std::int64_t total = 0;
  bool clipped = false;             // one of them is not whole
  std::optional<std::string> text;  // of the whole file, decoded
};

struct ReadRequest {
  std::int64_t offset = 1;  // first line, 1-based; in kHex first byte, 0-based
  std::int64_t limit = kDefaultLines;
  std::int64_t tail = 0;  // above 0: the last `tail` lines, `offset` is not used
  ReadMode mode = ReadMode::kAuto;
  std::optional<Charset> encoding;  // what the caller says the file is in; else it is found out
  std::size_t max_bytes = 32'000;   // of the text appended; exceeded only to show one line
  std::size_t max_image_bytes = kMaxImageBytes;
  bool name_path = false;        // the line that continues names the path too
  std::string_view ref;          // where the bytes are from, when not from the tree, and
  std::string_view commit;       // the commit that this is: named by the header and what continues
  ReadReport* report = nullptr;  // to be filled in
};

struct Picture {
  std::string bytes;
  std::string_view mime_type;
};

struct Sources {
  const sandbox::Workspace& workspace;
  LineIndexes& indexes;
};

// Appends the text to `out` (whose lines all end with '\n') and returns the picture when the file
// is shown as one. On an error nothing is appended.
Result<std::optional<Picture>> read_file(const Sources& sources, const sandbox::Path& path,
                                         const ReadRequest& request, const CancelToken& cancel,
                                         std::string& out);

// The same of `raw`, the whole of a file that is not taken from the tree.
Result<std::optional<Picture>> read_bytes(const sandbox::Path& path, std::string_view raw,
                                          const ReadRequest& request, std::string& out);

}  // namespace quarry::files
