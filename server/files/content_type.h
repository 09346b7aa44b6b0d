// What a file is by its first bytes: for refusing binary files by name and for showing images.
//
// An own table of magic numbers; no file names, no guesses from text. Pure functions; safe from
// any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace quarry::files {

struct ContentType {
  std::string_view name;       // "ELF executable"
  std::string_view mime_type;  // of images that hosts can show; empty otherwise
  bool certain = false;        // the magic alone proves that the file is not text
  bool image() const { return !mime_type.empty(); }
};

// `head`: the file's first bytes, at least 512 where it has them. Null when nothing is known.
const ContentType* find_content_type(std::string_view head);

struct ImageSize {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};

// Width and height of a whole png, jpeg, gif or webp file. Nothing when its header is damaged or
// the file is cut short: a host that cannot decode an image may refuse the whole conversation.
std::optional<ImageSize> find_image_size(std::string_view mime_type, std::string_view bytes);

}  // namespace quarry::files
