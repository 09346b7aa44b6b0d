#include "server/files/content_type.h"

#include <catch2/catch.hpp>

#include "tests/files/images.h"

namespace quarry::files {
namespace {

using namespace std::literals;

TEST_CASE("a file's type is known by its first bytes") {
  struct Row {
    std::string bytes, name;
  };
  const Row rows[] = {
      {"\x7F"
       "ELF\x02\x01",
       "ELF executable or library"},
      {"%PDF-1.7\n", "PDF document"},
      {"PK\x03\x04rest", "zip archive (also jar, docx, wheel)"},
      {"\x1F\x8B\x08", "gzip data"},
      {"\xFD"
       "7zXZ\0"s,
       "xz data"},
      {"\x28\xB5\x2F\xFD", "zstd data"},
      {"SQLite format 3\0"s, "SQLite database"},
      {"\xCA\xFE\xBA\xBE\0\0\0\x34"s, "Java class"},
      {"\xCA\xFE\xBA\xBE\0\0\0\x02"s, "universal Mach-O executable"},
      {"\0asm\x01"s, "WebAssembly module"},
      {std::string(257, '\0') + "ustar", "tar archive"},
      {"RIFF1234WEBP", "WebP image"},
      {"RIFF1234WAVE", "WAV audio"},
      {"plain text", ""},
      {"", ""},
      {"RIFF", ""},
      {"\xCA\xFE\xBA\xBE", ""},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const ContentType* type = find_content_type(row.bytes);
    CHECK((type == nullptr ? "" : std::string(type->name)) == row.name);
  }
}

TEST_CASE("an image's size is read from its header, and a damaged image has none") {
  struct Row {
    const char* name;
    const char* mime;
    std::string bytes;
    std::uint32_t width, height;
  };
  const std::string png = test::png(300, 200);
  const std::string jpeg = test::jpeg(640, 480);
  const std::string gif = test::gif(17, 3);
  const Row rows[] = {
      {"png", "image/png", png, 300, 200},
      {"png cut short", "image/png", png.substr(0, png.size() - 8), 0, 0},
      {"png of no width", "image/png", test::png(0, 5), 0, 0},
      {"jpeg", "image/jpeg", jpeg, 640, 480},
      {"jpeg cut short", "image/jpeg", jpeg.substr(0, jpeg.size() - 2), 0, 0},
      {"jpeg of noise", "image/jpeg", "\xFF\xD8\xFF\x00\x01\x02\x03\x04\x05\x06\xFF\xD9"s, 0, 0},
      {"jpeg cut short behind a thumbnail", "image/jpeg",
       "\xFF\xD8\xFF\xE1" + test::big16(static_cast<std::uint32_t>(jpeg.size() + 2)) + jpeg +
           jpeg.substr(2, jpeg.size() - 4),
       0, 0},
      {"gif", "image/gif", gif, 17, 3},
      {"gif that ends in its picture", "image/gif", gif.substr(0, gif.size() - 2), 0, 0},
      {"gif without its last byte, as some are", "image/gif", gif.substr(0, gif.size() - 1), 17, 3},
      {"gif without a picture", "image/gif", gif.substr(0, gif.find(',')) + ";", 0, 0},
      {"gif cut short", "image/gif", "GIF89a\x01\0"s, 0, 0},
      {"webp extended", "image/webp", test::webp_extended(1000, 2), 1000, 2},
      {"webp longer than the file", "image/webp", test::webp_extended(9, 9).substr(0, 29), 0, 0},
      {"no image", "text/plain", png, 0, 0},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const auto size = find_image_size(row.mime, row.bytes);
    CHECK(size.has_value() == (row.width > 0));
    if (size) {
      CHECK(size->width == row.width);
      CHECK(size->height == row.height);
    }
  }
}

}  // namespace
}  // namespace quarry::files
