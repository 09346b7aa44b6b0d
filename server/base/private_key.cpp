#include "server/base/private_key.h"

#include <algorithm>
#include <optional>
#include <string>

namespace quarry {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kDashes = "-----";
// A line of base64 that is shorter than this is a placeholder, or the end of a block.
constexpr std::size_t kLeastBase64 = 24;

std::string_view trimmed(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) {
    line.remove_suffix(1);
  }
  return line;
}

bool is_base64(std::string_view line) {
  return line.size() >= kLeastBase64 && std::all_of(line.begin(), line.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '+' || c == '/' || c == '=';
         });
}

// Lines end at "\n", "\r\n" or "\r".
std::string_view take_line(std::string_view& text) {
  std::size_t end = 0;  // find_first_of() costs a call for each byte
  while (end < text.size() && text[end] != '\n' && text[end] != '\r') ++end;
  const std::string_view line = text.substr(0, end);
  const std::size_t length = text.substr(end).starts_with("\r\n") ? 2 : 1;
  text.remove_prefix(std::min(end + length, text.size()));
  return trimmed(line);
}

// What `bytes` say to a reader of text, as far as keys are spelled: UTF-16 (with a byte order mark,
// or with every other byte a NUL) as ASCII, in `narrow`; all else as it is.
std::string_view readable(std::string_view bytes, std::string& narrow) {
  if (bytes.starts_with("\xEF\xBB\xBF")) return bytes.substr(3);
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  if (bytes.size() < 2) return bytes;
  bool big = byte(0) == 0xFE && byte(1) == 0xFF;
  bool little = byte(0) == 0xFF && byte(1) == 0xFE;
  if (!big && !little) {
    constexpr std::size_t kSample = 64;
    const std::size_t end = std::min(bytes.size() & ~std::size_t{1}, kSample);
    little = big = true;
    for (std::size_t at = 0; at < end; at += 2) {
      little = little && byte(at) != 0 && byte(at + 1) == 0;
      big = big && byte(at) == 0 && byte(at + 1) != 0;
    }
    if (!big && !little) return bytes;
  } else {
    bytes.remove_prefix(2);
  }
  narrow.reserve(bytes.size() / 2);
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
    const unsigned char high = byte(big ? at : at + 1);
    const unsigned char low = byte(big ? at + 1 : at);
    narrow.push_back(high == 0 && low < 0x80 ? static_cast<char>(low) : '?');
  }
  return narrow;
}

// Behind '"private_key":' a string that is a key: what clouds call a service account's file.
bool is_json(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != text.npos && text[first] == '{';
}

bool holds_json_key(std::string_view text) {
  constexpr std::string_view kName = "\"private_key\"";
  for (std::size_t at = text.find(kName); at != text.npos; at = text.find(kName, at + 1)) {
    std::string_view rest = text.substr(at + kName.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n:"), rest.size()));
    if (!rest.starts_with('"') || !rest.substr(1).starts_with(kBegin)) continue;
    rest.remove_prefix(1 + kBegin.size());
    const std::size_t line = rest.find("\\n");
    if (line == rest.npos || !rest.substr(0, line).ends_with("PRIVATE KEY-----")) continue;
    if (is_base64(rest.substr(line + 2, kLeastBase64))) return true;
  }
  return false;
}

// "-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN PGP PRIVATE KEY BLOCK-----".
bool opens_key(std::string_view line) {
  if (!line.starts_with(kBegin) || !line.ends_with(kDashes)) return false;
  const std::string_view label =
      line.substr(kBegin.size(), line.size() - kBegin.size() - kDashes.size());
  return label.ends_with("PRIVATE KEY") || label == "PGP PRIVATE KEY BLOCK";
}

// Whether the block that begins with `rest` holds a key's first line; headers ("Proc-Type: ...",
// "Version: ...") and the blank line behind them may precede it.
bool holds_key_data(std::string_view rest) {
  for (int i = 0; i < 8 && !rest.empty(); ++i) {
    const std::string_view line = take_line(rest);
    if (is_base64(line)) return true;
    if (!line.empty() && line.find(": ") == line.npos) return false;
  }
  return false;
}

// What may stand before a key in its own file: comments, and the attributes that openssl prints.
bool precedes_key(std::string_view line) {
  return line.empty() || line.starts_with('#') || line.starts_with("Bag Attributes") ||
         line.starts_with("Key Attributes") || line.starts_with("    ");
}

// As PEM, OpenPGP and OpenSSH wrap their blocks.
bool is_block_line(std::string_view line) {
  return (line.size() == 64 || line.size() == 70 || line.size() == 76) && is_base64(line);
}

// The lines of one hunk, as far as they tell.
class HunkLook {
 public:
  void add(char mark, std::string_view line) {
    if (opens_key(line)) {
      in_key_ = true;
      return;
    }
    if (is_base64(line)) {
      shows_ = shows_ || in_key_;
      if (mark != ' ' && is_block_line(line)) ++block_lines_;
    } else if (line.starts_with("-----END ")) {
      in_key_ = false;
    } else {
      other_ = other_ || line.find_first_of(" -\"'{(,;") != line.npos;
    }
  }
  bool shows_key() const { return shows_ || (block_lines_ > 1 && !other_); }

 private:
  bool in_key_ = false;
  bool shows_ = false;
  bool other_ = false;  // something that no key's inside holds
  int block_lines_ = 0;
};

}  // namespace

KeyLook look_for_key(std::string_view bytes) {
  std::string narrow;
  std::string_view head = readable(bytes, narrow);
  if (is_json(head)) {
    if (holds_json_key(head)) return KeyLook::kKey;
    return head.find("\"service_account\"") != head.npos ? KeyLook::kMaybeBundle : KeyLook::kNone;
  }
  while (!head.empty()) {
    const std::string_view line = take_line(head);
    if (opens_key(line)) return holds_key_data(head) ? KeyLook::kKey : KeyLook::kMaybeBundle;
    if (line.starts_with(kBegin)) return KeyLook::kMaybeBundle;
    if (line.starts_with("PuTTY-User-Key-File-")) return KeyLook::kKey;
    if (line.starts_with("AGE-SECRET-KEY-1")) return KeyLook::kKey;
    if (!precedes_key(line)) return KeyLook::kNone;
  }
  return KeyLook::kNone;
}

bool holds_private_key(std::string_view bytes) {
  const KeyLook look = look_for_key(bytes.substr(0, kKeyProbeBytes));
  if (look != KeyLook::kMaybeBundle) return look == KeyLook::kKey;
  std::string narrow;
  std::string_view text = readable(bytes.substr(0, kKeyBundleBytes), narrow);
  if (is_json(text)) return holds_json_key(text);
  while (!text.empty()) {
    if (opens_key(take_line(text)) && holds_key_data(text)) return true;
  }
  return false;
}

bool patch_shows_key(std::string_view patch) {
  std::optional<HunkLook> hunk;
  while (!patch.empty()) {
    const std::size_t end = std::min(patch.find('\n'), patch.size());
    std::string_view line = patch.substr(0, end);
    patch.remove_prefix(std::min(end + 1, patch.size()));
    if (line.starts_with("@@ ")) {
      if (hunk && hunk->shows_key()) return true;
      hunk.emplace();
    } else if (hunk && !line.empty() && (line[0] == '+' || line[0] == '-' || line[0] == ' ')) {
      const char mark = line[0];
      line.remove_prefix(1);
      // The lines of a file that ends them with "\r" are one to a patch.
      do {
        hunk->add(mark, take_line(line));
      } while (!line.empty());
    }
  }
  return hunk && hunk->shows_key();
}

}  // namespace quarry
