// Whether a file's bytes are a private key, whatever the file is called: PEM (PKCS#1, PKCS#8, SEC1,
// OpenSSH), OpenPGP's private key block, PuTTY's and age's key files, a service account's JSON with
// its "private_key". In ASCII or UTF-16, with any line ends.
//
// A file is one when it begins with a key: after a byte order mark, blank lines, comments and what
// openssl writes in front. So is a bundle of PEM blocks with a key among them. Text that only
// mentions a key further down (a source with a key as a literal, a manual) is none, and neither is
// a block whose first line holds no key ("YOUR KEY HERE").
//
// Pure functions; safe from any thread.

#pragma once

#include <cstddef>
#include <string_view>

namespace quarry {

// How much of a file's start tells whether it may be a key at all, and how much of one that begins
// with a PEM block is looked through for a key.
inline constexpr std::size_t kKeyProbeBytes = 1024;
inline constexpr std::size_t kKeyBundleBytes = 256 << 10;

enum class KeyLook { kNone, kKey, kMaybeBundle };

// What a file's first `bytes` say: as many as kKeyProbeBytes, or all. A bundle has to be looked at
// with holds_private_key().
KeyLook look_for_key(std::string_view bytes);

// `bytes` are a whole file, of which kKeyBundleBytes are looked at.
bool holds_private_key(std::string_view bytes);

// Whether a unified diff shows of a private key what is secret: the start of a block, or, where
// that is left out, changes that are nothing but a block's inside.
bool patch_shows_key(std::string_view patch);

}  // namespace quarry
