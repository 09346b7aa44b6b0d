#include "server/files/content_type.h"

#include <array>
#include <cstddef>

namespace quarry::files {
namespace {

using namespace std::literals;

// A type is found when `magic` lies at `offset` and, where given, `also` at `also_offset`.
struct Row {
  std::size_t offset;
  std::string_view magic;
  ContentType type;
  std::size_t also_offset = 0;
  std::string_view also = {};
};

constexpr auto kTypeRows = std::to_array<Row>({
    {0, "\x89PNG\r\n\x1A\n"sv, {"PNG image", "image/png", true}},
    {0, "\xFF\xD8\xFF"sv, {"JPEG image", "image/jpeg", true}},
    {0, "GIF87a"sv, {"GIF image", "image/gif", true}},
    {0, "GIF89a"sv, {"GIF image", "image/gif", true}},
    {0, "RIFF"sv, {"WebP image", "image/webp", true}, 8, "WEBP"sv},
    {0, "RIFF"sv, {"WAV audio", {}, true}, 8, "WAVE"sv},
    {0, "RIFF"sv, {"AVI video", {}, true}, 8, "AVI "sv},
    {0,
     "\x7F"
     "ELF"sv,
     {"ELF executable or library", {}, true}},
    {0, "%PDF-"sv, {"PDF document", {}, true}},
    {0, "PK\x03\x04"sv, {"zip archive (also jar, docx, wheel)", {}, true}},
    {0, "PK\x05\x06"sv, {"empty zip archive", {}, true}},
    {0, "\x1F\x8B"sv, {"gzip data", {}, true}},
    {0,
     "\xFD"
     "7zXZ\0"sv,
     {"xz data", {}, true}},
    {0, "\x28\xB5\x2F\xFD"sv, {"zstd data", {}, true}},
    {0, "\x04\x22\x4D\x18"sv, {"lz4 data", {}, true}},
    {0, "BZh"sv, {"bzip2 data", {}, true}, 4, "1AY&SY"sv},
    {0, "7z\xBC\xAF\x27\x1C"sv, {"7-zip archive", {}, true}},
    {0, "Rar!\x1A\x07"sv, {"RAR archive", {}, true}},
    {257, "ustar"sv, {"tar archive", {}, true}},
    {0, "!<arch>\n"sv, {"ar archive or static library", {}, false}},
    {0, "SQLite format 3\0"sv, {"SQLite database", {}, true}},
    {0, "\0asm"sv, {"WebAssembly module", {}, true}},
    {0, "BC\xC0\xDE"sv, {"LLVM bitcode", {}, true}},
    {0, "\xFE\xED\xFA\xCE"sv, {"Mach-O executable", {}, true}},
    {0, "\xFE\xED\xFA\xCF"sv, {"Mach-O executable", {}, true}},
    {0, "\xCE\xFA\xED\xFE"sv, {"Mach-O executable", {}, true}},
    {0, "\xCF\xFA\xED\xFE"sv, {"Mach-O executable", {}, true}},
    {0, "MZ"sv, {"Windows executable or library", {}, false}},
    {0, "DIRC"sv, {"git index", {}, false}},
    {0, "PACK"sv, {"git pack", {}, false}},
    {0, "\xFFtOc"sv, {"git pack index", {}, true}},
    {0, "II*\0"sv, {"TIFF image", {}, true}},
    {0, "MM\0*"sv, {"TIFF image", {}, true}},
    {0, "\0\0\x01\0"sv, {"icon", {}, true}},
    {0, "BM"sv, {"BMP image", {}, false}},
    {0, "8BPS"sv, {"Photoshop image", {}, false}},
    {4, "ftypavif"sv, {"AVIF image", {}, true}},
    {4, "ftyphei"sv, {"HEIF image", {}, true}},
    {4, "ftyp"sv, {"MP4 or QuickTime video", {}, false}},
    {0, "\x1A\x45\xDF\xA3"sv, {"Matroska or WebM video", {}, true}},
    {0, "OggS"sv, {"Ogg audio or video", {}, false}},
    {0, "fLaC"sv, {"FLAC audio", {}, false}},
    {0, "ID3"sv, {"MP3 audio", {}, false}},
    {0, "wOFF"sv, {"WOFF font", {}, false}},
    {0, "wOF2"sv, {"WOFF2 font", {}, false}},
    {0, "OTTO"sv, {"OpenType font", {}, false}},
    {0, "\0\x01\0\0\0"sv, {"TrueType font", {}, true}},
    {0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv, {"Microsoft Office document (old form)", {}, true}},
    {0, "\x89HDF\r\n\x1A\n"sv, {"HDF5 data", {}, true}},
    {0, "PAR1"sv, {"Parquet data", {}, false}},
    {0, "\x93NUMPY"sv, {"NumPy array", {}, true}},
    {0, "\x80\x04\x95"sv, {"Python pickle", {}, true}},
    {0, "\xED\xAB\xEE\xDB"sv, {"RPM package", {}, true}},
    {0, "\xFF\xFE\0\0"sv, {"UTF-32 text, which is not decoded", {}, true}},
    {0, "\0\0\xFE\xFF"sv, {"UTF-32 text, which is not decoded", {}, true}},
});

constexpr ContentType kJavaClass = {"Java class", {}, true};
constexpr ContentType kFatMachO = {"universal Mach-O executable", {}, true};

bool has(std::string_view bytes, std::size_t offset, std::string_view magic) {
  return bytes.size() >= offset + magic.size() && bytes.substr(offset, magic.size()) == magic;
}

std::uint32_t octet_at(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}
std::uint32_t big16(std::string_view bytes, std::size_t i) {
  return octet_at(bytes, i) << 8U | octet_at(bytes, i + 1);
}
std::uint32_t big32(std::string_view bytes, std::size_t i) {
  return big16(bytes, i) << 16U | big16(bytes, i + 2);
}
std::uint32_t little16(std::string_view bytes, std::size_t i) {
  return octet_at(bytes, i) | octet_at(bytes, i + 1) << 8U;
}
std::uint32_t little24(std::string_view bytes, std::size_t i) {
  return little16(bytes, i) | octet_at(bytes, i + 2) << 16U;
}
std::uint32_t little32(std::string_view bytes, std::size_t i) {
  return little24(bytes, i) | octet_at(bytes, i + 3) << 24U;
}

// W3C PNG, section 5: a first IHDR chunk; the chunks must lead to IEND within the file.
std::optional<ImageSize> png_size(std::string_view bytes) {
  if (!has(bytes, 12, "IHDR") || bytes.size() < 24) return std::nullopt;
  for (std::size_t at = 8; at + 12 <= bytes.size();) {
    if (has(bytes, at + 4, "IEND")) return ImageSize{big32(bytes, 16), big32(bytes, 20)};
    at += std::size_t{12} + big32(bytes, at);
  }
  return std::nullopt;
}

// ITU T.81, annex B: the size is in the first start-of-frame segment (C0-CF but not C4, C8, CC);
// an end must follow the start of a scan (DA): one before it is a thumbnail's.
std::optional<ImageSize> jpeg_size(std::string_view bytes) {
  std::optional<ImageSize> size;
  for (std::size_t at = 2; at + 9 <= bytes.size();) {
    if (octet_at(bytes, at) != 0xFF) return std::nullopt;
    const std::uint32_t marker = octet_at(bytes, at + 1);
    if (marker == 0xFF) {  // fill byte
      ++at;
      continue;
    }
    if (marker == 0xDA) {
      return bytes.find("\xFF\xD9", at) == std::string_view::npos ? std::nullopt : size;
    }
    const bool frame =
        marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (frame && !size) size = ImageSize{big16(bytes, at + 7), big16(bytes, at + 5)};
    const bool alone = marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
    at += alone ? 2 : std::size_t{2} + big16(bytes, at + 2);
  }
  return std::nullopt;
}

// GIF89a, sections 18 to 26: blocks up to the first picture, whose data must end in the file.
std::optional<ImageSize> gif_size(std::string_view bytes) {
  if (bytes.size() < 13) return std::nullopt;
  const auto colours = [&](std::size_t flags) {
    return (octet_at(bytes, flags) & 0x80U) != 0 ? 6U << (octet_at(bytes, flags) & 7U) : 0U;
  };
  std::size_t at = 13 + colours(10);
  // Data in pieces, each with its length in front, the last of length 0.
  const auto skip_data = [&] {
    while (at < bytes.size() && bytes[at] != 0) at += std::size_t{1} + octet_at(bytes, at);
    ++at;
  };
  while (at < bytes.size() && bytes[at] == '!') {
    at += 2;
    skip_data();
  }
  if (at + 10 > bytes.size() || bytes[at] != ',') return std::nullopt;
  at += 11 + colours(at + 9);
  skip_data();
  if (at > bytes.size()) return std::nullopt;
  return ImageSize{little16(bytes, 6), little16(bytes, 8)};
}

// RFC 9649: a simple lossy (VP8), simple lossless (VP8L) or extended (VP8X) file.
std::optional<ImageSize> webp_size(std::string_view bytes) {
  if (bytes.size() < 30 || little32(bytes, 4) > bytes.size() - 8) return std::nullopt;
  if (has(bytes, 12, "VP8X")) return ImageSize{little24(bytes, 24) + 1, little24(bytes, 27) + 1};
  if (has(bytes, 12, "VP8 ")) {
    return ImageSize{little16(bytes, 26) & 0x3FFFU, little16(bytes, 28) & 0x3FFFU};
  }
  if (has(bytes, 12, "VP8L")) {
    const std::uint32_t packed = little32(bytes, 21);
    return ImageSize{(packed & 0x3FFFU) + 1, (packed >> 14U & 0x3FFFU) + 1};
  }
  return std::nullopt;
}

}  // namespace

const ContentType* find_content_type(std::string_view head) {
  if (has(head, 0, "\xCA\xFE\xBA\xBE") && head.size() >= 8) {
    // The same magic: a class file's major version is 45 or more, an architecture count is small.
    return big16(head, 6) >= 45 ? &kJavaClass : &kFatMachO;
  }
  for (const Row& row : kTypeRows) {
    if (has(head, row.offset, row.magic) && has(head, row.also_offset, row.also)) return &row.type;
  }
  return nullptr;
}

std::optional<ImageSize> find_image_size(std::string_view mime_type, std::string_view bytes) {
  std::optional<ImageSize> size;
  if (mime_type == "image/png") size = png_size(bytes);
  if (mime_type == "image/jpeg") size = jpeg_size(bytes);
  if (mime_type == "image/gif") size = gif_size(bytes);
  if (mime_type == "image/webp") size = webp_size(bytes);
  if (size && (size->width == 0 || size->height == 0)) return std::nullopt;
  return size;
}

}  // namespace quarry::files
