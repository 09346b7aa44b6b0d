#include "server/base/private_key.h"

#include <algorithm>
#include <optional>

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

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trimmed(line);
}

bool is_base64(std::string_view line) {
  return line.size() >= kLeastBase64 && std::all_of(line.begin(), line.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '+' || c == '/' || c == '=';
         });
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
  void add(std::string_view line) {
    const char mark = line.front();
    line.remove_prefix(1);
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

KeyLook look_for_key(std::string_view head) {
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
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

bool holds_private_key(std::string_view text) {
  const KeyLook look = look_for_key(text.substr(0, kKeyProbeBytes));
  if (look != KeyLook::kMaybeBundle) return look == KeyLook::kKey;
  text = text.substr(0, kKeyBundleBytes);
  while (!text.empty()) {
    if (opens_key(take_line(text)) && holds_key_data(text)) return true;
  }
  return false;
}

bool patch_shows_key(std::string_view patch) {
  std::optional<HunkLook> hunk;
  while (!patch.empty()) {
    const std::string_view line = take_line(patch);
    if (line.starts_with("@@ ")) {
      if (hunk && hunk->shows_key()) return true;
      hunk.emplace();
    } else if (hunk && !line.empty() && (line[0] == '+' || line[0] == '-' || line[0] == ' ')) {
      hunk->add(line);
    }
  }
  return hunk && hunk->shows_key();
}

}  // namespace quarry
