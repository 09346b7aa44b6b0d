// The smallest image files that have a size: blocks as their formats write them, no picture.

#pragma once

#include <cstdint>
#include <string>

namespace quarry::test {

inline std::string big32(std::uint32_t value) {
  return {static_cast<char>(value >> 24U), static_cast<char>(value >> 16U & 0xFFU),
          static_cast<char>(value >> 8U & 0xFFU), static_cast<char>(value & 0xFFU)};
}
inline std::string big16(std::uint32_t value) {
  return big32(value).substr(2);
}
inline std::string little(std::uint32_t value, std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i)
    text.push_back(static_cast<char>(value >> 8U * i & 0xFFU));
  return text;
}

inline std::string png(std::uint32_t width, std::uint32_t height, std::size_t padding = 0) {
  const std::string checksum(4, 'c');
  std::string bytes = "\x89PNG\r\n\x1A\n" + big32(13) + "IHDR" + big32(width) + big32(height);
  bytes += std::string("\x08\x02\0\0\0", 5) + checksum;
  if (padding > 0) {
    bytes += big32(static_cast<std::uint32_t>(padding)) + "IDAT" + std::string(padding, 'p');
    bytes += checksum;
  }
  return bytes + big32(0) + "IEND" + checksum;
}

inline std::string jpeg(std::uint32_t width, std::uint32_t height) {
  return "\xFF\xD8\xFF\xE0" + big16(6) + "JFIF" + "\xFF\xC0" + big16(11) + "\x08" + big16(height) +
         big16(width) + "\x01rst\xFF\xDA" + big16(8) + "scan..data\xFF\xD9";
}

inline std::string gif(std::uint32_t width, std::uint32_t height) {
  return "GIF89a" + little(width, 2) + little(height, 2) +
         std::string("\x80\0\0colour!\xF9\4", 12) + std::string("ctrl\0,", 6) +
         std::string(4, '\0') + little(width, 2) + little(height, 2) +
         std::string("\0\2\4data\0;", 9);
}

inline std::string webp_extended(std::uint32_t width, std::uint32_t height) {
  return "RIFF" + little(22, 4) + "WEBPVP8X" + little(10, 4) + little(0, 4) + little(width - 1, 3) +
         little(height - 1, 3);
}

}  // namespace quarry::test
